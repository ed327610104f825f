"""The blueprints in force, read once, with what could not be read said on stderr."""

from agent.blueprint.control import Blueprints
from agent.blueprint.load import parse
from agent.diagnostics import warn
from agent.resources import blueprint_files


def read(given: str = "") -> Blueprints:
    """Return the blueprints in force; a place that cannot be read is named with file and line, the rest goes on."""
    _, files = blueprint_files(given)
    found = parse(files)
    for unread in found.unread:
        warn(f"{unread.source}: {unread.problem}: {unread.text!r}; {_consequence(unread.control_id)}")
    return found


def _consequence(control_id: str) -> str:
    return f"{control_id} is unknown" if control_id else "that row is unknown"
