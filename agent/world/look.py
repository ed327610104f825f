"""Where a read command looks: a bundle, or a live cluster. Failures become one line and an exit code here."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from agent.config import Settings
from agent.errors import AgentError, Indeterminate, UsageError
from agent.events import Emit, Progress, Warned
from agent.invocation import invoked_name
from agent.resources import DEMO, bundle_path
from agent.snapshot.depth import Depth
from agent.world.scope import Cluster, Scope
from tools.deadline import Deadline
from tools.failure import Failure, FailureKind

if TYPE_CHECKING:
    from agent.snapshot.record import Snapshot
    from tools.cluster import Reader

NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


class Look(Protocol):
    """What takes a snapshot."""

    def __call__(
        self,
        scope: Scope,
        settings: Settings,
        emit: Emit,
        deadline: Deadline,
        depth: Depth,
    ) -> "Snapshot":
        """Return the snapshot asked for; the arguments are those of `look`."""


def look(scope: Scope, settings: Settings, emit: Emit, deadline: Deadline, depth: Depth) -> "Snapshot":
    """Return the snapshot asked for.

    Args:
        scope: the bundle or the cluster, and how much of it.
        settings: how to connect.
        emit: told what is being waited for.
        deadline: when the command must have ended.
        depth: what to read beyond the lists of every look; a bundle has what it has.

    Raises:
        UsageError: the bundle, context or namespace does not exist.
        Indeterminate: the API could not be reached, or refused.

    """
    if scope.bundle:
        return _from_bundle(scope.bundle, scope.namespace)
    return _live(scope.cluster, settings, emit, deadline, depth)


def _from_bundle(name: str, namespace: str | None) -> "Snapshot":
    from agent.snapshot.bundle import load

    found = load(bundle_path(name))
    if isinstance(found, Failure):
        raise UsageError(str(found))
    shown = replace(found, origin=name)
    return shown if namespace is None else _narrowed(shown, namespace)


def _narrowed(snapshot: "Snapshot", namespace: str) -> "Snapshot":
    from agent.snapshot.narrow import narrow

    found = narrow(snapshot, namespace)
    if found is None:
        raise UsageError(f"the bundle {snapshot.origin} holds nothing of a namespace {namespace!r}")
    return found


def _live(cluster: Cluster, settings: Settings, emit: Emit, deadline: Deadline, depth: Depth) -> "Snapshot":
    from agent.snapshot.collect import collect

    named = cluster.namespace
    if named is not None and not NAMESPACE.fullmatch(named):
        raise UsageError(f"{named!r} cannot be a namespace's name")
    reader = connected(settings, deadline)
    try:
        snapshot = collect(
            reader,
            None if cluster.all_namespaces else (named or reader.namespace),
            progress=lambda text: emit(Progress(text)),
            depth=depth,
            path=settings.path,
            prometheus=settings.prometheus,
        )
    finally:
        reader.close()
    if isinstance(snapshot, Failure):
        raise _refused(snapshot)
    return snapshot


def connected(settings: Settings, deadline: Deadline) -> "Reader":
    """Return the open cluster of the settings; whoever asks closes it.

    Raises:
        UsageError: there is no such context.
        Indeterminate: nothing says how to reach one, or its credential cannot be had.

    """
    from tools.cluster import connect
    from tools.kubeconfig import access

    found = access(settings.context, settings.kubeconfig, deadline)
    reader = found if isinstance(found, Failure) else connect(found, deadline)
    if isinstance(reader, Failure):
        raise _refused(reader)
    return reader


def _refused(failure: Failure) -> AgentError:
    """Return the error a person sees when nothing could be read, with what still works."""
    if failure.kind is FailureKind.NOT_FOUND:
        return UsageError(str(failure))
    works = f"without a cluster: {invoked_name()} diagnose --bundle {DEMO}"
    return Indeterminate(f"{failure}; {works}" if failure.kind is FailureKind.CONFIG else str(failure))


def warn_of_gaps(snapshot: "Snapshot", emit: Emit) -> None:
    """Warn of each part that could not be read; of releases not again where Secrets, which hold them, could not."""
    parts = snapshot.incomplete()
    names = {part.name for part in parts}
    for part in parts:
        if not (part.name == "releases" and "Secret" in names and part.state == "denied"):
            emit(Warned("; ".join(text for text in (f"{part.name} {part.state}: {part.reason}", part.hint) if text)))
