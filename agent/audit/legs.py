"""The five readings of one value."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from agent.audit.expected import Expected
from agent.audit.fields import DEFAULTS, Found, kinds, read
from agent.audit.inputs import Inputs, Objects, bound
from agent.audit.normalise import image, is_masked, mutable, text
from agent.audit.verdict import Leg, Reading, Standing
from agent.blueprint.cells import CellType
from agent.blueprint.control import Control
from agent.blueprint.values import Leaf, Masked
from agent.snapshot.record import Object, Ref

ENV = "containers[].env"


class BoundField(NamedTuple):
    """One field of one bound object."""

    object: Ref
    container: str
    field: str


class Legs:
    """The legs of one audit, their objects indexed once."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        namespace = inputs.namespace
        manifest = inputs.release.manifest if inputs.release else None
        self.release = None if manifest is None else Objects(manifest, namespace)
        self.rendered = None if inputs.rendered is None else Objects(inputs.rendered.objects, namespace)
        self.live = Objects([obj for listed in inputs.snapshot.objects.values() for obj in listed], namespace)

    def places(self, control: Control, component: str) -> Iterator[BoundField]:
        """Yield every field a control governs in a component, in every object bound to it."""
        for field in control.fields:
            for binding, name in bound(self.inputs, component, kinds(field)):
                yield BoundField(name, binding.container, field)

    def blueprint(self, control: Control, wanted: Expected) -> Reading:
        """Return what the blueprint asks for."""
        return Reading(Leg.BLUEPRINT, Standing.AGREES, str(control.source), control.raw, wanted.shown())

    def values(self, control: Control, component: str, wanted: Expected) -> Reading:
        """Return what the values files say."""
        paths = own_paths(control, component)
        if not paths:
            return Reading(Leg.VALUES, Standing.ABSENT, reason="the row names no values path")
        leaves = [leaf for path in paths for leaf in self._leaves(path, wanted.leaves)]
        if not leaves:
            return Reading(
                Leg.VALUES, Standing.UNKNOWN, ", ".join(self.inputs.files), reason=f"{paths[0]} is in no file"
            )
        return _of_leaves(leaves, wanted)

    def _leaves(self, path: str, suffixes: Sequence[str]) -> Iterator[Leaf]:
        for suffix in suffixes:
            exact = self.inputs.values.leaves.get(f"{path}.{suffix}" if suffix else path)
            if exact is not None:
                yield exact
                return
        if suffixes == ("",):
            yield from list(self.inputs.values.below(path))[:1]

    def objects(self, place: BoundField, control: Control, wanted: Expected) -> Iterator[Reading]:
        """Yield what release, rendered chart and live object say of one field."""
        inputs = self.inputs
        revision = f"release {inputs.release_name} revision {inputs.release.revision}" if inputs.release else ""
        unrendered = inputs.rendered_failure.brief if inputs.rendered_failure else ""
        stored = (
            _Stored(Leg.RELEASE, self.release, inputs.release_reason, revision),
            _Stored(Leg.RENDERED, self.rendered, unrendered, inputs.chart.shown),
        )
        yield from (_stored(leg, place, control, wanted) for leg in stored)
        yield self._live(place, control, wanted)

    def _live(self, place: BoundField, control: Control, wanted: Expected) -> Reading:
        obj = self.live.get(place.object)
        if obj is None:
            return self._not_there(place)
        found = compared(Leg.LIVE, obj, place, control, wanted, "")
        if found.standing is Standing.DIFFERS and in_transition(obj):
            reason = "its controller has not caught up with its latest change"
            return Reading(Leg.LIVE, Standing.UNKNOWN, found.where, found.raw, found.normalised, reason)
        return found

    def _not_there(self, place: BoundField) -> Reading:
        kind, snapshot = place.object.kind, self.inputs.snapshot
        if snapshot.knows(kind):
            return Reading(Leg.LIVE, Standing.ABSENT, str(place.object), reason="no such object")
        part = next((part for part in snapshot.parts if part.name == kind), None)
        said = f"{part.state}: {part.reason}" if part else "not read"
        return Reading(Leg.LIVE, Standing.UNKNOWN, str(place.object), reason=f"{kind} {said}")


class _Stored(NamedTuple):
    """A leg that is a list of objects: those objects, or the reason there are none, and what it is called."""

    leg: Leg
    objects: Objects | None
    reason: str
    whose: str


