"""The blueprints in force, read once, with a warning for each place that cannot be read."""

from agent.blueprint.control import Blueprints
from agent.blueprint.load import parse
from agent.events import Emit, Warned
from agent.resources import blueprint_files


def read(given: str, emit: Emit) -> Blueprints:
    """Return the blueprints in force; a place that cannot be read is named with file and line, the rest goes on."""
    _, files = blueprint_files(given)
    found = parse(files)
    for unread in found.unread:
        text = f": {unread.text!r}; {_consequence(unread.control_id)}" if unread.text else ""
        emit(Warned(f"{unread.source}: {unread.problem}{text}"))
    return found


def _consequence(control_id: str) -> str:
    return f"{control_id} is unknown" if control_id else "that row is unknown"
