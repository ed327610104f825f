"""Where a read command looks: a bundle, or a live cluster. Failures become one line and an exit code here."""

import argparse
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from agent.config import Settings
from agent.diagnostics import Progress, warn
from agent.errors import AgentError, Indeterminate, UsageError
from agent.invocation import invoked_name
from agent.resources import DEMO, bundle_path
from agent.snapshot.record import Snapshot
from tools.failure import Failure, FailureKind

if TYPE_CHECKING:
    from tools.cluster import Reader

NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def look(args: argparse.Namespace, settings: Settings, *, owners: bool = False, everything: bool = False) -> Snapshot:
    """Return the snapshot the arguments ask for.

    `owners` keeps who changed which field, for an audit; `everything` reads healthy containers' logs as well.

    Raises:
        UsageError: the bundle, context or namespace does not exist.
        Indeterminate: the cluster could not be read at all.

    """
    if args.bundle:
        return _from_bundle(args.bundle, args.namespace)
    return live(args, settings, owners=owners, everything=everything)


def _from_bundle(name: str, namespace: str | None) -> Snapshot:
    from agent.snapshot.bundle import load

    found = load(bundle_path(name))
    if isinstance(found, Failure):
        raise UsageError(str(found))
    shown = replace(found, origin=name)
    return shown if namespace is None else _narrowed(shown, namespace)


def _narrowed(snapshot: Snapshot, namespace: str) -> Snapshot:
    from agent.snapshot.narrow import narrow

    found = narrow(snapshot, namespace)
    if found is None:
        raise UsageError(f"the bundle {snapshot.origin} holds nothing of a namespace {namespace!r}")
    return found


def live(args: argparse.Namespace, settings: Settings, *, everything: bool = False, owners: bool = False) -> Snapshot:
    """Return a fresh look at the cluster; `everything` reads every log in scope, not only the suspects'.

    Raises:
        UsageError: unknown context or namespace.
        Indeterminate: the API could not be reached, or refused.

    """
    from agent.snapshot.collect import collect

    if args.namespace is not None and not NAMESPACE.fullmatch(args.namespace):
        raise UsageError(f"{args.namespace!r} cannot be a namespace's name")
    reader = _connected(settings)
    namespace = None if args.all_namespaces else (args.namespace or reader.namespace)
    progress = Progress()
    try:
        snapshot = collect(
            reader,
            namespace,
            progress=progress,
            everything=everything,
            owners=owners,
            path=settings.path,
            prometheus=settings.prometheus,
        )
    finally:
        progress.clear()
        reader.close()
    if isinstance(snapshot, Failure):
        raise refused(snapshot)
    return snapshot


def _connected(settings: Settings) -> "Reader":
    from tools.cluster import connect
    from tools.kubeconfig import access

    found = access(settings.context, settings.kubeconfig)
    reader = found if isinstance(found, Failure) else connect(found, settings.timeout)
    if isinstance(reader, Failure):
        raise refused(reader)
    return reader


def refused(failure: Failure) -> AgentError:
    """Return the error a person sees when nothing could be read, with what still works."""
    if failure.kind is FailureKind.NOT_FOUND:
        return UsageError(str(failure))
    works = f"without a cluster: {invoked_name()} diagnose --bundle {DEMO}"
    return Indeterminate(f"{failure}; {works}" if failure.kind is FailureKind.CONFIG else str(failure))


def report_gaps(snapshot: Snapshot) -> None:
    """Say on stderr, one line each, what could not be read."""
    for part in snapshot.incomplete():
        warn("; ".join(text for text in (f"{part.name} {part.state}: {part.reason}", part.hint) if text))
