"""Rows that ask for a way rather than a value: configuration via a ConfigMap, secrets via a mounted Secret."""

from collections.abc import Iterator, Mapping
from typing import Any

from agent.audit.expected import VIA
from agent.audit.fields import WORKLOADS, read
from agent.audit.inputs import Objects, bound, components
from agent.audit.legs import Legs
from agent.audit.verdict import Cause, Helm, Leg, Outcome, Point, Reading, Standing
from agent.blueprint.control import Binding, Control
from agent.snapshot.record import Object, Ref

SOURCES = {"configmap": ("configMapRef", "configMapKeyRef"), "secret": ("secretRef", "secretKeyRef")}


def via(control: Control, legs: Legs) -> Iterator[Point]:
    """Yield one point for each workload: whether its container gets what the row speaks of in the way it asks for."""
    asked = VIA.fullmatch(control.raw)
    kind, mounted = (asked[1].casefold(), bool(asked[2])) if asked else ("", False)
    for component in components(legs.inputs, control):
        for binding, name in bound(legs.inputs, component, WORKLOADS):
            yield _point(control, legs, binding, name, kind, mounted=mounted)


def _point(control: Control, legs: Legs, binding: Binding, name: Ref, kind: str, *, mounted: bool) -> Point:
    readings = [Reading(Leg.BLUEPRINT, Standing.AGREES, str(control.source), control.raw)]
    readings += [_reading(leg, objects, name, binding, kind, mounted=mounted) for leg, objects in _legs(legs)]
    differing = next((found for found in readings if found.standing is Standing.DIFFERS), None)
    if differing is not None:
        cause = Cause.EDITED if differing.leg is Leg.LIVE else Cause.CHART
        return Point(name.name, tuple(readings), Outcome.FAIL, cause, differing.raw, Helm.NO)
    live = readings[-1]
    outcome = Outcome.PASS if live.standing is Standing.AGREES else Outcome.UNKNOWN
    return Point(name.name, tuple(readings), outcome, why=live.raw or live.reason)


def _legs(legs: Legs) -> Iterator[tuple[Leg, Objects | None]]:
    yield Leg.RELEASE, legs.release
    yield Leg.RENDERED, legs.rendered
    yield Leg.LIVE, legs.live


def _reading(leg: Leg, objects: Objects | None, name: Ref, binding: Binding, kind: str, *, mounted: bool) -> Reading:
    obj = objects.get(name) if objects else None
    if obj is None:
        return Reading(leg, Standing.UNKNOWN, reason=f"{name} was not seen")
    said, fine = _mounted(obj, binding) if mounted else _given(obj, binding, kind)
    return Reading(leg, Standing.AGREES if fine else Standing.DIFFERS, str(name), said)


def _given(obj: Object, binding: Binding, kind: str) -> tuple[str, bool]:
    """Return what a container's environment comes from, and whether the asked-for kind is among it."""
    names = sorted(set(_sources(obj, binding, kind)))
    return (f"environment from {', '.join(names)}", True) if names else (f"no environment from a {kind}", False)


def _mounted(obj: Object, binding: Binding) -> tuple[str, bool]:
    """Return how a container gets its secrets: as files, or where none is declared not at all, but not as variables."""
    as_variables = sorted(set(_sources(obj, binding, "secret")))
    if as_variables:
        return f"Secret {', '.join(as_variables)} reaches the container as environment variables", False
    volumes = read("volumes", obj, binding.container)[0].value or ()
    secrets = [item["secret"].get("secretName") for item in volumes if isinstance(item.get("secret"), Mapping)]
    return (
        f"mounted: {', '.join(map(str, secrets))}" if secrets else "no Secret is declared, and none is needed"
    ), True


def _sources(obj: Object, binding: Binding, kind: str) -> Iterator[str]:
    whole, single = SOURCES[kind]
    for found in read("containers[].envFrom", obj, binding.container):
        yield from (item[whole]["name"] for item in _items(found.value) if (item.get(whole) or {}).get("name"))
    for found in read("containers[].env", obj, binding.container):
        references = ((item.get("valueFrom") or {}).get(single) or {} for item in _items(found.value))
        yield from (item["name"] for item in references if item.get("name"))


def _items(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
