"""Rows that no binding leads to an object: held against what the chart makes of their values, as rendering shows.

The row speaks to the file; whether what the file says is in force is seen by what the chart renders from it.
"""

from collections.abc import Iterator
from typing import Any

from agent.audit.defaults import completed
from agent.audit.inputs import Objects
from agent.audit.legs import BoundField, Legs, shown_value
from agent.audit.matrix import point
from agent.audit.normalise import is_masked
from agent.audit.pointers import resolve
from agent.audit.verdict import Leg, Point, Reading, Standing
from agent.snapshot.record import Ref

REPLICAS = "/spec/replicas"


def points(label: str, first: tuple[Reading, ...], legs: Legs) -> Iterator[Point]:
    """Yield a point for each field that a value decides; `first` is what blueprint and files say of it."""
    values = next((item for item in first if item.leg is Leg.VALUES), None)
    path = values.where.rpartition(" ")[2] if values else ""
    for name, pointer in legs.inputs.decides.get(path, ()):
        place = BoundField(name, "", "replicas" if pointer == REPLICAS else "")
        said = tuple(_readings(name, pointer, values, legs)) if values else ()
        yield point(legs, f"{name.kind} {name.name} {label}".strip(), place, (*first, *said))


def _readings(name: Ref, pointer: str, values: Reading, legs: Legs) -> Iterator[Reading]:
    made = legs.rendered.get(name) if legs.rendered else None
    wanted = resolve(made, pointer) if pointer else made and "there"
    for leg, objects in ((Leg.RELEASE, legs.release), (Leg.RENDERED, legs.rendered), (Leg.LIVE, legs.live)):
        yield _reading(leg, objects, (name, pointer), wanted, values)


def _reading(leg: Leg, objects: Objects | None, place: tuple[Ref, str], wanted: Any, values: Reading) -> Reading:
    name, pointer = place
    where = f"{name} {pointer}".strip()
    obj = objects.get(name) if objects else None
    if obj is None:
        standing = Standing.UNKNOWN if objects is None else Standing.ABSENT
        return Reading(leg, standing, where, reason=f"no {name} was seen")
    found = resolve(obj, pointer) if pointer else "there"
    if is_masked(found):
        return Reading(leg, Standing.UNKNOWN, where, reason="hidden when it was read, so not comparable")
    if not completed(wanted, found, pointer):
        return Reading(leg, Standing.DIFFERS, where, shown_value(found))
    if values.standing is Standing.DIFFERS:  # as the file says, and the file is wrong
        return Reading(leg, Standing.DIFFERS, where, shown_value(found), values.normalised or values.raw)
    return Reading(leg, Standing.AGREES, where, shown_value(found))
