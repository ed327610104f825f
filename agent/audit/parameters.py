"""Verdicts of the rows that state a value: each part of it, in each object, in five legs."""

from collections.abc import Iterator, Sequence

from agent.audit import decided
from agent.audit.expected import VIA, Expected, expected
from agent.audit.inputs import components
from agent.audit.legs import BoundField, Legs, own_paths
from agent.audit.matrix import point
from agent.audit.structure import via
from agent.audit.verdict import Cause, Fidelity, Leg, Outcome, Point, Reading, Standing, Verdict, worst
from agent.blueprint.control import Control, ControlKind
from agent.diagnose.finding import Severity

ORDER = (Cause.MISSING, Cause.CONFLICT, Cause.VALUES, Cause.CHART, Cause.LATENT, Cause.RELEASE_ONLY, Cause.BEHIND)
"""Of several causes the one to say first."""


def parameter(control: Control, legs: Legs) -> Verdict:
    """Judge one row."""
    wanted = expected(control, legs.inputs.profile)
    if VIA.fullmatch(control.raw):
        points = list(via(control, legs))
        return of_points(control, points) if points else _unseen(control, "the blueprints bind no workload to this row")
    points = [found for name in components(legs.inputs, control) for found in _points(control, name, wanted, legs)]
    if points:
        return of_points(control, points)
    if _is_nothing(wanted):
        return Verdict(control, Outcome.PASS, Severity.INFO, why="the row says that there is no such value")
    return _meant_by_others(control, legs)


def _points(control: Control, component: str, wanted: Sequence[Expected], legs: Legs) -> Iterator[Point]:
    places = list(legs.places(control, component))
    for item in wanted:
        first = [legs.blueprint(control, item)]
        if control.paths:
            first.append(legs.values(control, component, item))
        shown = list(decided.points(item.label, tuple(first), legs)) if not places else []
        yield from shown
        for place in places:
            yield point(legs, _label(component, item, place), place, (*first, *legs.objects(place, control, item)))
        if not places and not shown and own_paths(control, component):
            unbound = [_unbound(component)] if control.fields else []
            yield point(legs, _label(component, item, None), None, (*first, *unbound))


def _unbound(component: str) -> Reading:
    return Reading(
        Leg.LIVE, Standing.UNKNOWN, reason=f"the blueprints bind {component or 'it'} to no object of that kind"
    )


def _label(component: str, wanted: Expected, place: BoundField | None) -> str:
    where = f"{place.object.kind} {place.object.name}" if place else component
    return f"{where} {wanted.label}".strip()


def of_points(control: Control, points: Sequence[Point]) -> Verdict:
    """Return the verdict of a row from its points: the worst of them, said by the one that is easiest to act on."""
    outcome = worst([found.outcome for found in points])
    telling = [found for found in points if found.outcome is outcome]
    first = min(telling, key=_urgency)
    severity = Severity.INFO if outcome is Outcome.PASS else _severity(first)
    cause = Cause.UNSEEN if outcome is Outcome.UNKNOWN else first.cause
    return Verdict(control, outcome, severity, tuple(points), cause, first.why, first.helm, _fidelity(points))


def _urgency(found: Point) -> int:
    return ORDER.index(found.cause) if found.cause in ORDER else len(ORDER)


def _severity(found: Point) -> Severity:
    """A latent fault harms nobody yet, an unknown may harm nobody; everything else is wrong now."""
    soft = found.cause is Cause.LATENT or found.outcome is Outcome.UNKNOWN
    return Severity.WARNING if soft else Severity.ERROR


def _fidelity(points: Sequence[Point]) -> Fidelity:
    seen = {reading.leg for found in points for reading in found.readings if reading.standing is not Standing.UNKNOWN}
    if Leg.LIVE in seen:
        return Fidelity.SERVER
    return Fidelity.CLIENT if Leg.RENDERED in seen else Fidelity.STATIC


def _is_nothing(wanted: Sequence[Expected]) -> bool:
    return bool(wanted) and all(item.value is None for item in wanted)


def _meant_by_others(control: Control, legs: Legs) -> Verdict:
    """A word such as "Conservative" is measured by the rows of its component below the same field."""
    below = [row for row in legs.inputs.blueprints.controls if _specifies(row, control)]
    if not below:
        return _unseen(control, "no field of an object and no values path say where this stands")
    found = [parameter(row, legs) for row in below]
    why = f"{control.raw!r} is measured by {' and '.join(row.id for row in below)}"
    outcome = worst([item.outcome for item in found])
    failed = next((item for item in found if item.outcome is outcome), found[0])
    return Verdict(control, outcome, failed.severity, (), failed.cause, why, failed.helm, failed.fidelity)


def _unseen(control: Control, why: str) -> Verdict:
    return Verdict(control, Outcome.UNKNOWN, Severity.WARNING, cause=Cause.UNSEEN, why=why, fidelity=Fidelity.STATIC)


def _specifies(row: Control, control: Control) -> bool:
    same = row.kind is ControlKind.PARAMETER and row.component == control.component and row.id != control.id
    return same and any(field.startswith(f"{above}.") for above in control.fields for field in row.fields)
