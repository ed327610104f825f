"""`bundle capture` and `bundle show`."""

from dataclasses import dataclass, replace
from pathlib import Path

from agent.errors import UsageError
from agent.events import Emit, Said
from agent.exitcode import ExitCode
from agent.operate.arguments.bundle import Capture, ShowBundle
from agent.resources import bundle_path
from agent.snapshot.bundle import load, save
from agent.snapshot.depth import WHOLE
from agent.snapshot.record import Snapshot
from agent.world.look import warn_of_gaps
from agent.world.scope import Scope
from agent.world.world import World
from tools.failure import Failure


@dataclass(frozen=True, slots=True)
class Bundled:
    """What a bundle holds, and the file it is in."""

    file: Path
    snapshot: Snapshot


def capture(args: Capture, world: World, emit: Emit) -> Bundled:
    """Write what a look at the cluster sees, with every log in scope and no Secret data."""
    file = Path(args.file)
    if file.exists():
        raise UsageError(f"{file}: exists already; name another file")
    seen = world.look(Scope(cluster=args.cluster), emit, WHOLE)
    warn_of_gaps(seen, emit)
    snapshot = replace(seen, profile=world.settings.profile or None)
    failed = save(snapshot, file)
    if failed is not None:
        raise UsageError(str(failed))
    objects = sum(map(len, snapshot.objects.values()))
    emit(Said(f"wrote {file}: {objects} objects, {len(snapshot.logs)} logs, no Secret data"))
    return Bundled(file, snapshot)


def show(args: ShowBundle, _: World, __: Emit) -> Bundled:
    """Say what a bundle holds and how whole it is."""
    file = bundle_path(args.bundle)
    found = load(file)
    if isinstance(found, Failure):
        raise UsageError(str(found))
    return Bundled(file, found)


def code(result: Bundled) -> ExitCode:
    """Return whether the bundle is whole."""
    return ExitCode.INDETERMINATE if result.snapshot.gaps() else ExitCode.OK
