"""`drill`: a failure that the blueprints promise to survive, sealed as a plan; without a row, what can be tried."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from agent.apply.drill_plan import Drilled, drilled
from agent.apply.measurements import measurements
from agent.apply.unfinished import settle
from agent.audit.inputs import Inputs
from agent.blueprint.control import Control
from agent.change import request
from agent.change.drills import NO_DRILL, Tried, drill_of, rows, untried, workloads
from agent.errors import Denied, UsageError
from agent.events import Emit, Progress
from agent.kube.names import parse
from agent.operate.arguments.drill import Drill
from agent.operate.arguments.plan import Plan as Asked
from agent.operate.drafting import blueprint_folder, gated, refuse_what_is_under_way, refuse_what_others_keep
from agent.operate.planned import Planned, kept
from agent.operate.refusing import noting_refusals
from agent.snapshot.record import Ref
from agent.verify import line
from agent.world.identity import identity
from agent.world.world import World

SECONDS = 60
"""How long helm may wait for what cannot become ready, or load goes on, unless a person says otherwise."""


class Row(NamedTuple):
    """A row that a drill answers, or that none can."""

    control: str
    source: str
    says: str
    tried: str
    why_not: str
    measured: str = ""
    """What a drill of it measured last, beside the promise; "" for nothing."""


@dataclass(frozen=True, slots=True)
class Drills:
    """The plan of the drill that was asked for, None where none was; and every row there is a drill for."""

    planned: Planned | None
    rows: Sequence[Row]


@noting_refusals
def run(args: Drill, world: World, emit: Emit) -> Drills:
    """Seal a plan of the drill of a row."""
    settle(world, emit)
    asked = Asked(release=args.release, chart=args.chart, values=args.values, cluster=args.cluster)
    gate, chart, where = gated(asked, world, emit)
    inputs = gate.inputs
    found = _rows(inputs)
    if not args.row:
        return Drills(None, found)
    row, tried = _tried(args.row, found, inputs)
    refuse_what_is_under_way(inputs, where, install=False)
    refuse_what_others_keep(inputs)
    assert inputs.release is not None  # noqa: S101 - refused above
    emit(Progress("sealing the plan"))
    asked_for = Drilled(
        row, tried, _workload(args.of, row, inputs), inputs, inputs.release, chart, where,
        identity(world.settings, "", where.namespace, world.deadline), world.settings,
        int(args.wait or SECONDS), args.outage, str(blueprint_folder(world.settings).resolve()),
    )  # fmt: skip
    return Drills(kept(drilled(asked_for), ()), found)


def _rows(inputs: Inputs) -> list[Row]:
    found = [Row(row.id, str(row.source), row.title, tried, NO_DRILL.get(tried, "")) for row, tried in rows(inputs)]
    every = [*found, *(Row(row.id, str(row.source), row.title, "", why) for row, why in untried(inputs))]
    last = measurements()
    return [row._replace(measured=str(last[row.control])) if row.control in last else row for row in every]


def _tried(named: str, found: Sequence[Row], inputs: Inputs) -> tuple[Control, Tried]:
    row = next((item for item in found if item.control.casefold() == named.casefold()), None)
    if row is None:
        raise UsageError(f"no drill answers {named!r}; agent drill lists the rows there is one for")
    if row.why_not:
        raise Denied(row.why_not)
    control = inputs.blueprints.control(row.control)
    tried = drill_of(control) if control is not None else None
    assert control is not None and tried is not None  # noqa: S101, PT018 - it is one of the rows
    return control, tried


def _workload(named: str | None, row: Control, inputs: Inputs) -> Ref:
    """Return the workload to try it on: a line that asks says itself whom, and --of must not mean another one."""
    asked_for = request.address(line.parse(row).command)
    if asked_for is None:
        return _named(named, inputs)
    found = request.workload(asked_for, inputs.namespace, inputs.snapshot)
    if found is None:
        raise Denied(f"{asked_for.target} leads to no pod here (agent diagnose says why)")
    if named and parse(named, inputs.namespace) != found:
        raise UsageError(f"{row.id} asks {asked_for.target}, which leads to {found}, not to {named}")
    return found


def _named(named: str | None, inputs: Inputs) -> Ref:
    found = workloads(inputs)
    if named:
        asked = parse(named, inputs.namespace)
        matching = [item for item in found if item == asked]
    else:
        matching = found
    if len(matching) != 1:
        known = ", ".join(f"{item.kind.casefold()}/{item.name}" for item in found)
        raise UsageError(f"on which workload? --of one of {known}" if found else "the blueprints bind no workload")
    return matching[0]
