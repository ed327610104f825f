"""`releases`: what Helm installed, and of one release what it was before."""

from dataclasses import dataclass

from agent.errors import UsageError
from agent.events import Emit, Progress
from agent.exitcode import ExitCode
from agent.kube.wording import closest, listed
from agent.operate.arguments.releases import Releases
from agent.snapshot.record import Release, Snapshot, State
from agent.world.look import warn_of_gaps
from agent.world.revisions import Revisions, revisions
from agent.world.world import World

CAPTURED = "a capture holds the last revision alone"


@dataclass(frozen=True, slots=True)
class Installed:
    """The releases, and the past of the one that was asked for."""

    releases: tuple[Release, ...]
    past: Revisions | None
    whole: bool
    """Whether all releases could be read."""
    snapshot: Snapshot


def run(args: Releases, world: World, emit: Emit) -> Installed:
    """Return the releases, or one with its past."""
    snapshot = world.look(args.scope, emit)
    warn_of_gaps(snapshot, emit)
    found = sorted(snapshot.releases, key=lambda item: (item.namespace, item.name))
    whole = all(part.state is State.COMPLETE for part in snapshot.parts if part.name == "releases")
    if args.name is None:
        return Installed(tuple(found), None, whole, snapshot)
    release = _named(args.name, found)
    emit(Progress(f"asking helm for the history of {release.name}"))
    past = Revisions(reason=CAPTURED) if args.scope.bundle else revisions(release, world)
    return Installed((release,), past, whole, snapshot)


def code(result: Installed) -> ExitCode:
    """Return whether all of it could be read; that a capture has no past is no gap."""
    lost = result.past is not None and result.past.reason not in ("", CAPTURED)
    return ExitCode.OK if result.whole and not lost else ExitCode.INDETERMINATE


def _named(name: str, releases: list[Release]) -> Release:
    fitting = [item for item in releases if item.name == name]
    if len(fitting) > 1:
        raise UsageError(f"release {name}: in {listed([item.namespace for item in fitting], 9)}; say which with -n")
    if not fitting:
        names = [item.name for item in releases]
        near = closest(name, names)
        there = f"did you mean {near}?" if near else f"there are {listed(names, 5)}" if names else "there is none"
        raise UsageError(f"no release {name!r}; {there}")
    return fitting[0]