def _stored(found: _Stored, place: BoundField, control: Control, wanted: Expected) -> Reading:
    if found.objects is None:
        return Reading(found.leg, Standing.UNKNOWN, reason=found.reason)
    obj = found.objects.get(place.object)
    if obj is None:
        return Reading(found.leg, Standing.ABSENT, found.whose, reason=f"has no {place.object}")
    return compared(found.leg, obj, place, control, wanted, found.whose)


def own_paths(control: Control, component: str) -> tuple[str, ...]:
    """Return the values paths of a control that speak of a component; all where none names any."""
    own = tuple(path for path in control.paths if path.partition(".")[0] == component)
    return own or (control.paths if control.component in ("", component) else ())


def compared(leg: Leg, obj: Object, place: BoundField, control: Control, wanted: Expected, whose: str) -> Reading:
    """Return what an object says of a field, and whether that is what was asked for."""
    found = [_entry(item, place.field, control) for item in _read(obj, place, wanted)]
    silent = all(item.value is None for item in found) and wanted.met(DEFAULTS.get(last_word(place.field, wanted)))
    if silent and wanted.value is not None:
        return Reading(leg, Standing.AGREES, whose, "(absent)", wanted.shown(), "the API server's default")
    wrong = next((item for item in found if not wanted.met(item.value, item.pointer)), None)
    shown = wrong or found[0]
    where = " ".join(part for part in (whose, f"{place.object} {shown.pointer}") if part)
    raw = shown_value(shown.value)
    if is_masked(shown.value):
        return Reading(leg, Standing.UNKNOWN, where, raw, reason="hidden when it was read, so not comparable")
    standing = Standing.AGREES if wrong is None else Standing.DIFFERS
    note = "the tag is equal, the content unproven" if wrong is None and _is_mutable(place.field, raw) else ""
    return Reading(leg, standing, where, raw, text(shown.value) if raw != text(shown.value) else "", note)


def _read(obj: Object, place: BoundField, wanted: Expected) -> list[Found]:
    named = not wanted.field or place.field.rpartition(".")[2] == wanted.field
    return read(place.field if named else f"{place.field}.{wanted.field}", obj, place.container)


def last_word(field: str, wanted: Expected) -> str:
    """Return the name of the leaf a comparison is about."""
    return (wanted.field or field).rpartition(".")[2]


def _entry(found: Found, field: str, control: Control) -> Found:
    """Return the one variable a control speaks of where its field holds many, of an image the tag where it is that."""
    if field.endswith(".image") and {path.rpartition(".")[2] for path in control.paths} == {"tag"} and found.value:
        return Found(found.pointer, image(text(found.value))[1])
    if field != ENV or not isinstance(found.value, list) or not control.paths:
        return found
    name = control.paths[0].rpartition(".")[2]
    for index, item in enumerate(found.value):
        if isinstance(item, Mapping) and item.get("name") == name:
            return Found(f"{found.pointer}/{index}/value", item.get("value"))
    return Found(found.pointer, None)


def _is_mutable(field: str, raw: str) -> bool:
    return field.endswith(".image") and mutable(raw)


def _of_leaves(leaves: Sequence[Leaf], wanted: Expected) -> Reading:
    first = leaves[0]
    if isinstance(first.value, Masked):
        return Reading(Leg.VALUES, Standing.UNKNOWN, str(first.source), str(first.value), reason="a secret")
    value = ":".join(text(leaf.value) for leaf in leaves) if wanted.type is CellType.IMAGE else first.value
    standing = Standing.AGREES if wanted.met(value, first.path.replace(".", "/")) else Standing.DIFFERS
    return Reading(
        Leg.VALUES, standing, f"{first.source} {first.path}", first.raw or shown_value(value), shown_value(value)
    )


def shown_value(value: Any) -> str:
    """Return a value for a person, "(absent)" for none."""
    if value is None:
        return "(absent)"
    if isinstance(value, list):
        return f"[{', '.join(map(shown_value, value))}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {shown_value(item)}" for key, item in value.items()) + "}"
    return text(value)


def in_transition(obj: Object) -> bool:
    """Return whether an object's controller has not yet seen its latest change."""
    generation = (obj.get("metadata") or {}).get("generation")
    observed = (obj.get("status") or {}).get("observedGeneration")
    return isinstance(generation, int) and isinstance(observed, int) and observed < generation
