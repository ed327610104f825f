"""What is known of one value: who decided it, what it decides, what is live, and who changed it last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.audit.inputs import LineHistory, Objects
from agent.audit.legs import shown_value
from agent.audit.orphans import is_below
from agent.audit.pointers import resolve
from agent.blueprint.control import Blueprints, Control, ControlKind
from agent.blueprint.values import Leaf, Values
from agent.trace.rendering import RenderedField, is_random
from tools.redact import MASK


@dataclass(frozen=True, slots=True)
class Live:
    """What stands in the cluster at one place a value decides; `value` is None where nobody knows, with the reason."""

    field: RenderedField
    value: str | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything about one value."""

    leaf: Leaf
    controls: tuple[Control, ...]
    places: tuple[Live, ...]
    behind: str
    reason: str
    """Why its places are unknown, "" where they are known."""
    history: LineHistory | None
    control_history: Mapping[str, LineHistory]
    """Control id -> who changed its row last."""


def deciding(path: str, blueprints: Blueprints) -> tuple[Control, ...]:
    """Return the rows that decide a value: parameter rows of it or of what it is part of, else the mapping's row."""
    rows = [row for row in blueprints.controls if any(is_below(path, own.removesuffix(".*")) for own in row.paths)]
    exact = tuple(row for row in rows if row.kind is ControlKind.PARAMETER)
    return exact or tuple(row for row in rows if row.kind is ControlKind.MAPPING)


def justified(path: str, blueprints: Blueprints) -> bool:
    """Return whether a row decides a value: a mapping row alone does so only where no row speaks of anything below."""
    rows = deciding(path, blueprints)
    if any(row.kind is ControlKind.PARAMETER for row in rows):
        return True
    below = [own.removesuffix(".*") for row in rows for own in row.paths]
    stated = [own for row in blueprints.controls if row.kind is ControlKind.PARAMETER for own in row.paths]
    return any(is_below(path, root) and not any(is_below(own, root) for own in stated) for root in below)


def leaves_of(control: Control, values: Values) -> list[Leaf]:
    """Return the values a row decides."""
    found = (leaf for path in control.paths for leaf in values.below(path))
    return list({leaf.path: leaf for leaf in found}.values())


def live_places(fields: Sequence[RenderedField], objects: Objects | None, reason: str) -> tuple[Live, ...]:
    """Return what stands live at each place."""
    return tuple(_live(field, objects, reason) for field in fields)


def _live(field: RenderedField, objects: Objects | None, reason: str) -> Live:
    if objects is None:
        return Live(field, None, reason)
    if is_random(field.object):
        return Live(field, None, "its name is made anew each time")
    obj = objects.get(field.object)
    if obj is None:
        return Live(field, None, "no such object")
    if field.now == MASK:
        return Live(field, MASK)
    return Live(field, shown_value(resolve(obj, field.pointer)) if field.pointer else "there")


def nearest(path: str, values: Values) -> list[str]:
    """Return the paths a person may have meant."""
    from difflib import get_close_matches

    last = path.rpartition(".")[2]
    same_end = [name for name in values.leaves if name.rpartition(".")[2] == last]
    return list(dict.fromkeys([*get_close_matches(path, values.leaves, 3, 0.6), *same_end]))[:4]
