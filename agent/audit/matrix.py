"""From five readings to a verdict: which leg is out of step, why, and whether helm upgrade would mend it."""

from typing import Any

from agent.audit.fields import WORKLOADS
from agent.audit.legs import BoundField, Legs
from agent.audit.normalise import key
from agent.audit.owners import applied, is_controller, is_helm, others, owners
from agent.audit.verdict import Cause, Helm, Leg, Outcome, Point, Reading, Standing
from agent.blueprint.values import keys
from agent.kube.fields import number
from agent.snapshot.record import Object, Ref


def point(legs: Legs, label: str, place: BoundField | None, readings: tuple[Reading, ...]) -> Point:
    """Judge one value by its readings."""
    said = {found.leg: found for found in readings}
    live = legs.live.get(place.object) if place else None
    scaled = _scaled(legs, place, live) if place and live else None
    if scaled is not None:
        return _owned_by_hpa(label, readings, scaled)
    cause = _cause(said, legs, place, live)
    outcome = _outcome(said, cause)
    why, helm = _explained(cause, said, legs, place, live) if outcome is not Outcome.PASS else ("", Helm.NONE)
    return Point(label, readings, outcome, cause if outcome is Outcome.FAIL else Cause.NONE, why or _unseen(said), helm)


def _outcome(said: dict[Leg, Reading], cause: Cause) -> Outcome:
    """A leg that differs fails; a pass needs the live object, and the files where the row has a path in them."""
    if cause not in (Cause.NONE, Cause.UNSEEN):
        return Outcome.FAIL
    needed = [said[leg].standing for leg in (Leg.VALUES, Leg.LIVE) if leg in said]
    return Outcome.UNKNOWN if Standing.UNKNOWN in needed or cause is Cause.UNSEEN else Outcome.PASS


def _cause(said: dict[Leg, Reading], legs: Legs, place: BoundField | None, live: Object | None) -> Cause:
    values, rendered, release, found = (
        _standing(said, leg) for leg in (Leg.VALUES, Leg.RENDERED, Leg.RELEASE, Leg.LIVE)
    )
    if values is Standing.DIFFERS:
        return _file_wrong(said, found)
    if rendered is Standing.DIFFERS:
        return Cause.CHART
    if release is Standing.DIFFERS:
        return Cause.RELEASE_ONLY if _given(said, legs) else Cause.BEHIND
    if found is Standing.DIFFERS:
        return Cause.MUTATED if place and live and _at_admission(live, said[Leg.LIVE]) else Cause.EDITED
    if found is Standing.ABSENT and place is not None:
        return _absent(legs, release, rendered)
    return Cause.NONE


def _file_wrong(said: dict[Leg, Reading], found: Standing) -> Cause:
    if found is Standing.AGREES:
        return Cause.LATENT
    live, values = said.get(Leg.LIVE), said[Leg.VALUES]
    agree = live is None or found is not Standing.DIFFERS or _value(live) == _value(values)
    return Cause.VALUES if agree else Cause.CONFLICT


def _absent(legs: Legs, release: Standing, rendered: Standing) -> Cause:
    """An object that is not live is missing where its release has it; not deployed at all is not observed."""
    if release is Standing.AGREES:
        return Cause.MISSING
    if legs.inputs.release is not None and rendered is Standing.AGREES:
        return Cause.BEHIND
    return Cause.UNSEEN


def _given(said: dict[Leg, Reading], legs: Legs) -> bool:
    """Return whether the release itself was given a value at this path."""
    path = said[Leg.VALUES].where.rpartition(" ")[2] if Leg.VALUES in said else ""
    values = legs.inputs.release.values if legs.inputs.release else None
    here: object = values
    for step in keys(path):
        here = here.get(step) if isinstance(here, dict) else None
    return here is not None


def _explained(
    cause: Cause, said: dict[Leg, Reading], legs: Legs, place: BoundField | None, live: Object | None
) -> tuple[str, Helm]:
    """Return why, in one sentence, and what helm upgrade would do."""
    values, release = said.get(Leg.VALUES), said.get(Leg.RELEASE)
    if cause is Cause.VALUES and values:
        return f"the file says {_value(values)}; change the file, then upgrade", Helm.NO
    if cause is Cause.LATENT and values:
        return f"what runs is right, the file says {_value(values)}: the next upgrade breaks it", Helm.BREAKS
    if cause is Cause.CONFLICT and values:
        return f"the file says {_value(values)}, the cluster {_value(said[Leg.LIVE])}", Helm.NO
    if cause is Cause.CHART:
        return f"the chart renders {_value(said[Leg.RENDERED])} from a file that is right", Helm.NO
    if cause is Cause.BEHIND and release:
        return "the files are right and were not applied since", Helm.YES
    if cause is Cause.RELEASE_ONLY and release:
        return f"the release was given {_value(release)}, which stands in no file", Helm.YES
    if cause is Cause.MISSING and place:
        return f"{place.object} is in the release and not in the cluster", Helm.YES
    if cause in (Cause.EDITED, Cause.MUTATED) and place and live:
        return _changed(cause, said, place, live)
    return "", Helm.NONE


