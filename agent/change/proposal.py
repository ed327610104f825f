"""What an audit or a question asks to be changed, as far as the gate lets it through. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from agent.audit.verdict import Audit, Helm, Leg, Outcome, Point, Standing, Verdict
from agent.blueprint.control import Blueprints, Control, ControlKind
from agent.change.gate import Gate, Wanted
from agent.change.grounds import Refusal
from agent.snapshot.record import Ref


@dataclass(frozen=True, slots=True)
class Reapplied:
    """A control whose value the files already state, and an upgrade will bring to the cluster."""

    control: Control
    point: Point

    @property
    def place(self) -> tuple[Ref, str]:
        """Return the live object it is about, and the pointer to the field, "" for the whole of it."""
        said = self.point.reading(Leg.LIVE).where
        name, _, pointer = said.rpartition(" ") if " " in said else (said, "", "")
        kind, _, rest = name.partition("/")
        namespace, _, called = rest.rpartition("/")
        return Ref(kind, namespace, called), pointer


@dataclass(slots=True)
class Proposal:
    """What may be planned, and what may not with its reason."""

    wanted: list[Wanted] = field(default_factory=list)
    reapplied: list[Reapplied] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    @property
    def controls(self) -> tuple[str, ...]:
        """Return the ids of the controls it would carry out."""
        rows = [item.control for item in self.wanted] + [item.control for item in self.reapplied]
        return tuple(dict.fromkeys(row.id for row in rows))

    @property
    def changes_something(self) -> bool:
        """Return whether a plan of it would do anything."""
        return bool(self.wanted or self.reapplied)

    def without(self, refused: Iterable[Refusal]) -> "Proposal":
        """Return it with the controls refused of which one value cannot be written: half a row is none."""
        found = list(dict.fromkeys(refused))
        ids = {item.subject for item in found}
        kept = [item for item in self.wanted if item.control.id not in ids]
        return Proposal(kept, self.reapplied, [*self.refusals, *found])

    def is_moot(self) -> bool:
        """Return whether there is nothing to change and nothing that is refused."""
        return not (self.changes_something or self.refusals)


def from_audit(found: Audit, gate: Gate) -> Proposal:
    """Return what would mend every failure of an audit that a change of values or an upgrade can mend."""
    failing = (verdict for verdict in found.verdicts if verdict.outcome is Outcome.FAIL)
    rows = [verdict for verdict in failing if verdict.control.kind is ControlKind.PARAMETER]
    return _proposal(rows, gate)


AUTOSCALERS = "hpa"
"""What one asks for who wants every value that the blueprints state for the autoscalers."""


def of_autoscalers(blueprints: Blueprints) -> tuple[str, ...]:
    """Return the controls that decide how workloads are scaled, by the field or the value they speak of."""
    return tuple(
        row.id
        for row in blueprints.controls
        if row.kind is ControlKind.PARAMETER
        and row.paths
        and (
            any(field.startswith(f"{AUTOSCALERS}.") for field in row.fields)
            or any({"autoscaling", AUTOSCALERS} & set(path.split(".")) for path in row.paths)
        )
    )


def unjudged(found: Audit, gate: Gate) -> Proposal:
    """Return what the rows ask for that an audit could not judge: values whose keys no file has, and what is refused.

    Nobody plans them because an audit failed; a cause that lies in just what such a row states is mended by it.
    """
    unknown = (verdict for verdict in found.verdicts if verdict.outcome is Outcome.UNKNOWN and verdict.control.paths)
    return _proposal([verdict for verdict in unknown if verdict.control.kind is ControlKind.PARAMETER], gate)


def from_controls(ids: Iterable[str], found: Audit, gate: Gate) -> Proposal:
    """Return what would carry out the controls that were named."""
    verdicts = {verdict.control.id.casefold(): verdict for verdict in found.verdicts}
    named = [(name, verdicts.get(name.casefold())) for name in ids]
    rows: list[Verdict] = [verdict for _, verdict in named if verdict is not None]
    proposal = _proposal(rows, gate)
    unknown = [
        Refusal(name, "no blueprint has a control of that name", "agent blueprint list")
        for name, row in named
        if row is None
    ]
    proposal.refusals += unknown
    return proposal


def from_paths(paths: Iterable[str], found: Audit, gate: Gate) -> Proposal:
    """Return what would give the values paths that were named what their rows state."""
    proposal = Proposal()
    for path in paths:
        wanted = gate.of_path(path)
        if isinstance(wanted, Refusal):
            proposal.refusals.append(wanted)
        elif wanted:
            proposal.wanted += wanted
        else:
            rows = [item for item in found.verdicts if path in item.control.paths and item.outcome is Outcome.FAIL]
            proposal.reapplied += [again for row in rows for again in _reapplied(row)]
    return proposal


def _proposal(verdicts: Sequence[Verdict], gate: Gate) -> Proposal:
    proposal = Proposal()
    for verdict in verdicts:
        wanted = gate.of_control(verdict.control)
        if isinstance(wanted, Refusal):
            proposal.refusals.append(wanted)
            continue
        again = [] if wanted else list(_reapplied(verdict))
        proposal.wanted += [item for item in wanted if item.path not in {known.path for known in proposal.wanted}]
        proposal.reapplied += again
        if not wanted and not again and verdict.outcome is Outcome.FAIL:
            proposal.refusals.append(Refusal(verdict.control.id, _beyond(verdict)))
    return proposal


def _reapplied(verdict: Verdict) -> Iterator[Reapplied]:
    """Yield the points of a control that an upgrade alone puts right."""
    for point in verdict.points:
        if point.outcome is Outcome.FAIL and point.helm in (Helm.YES, Helm.CONFLICT):
            yield Reapplied(verdict.control, point)


def _beyond(verdict: Verdict) -> str:
    """Return why no values file and no upgrade mend a failure."""
    legs = {
        reading.leg for point in verdict.points for reading in point.readings if reading.standing is Standing.DIFFERS
    }
    if legs == {Leg.RENDERED} or verdict.cause == "chart":
        return f"the chart renders something else than the file says, so no value mends it: {verdict.why}"
    return f"neither a values file nor helm upgrade mends it: {verdict.why}"
