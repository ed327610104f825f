"""`blueprint list` and `blueprint show`."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.blueprint.control import Blueprints, Control, Unread
from agent.blueprint.search import search as speaking_of
from agent.errors import UsageError
from agent.events import Emit
from agent.exitcode import ExitCode
from agent.operate.arguments.blueprint import ListControls, SearchControls, ShowControl
from agent.resources import Folder, folder
from agent.world.blueprints import read
from agent.world.world import World


@dataclass(frozen=True, slots=True)
class Controls:
    """The controls asked for, what could not be read, and whose blueprints they are."""

    controls: Sequence[Control]
    unread: Sequence[Unread]
    folder: Folder


def listing(args: ListControls, world: World, emit: Emit) -> Controls:
    """Return every control, or one blueprint's."""
    found = read(world.settings.blueprints, emit)
    chosen = [control for control in found.controls if args.blueprint in (None, control.blueprint)]
    if not chosen:
        raise UsageError(f"no blueprint {args.blueprint!r}; there are: {_names(found)}")
    return Controls(chosen, found.unread, folder("blueprints", world.settings.blueprints))


def search(args: SearchControls, world: World, emit: Emit) -> Controls:
    """Return the controls that some words speak of best."""
    words = [part for word in args.words for part in word.split()]
    if not words:
        raise UsageError("say what the row is about: blueprint search memory limit backend")
    found = read(world.settings.blueprints, emit)
    chosen = speaking_of(words, found)
    if not chosen:
        raise UsageError(f"no row of a blueprint speaks of {' '.join(words)!r}; there are: {_names(found)}")
    return Controls(chosen, found.unread, folder("blueprints", world.settings.blueprints))


def show(args: ShowControl, world: World, emit: Emit) -> Controls:
    """Return one control, or all of a blueprint."""
    found = read(world.settings.blueprints, emit)
    wanted = args.name.casefold()
    chosen = [item for item in found.controls if wanted in (item.id.casefold(), item.blueprint.casefold())]
    if not chosen:
        raise UsageError(f"no control or blueprint {args.name!r}; see `blueprint list`")
    return Controls(chosen, found.unread, folder("blueprints", world.settings.blueprints))


def code(result: Controls) -> ExitCode:
    """Return whether every row could be read."""
    return ExitCode.USAGE if result.unread else ExitCode.OK


def _names(found: Blueprints) -> str:
    return ", ".join(dict.fromkeys(control.blueprint for control in found.controls))