def _changed(cause: Cause, said: dict[Leg, Reading], place: BoundField, live: Object) -> tuple[str, Helm]:
    pointer = keyed(live, said[Leg.LIVE].where.rpartition(" ")[2])
    by = next(iter(others(live, pointer)), None)
    if cause is Cause.MUTATED:
        return f"{_value(said[Leg.LIVE])} was put there on the way in, by a webhook or an admission policy", Helm.NO
    whom = f"by {by.manager}{f' at {by.time}' if by.time else ''}" if by else "by somebody the object does not name"
    return f"edited {whom}", will_fix(live, pointer)


def will_fix(live: Object, pointer: str) -> Helm:
    """Return whether helm upgrade puts back a field its chart sets: not where another manager owns it under SSA."""
    if any(is_controller(owner) and owner.subresource == "scale" for owner in owners(live, pointer)):
        return Helm.NEVER
    if applied(live) and others(live, pointer):
        return Helm.CONFLICT
    return Helm.YES


def _at_admission(live: Object, found: Reading) -> bool:
    return at_admission(live, keyed(live, found.where.rpartition(" ")[2]))


def at_admission(live: Object, pointer: str) -> bool:
    """Return whether a value Helm did not ask for came in with Helm's own request: a webhook or policy put it there.

    Under server-side apply every later edit is recorded with its manager, while what admission adds belongs to nobody
    and what it changes stays Helm's. Without server-side apply nobody can tell.
    """
    return bool(applied(live)) and all(map(is_helm, owners(live, pointer)))


def keyed(obj: Object, pointer: str) -> str:
    """Return a pointer with list items by their keys, as managed fields name them."""
    steps: list[str] = []
    here: Any = obj
    field = ""
    for step in pointer.split("/")[1:]:
        if isinstance(here, list):
            here = here[int(step)] if step.isdigit() and int(step) < len(here) else None
            name = key(field, here)
            steps.append(f"[{name}]" if name else step)
        else:
            here = here.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(here, dict) else None
            steps.append(step)
            field = step
    return "".join(f"/{step}" for step in steps)


def _scaled(legs: Legs, place: BoundField, live: Object) -> tuple[Ref, int, int, int] | None:
    """Return the HPA that owns the field, its bounds and the live number; None where none does."""
    if place.field != "replicas" or place.object.kind not in WORKLOADS:
        return None
    return scaler(legs, place.object, live)


def scaler(legs: Legs, name: Ref, live: Object) -> tuple[Ref, int, int, int] | None:
    """Return the live HPA that targets a workload: its name, its bounds, the workload's replicas."""
    for hpa in legs.inputs.snapshot.objects.get("HorizontalPodAutoscaler", ()):
        target, meta = (hpa.get("spec") or {}).get("scaleTargetRef") or {}, hpa.get("metadata") or {}
        if (target.get("kind"), meta.get("namespace"), target.get("name")) == tuple(name):
            spec = hpa["spec"]
            bounds = number(spec.get("minReplicas"), 1), number(spec.get("maxReplicas"), 1)
            hpa_name = Ref("HorizontalPodAutoscaler", name.namespace, str(meta.get("name")))
            return hpa_name, *bounds, number((live.get("spec") or {}).get("replicas"), 1)
    return None


def _owned_by_hpa(label: str, readings: tuple[Reading, ...], scaled: tuple[Ref, int, int, int]) -> Point:
    """While an autoscaler owns the number, the file states what holds without it, and live is whatever it chose."""
    name, least, most, live = scaled
    inside = least <= live <= most
    file_wrong = any(found.leg is Leg.VALUES and found.standing is Standing.DIFFERS for found in readings)
    why = f"{name.name} owns the number: {live} of {least} to {most}"
    if file_wrong or not inside:
        cause = Cause.VALUES if file_wrong else Cause.EDITED
        return Point(label, readings, Outcome.FAIL, cause, why, Helm.NO if file_wrong else Helm.NEVER)
    calm = tuple(_by(found, name) if found.leg not in (Leg.BLUEPRINT, Leg.VALUES) else found for found in readings)
    return Point(label, calm, Outcome.PASS, why=why, helm=Helm.NEVER)


def _by(found: Reading, name: Ref) -> Reading:
    standing = Standing.AGREES if found.leg is Leg.LIVE else found.standing
    standing = Standing.ABSENT if standing is Standing.DIFFERS else standing
    return Reading(found.leg, standing, found.where, found.raw, found.normalised, f"owned by {name.kind} {name.name}")


def _unseen(said: dict[Leg, Reading]) -> str:
    return next((found.reason for found in said.values() if found.standing is Standing.UNKNOWN and found.reason), "")


def _standing(said: dict[Leg, Reading], leg: Leg) -> Standing:
    return said[leg].standing if leg in said else Standing.ABSENT


def _value(found: Reading) -> str:
    return found.normalised or found.raw
