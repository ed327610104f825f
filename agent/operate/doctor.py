"""`doctor`: what is installed, reachable and allowed."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import packages_distributions
from pathlib import Path

from agent import __version__
from agent.blueprint.load import parse
from agent.config import Settings, state_dir
from agent.errors import AgentError
from agent.events import Emit
from agent.exitcode import ExitCode
from agent.operate.arguments.doctor import Doctor
from agent.resources import blueprint_files
from agent.world.rights import Rights, Role, rights
from agent.world.world import World
from tools import docker, helm, kubectl, minikube
from tools.access import Access
from tools.cluster import connect
from tools.deadline import Deadline
from tools.failure import Failure, FailureKind
from tools.kubeconfig import access, contexts
from tools.policy import decide
from tools.run import offline
from tools.sandbox import Sandbox, sandbox

DISTRIBUTION = "bluehelm"


class CheckState(StrEnum):
    """How one check went."""

    OK = "ok"
    WARNING = "warning"
    """It works with less."""
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It could not be found out."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: its name, how it is, what was seen, and what to do or what is lost."""

    name: str
    state: CheckState
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Checkup:
    """Every check, in the order it was made."""

    checks: Sequence[Check]


Version = Callable[[Sandbox], str | Failure]

TOLD: Mapping[Version, tuple[str, str]] = {
    kubectl.version: ("kubectl", "logs and rollouts are read through the API instead"),
    helm.version: ("helm", "diagnoses work; releases and their values are unknown"),
    docker.version: ("docker", "diagnoses of Kubernetes work; containers of a Docker engine cannot be looked at"),
    minikube.version: ("minikube", "the cluster blueprint's rows are unknown"),
}
"""Version of a tool -> its name, and what is lost without it."""

LOOKERS = ("auditor", "release-reader")
"""Names by which an identity says that it only looks: alone, or behind the name of its release."""

MAY: Mapping[Role, str] = {
    Role.AUDITOR: "reads all but Secrets and changes nothing; releases, which helm keeps in Secrets, are unknown",
    Role.RELEASE_READER: "reads everything, releases too, and changes nothing",
    Role.APPLIER: "may do what helm upgrade of an ordinary chart needs",
}
"""Role -> what that comes to."""

ENOUGH = "the roles of charts/bluehelm are enough: an auditor or release-reader to look, an applier to apply"

MOST_NAMED = 3


def run(args: Doctor, world: World, _: Emit) -> Checkup:
    """Run every check."""
    return Checkup(list(_checks(args.namespace, world.settings, world.deadline)))


def code(result: Checkup) -> ExitCode:
    """Return the worst."""
    states = {check.state for check in result.checks}
    if CheckState.FAILED in states:
        return ExitCode.FOUND
    return ExitCode.INDETERMINATE if CheckState.UNKNOWN in states else ExitCode.OK


def _checks(namespace: str | None, settings: Settings, deadline: Deadline) -> Iterator[Check]:
    yield Check("bluehelm", CheckState.OK, __version__)
    yield _packages()
    yield _policy()
    yield _state()
    yield _blueprints(settings)
    found = access(settings.context, settings.kubeconfig, deadline)
    reached = None if isinstance(found, Failure) else found
    with sandbox(reached, path=settings.path, docker_host=docker.endpoint(), deadline=deadline) as box:
        yield from (_tool(version, box) for version in TOLD)
        yield _network()
        yield from _cluster(found, deadline)
        if not isinstance(found, Failure):
            yield from _identity(namespace or found.namespace, box, settings)


def _packages() -> Check:
    """`agent` and `tools` are common names: another distribution that ships one would shadow ours."""
    owners = packages_distributions()
    strangers = {name for package in ("agent", "tools") for name in owners.get(package, []) if name != DISTRIBUTION}
    if strangers:
        text = f"{', '.join(sorted(strangers))} ships a package named agent or tools too"
        return Check("packages", CheckState.FAILED, text, "install bluehelm into an environment of its own (pipx)")
    return Check("packages", CheckState.OK, "agent and tools belong to bluehelm alone")


def _policy() -> Check:
    try:
        decide(["kubectl", "delete", "pod", "x"])
    except RuntimeError as error:
        return Check("policy", CheckState.FAILED, str(error), "nothing will be run; reinstall bluehelm")
    return Check("policy", CheckState.OK, "every rule does what its examples say")


def _state() -> Check:
    folder = state_dir()
    parent = next(path for path in (folder, *folder.parents) if path.exists())
    if _writable(parent):
        return Check("state folder", CheckState.OK, str(folder))
    return Check(
        "state folder", CheckState.WARNING, f"{folder} cannot be written", "reading works; nothing can be applied"
    )


def _writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK)


