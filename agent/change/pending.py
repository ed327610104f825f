"""What an upgrade would bring to the cluster besides the plan's own values: only what a control says. Pure."""

from collections.abc import Iterator, Sequence

from agent.audit.drift import COSMETIC
from agent.audit.fields import kinds, read
from agent.audit.inputs import Inputs, Objects, bound, components
from agent.audit.matrix import keyed
from agent.blueprint.control import Control, ControlKind
from agent.change.plan import FieldChange
from agent.change.reach import fields, pairs
from agent.snapshot.record import Object

Governed = dict[tuple[str, str], Control]
"""(object, pointer with list items by their keys) -> the control that governs what stands there."""


def waiting(release: Sequence[Object], rendered: Sequence[Object], namespace: str) -> list[FieldChange]:
    """Return the fields that the files as they are would change, had they been applied; marks of versions left out."""
    found = [item for pair in pairs(release, rendered, namespace) for item in fields(pair)]
    return [item for item in found if not COSMETIC.match(_last(item.pointer))]


def _last(pointer: str) -> str:
    return pointer.rpartition("/")[2].replace("~1", "/")


def unexplained(found: Sequence[FieldChange], governed: Governed) -> list[FieldChange]:
    """Return the fields of which no control speaks."""
    return [item for item in found if control_of(item, governed) is None]


def control_of(item: FieldChange, governed: Governed) -> Control | None:
    """Return the control that governs a field, or what it is part of."""
    steps = item.pointer.split("/")
    above = ((item.object, "/".join(steps[:size])) for size in range(len(steps), 0, -1))
    return next((governed[place] for place in above if place in governed), None)


def governed(inputs: Inputs, rendered: Sequence[Object]) -> Governed:
    """Return which control governs which field of the rendered objects."""
    objects = Objects(rendered, inputs.namespace)
    rows = [row for row in inputs.blueprints.controls if row.kind is ControlKind.PARAMETER]
    return {place: row for row in rows for place in _places(row, inputs, objects)}


def _places(row: Control, inputs: Inputs, objects: Objects) -> Iterator[tuple[str, str]]:
    for component in components(inputs, row):
        for field in row.fields:
            for binding, name in bound(inputs, component, kinds(field)):
                obj = objects.get(name)
                for found in read(field, obj, binding.container) if obj is not None else ():
                    yield str(name), keyed(obj or {}, found.pointer)