def _blueprints(settings: Settings) -> Check:
    try:
        folder, files = blueprint_files(settings.blueprints)
    except AgentError as error:
        return Check("blueprints", CheckState.FAILED, str(error))
    found = parse(files)
    text = f"{len(found.controls)} controls from {folder.path} ({folder.whose})"
    if found.unread:
        first = found.unread[0]
        return Check(
            "blueprints",
            CheckState.FAILED,
            f"{text}; {len(found.unread)} rows unread",
            f"{first.source}: {first.problem}",
        )
    return Check("blueprints", CheckState.OK, text)


def _tool(version: Version, box: Sandbox) -> Check:
    name, lost = TOLD[version]
    found = version(box)
    if isinstance(found, Failure):
        return Check(
            name, CheckState.WARNING, found.detail or str(found.kind), "; ".join(filter(None, (lost, found.hint)))
        )
    return Check(name, CheckState.OK, found)


def _network() -> Check:
    """Say whether a chart is rendered where no network is, or only after its schemas were looked through."""
    if offline():
        return Check("isolation", CheckState.OK, "charts are rendered without a network")
    text = "this machine gives no process a network of its own, so charts are rendered with its network"
    return Check("isolation", CheckState.WARNING, text, "schemas that name another place are refused all the same")


def _cluster(found: Access | Failure, deadline: Deadline) -> Iterator[Check]:
    if isinstance(found, Failure):
        hint = found.hint or "without a cluster, captures still work: --bundle demo"
        yield Check("cluster", CheckState.UNKNOWN, f"{found.what}: {found.detail}", hint)
        return
    yield _server(found, deadline)
    if not found.verify:
        yield Check(
            "TLS", CheckState.WARNING, f"context {found.context} does not verify its server", "give it an authority"
        )


def _server(found: Access, deadline: Deadline) -> Check:
    reader = connect(found, deadline)
    if isinstance(reader, Failure):
        return Check("cluster", CheckState.UNKNOWN, str(reader))
    try:
        version = reader.json("/version")
    finally:
        reader.close()
    if isinstance(version, Failure):
        return Check("cluster", CheckState.UNKNOWN, f"{version.what}: {version.detail}", version.hint)
    return Check(
        "cluster", CheckState.OK, f"context {found.context}, Kubernetes {version.get('gitVersion', 'unknown')}"
    )


def _identity(namespace: str, box: Sandbox, settings: Settings) -> Iterator[Check]:
    """Say who we are, which role that is, and whether it is more than it should be."""
    who = kubectl.whoami(box)
    if isinstance(who, Failure):
        missing = who.kind is FailureKind.MISSING
        text = "unknown without kubectl" if missing else who.detail
        yield Check("identity", CheckState.WARNING, text, "the rights are those of your kubeconfig's user")
        return
    name = str(who.get("username") or "unknown")
    yield Check("identity", CheckState.OK, name)
    looks = only_looks(name, box.context, settings.applier)
    found = rights(box, namespace)
    if isinstance(found, Failure):
        state = CheckState.UNKNOWN if looks else CheckState.WARNING
        yield Check("role", state, f"what it may do in {namespace} is unknown: {found.detail}", ENOUGH)
    else:
        yield _role(found, namespace, looks)
    if settings.applier:
        yield _applier(settings)


def only_looks(name: str, context: str, applier: str) -> str:
    """Return why an identity must not be able to change anything, "" where nobody says that it only looks.

    One that is called auditor or release-reader says so itself; the setting `applier` says so of every other context.
    """
    last = name.rpartition(":")[2]
    if last.endswith(tuple(f"-{looker}" for looker in LOOKERS)) or last in LOOKERS:
        return f"it is called {last}"
    return f"the setting applier leaves changes to context {applier}" if applier and applier != context else ""


def _role(found: Rights, namespace: str, looks: str) -> Check:
    may = f"{found.role} in {namespace}"
    if looks and found.changes:
        named = _listed(found.wide or found.changes)
        hint = f"take that away from it, or look as another one: {ENOUGH}"
        return Check("role", CheckState.FAILED, f"{looks}, and yet it is {may}: it may {named}", hint)
    if found.role is Role.WIDER:
        return Check("role", CheckState.WARNING, f"{may}: it may {_listed(found.wide)}", ENOUGH)
    if found.unread:
        hint = "what they would say is unknown; the auditor of charts/bluehelm reads them"
        return Check("role", CheckState.WARNING, f"less than an {may}: it cannot list {_listed(found.unread)}", hint)
    reports = "; it keeps PolicyReports" if found.reports else ""
    return Check("role", CheckState.OK, f"{may}: {MAY[found.role]}{reports}")


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _applier(settings: Settings) -> Check:
    """Say whether the context of an apply is there. Its credential is not loaded: only an apply does that."""
    found = contexts(settings.kubeconfig)
    known = [] if isinstance(found, Failure) else found[0]
    if settings.applier in known:
        return Check("applier", CheckState.OK, f"context {settings.applier}; only an apply loads its credential")
    text = f"the setting applier names context {settings.applier}, which is not in the kubeconfig"
    return Check("applier", CheckState.FAILED, text, f"there are: {', '.join(known)}")
