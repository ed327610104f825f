"""`drill`: a failure that the blueprints promise to survive, sealed as a plan; without a row, what can be tried."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from agent.apply.drill_plan import Drilled, drilled
from agent.apply.unfinished import settle
from agent.audit.inputs import Inputs
from agent.audit.mechanisms import Scenario
from agent.change.drills import NO_DRILL, rows, untried, workloads
from agent.errors import Denied, UsageError
from agent.events import Emit, Progress
from agent.kube.names import parse
from agent.operate.arguments.drill import Drill
from agent.operate.arguments.plan import Plan as Asked
from agent.operate.plan import Planned, blueprint_folder, gated, kept, refuse_what_is_under_way, refuse_what_others_keep
from agent.snapshot.record import Ref
from agent.world.identity import identity
from agent.world.world import World

SECONDS = 60
"""How long helm may wait for what cannot become ready, unless a person says otherwise."""


class Row(NamedTuple):
    """A row that a drill answers, or that none can."""

    control: str
    source: str
    says: str
    tried: str
    why_not: str


@dataclass(frozen=True, slots=True)
class Drills:
    """The plan of the drill that was asked for, None where none was; and every row there is a drill for."""

    planned: Planned | None
    rows: Sequence[Row]


def run(args: Drill, world: World, emit: Emit) -> Drills:
    """Seal a plan of the drill of a row."""
    settle(world, emit)
    asked = Asked(release=args.release, chart=args.chart, values=args.values, cluster=args.cluster)
    gate, chart, where = gated(asked, world, emit)
    inputs = gate.inputs
    found = [Row(row.id, str(row.source), row.title, tried, NO_DRILL.get(tried, "")) for row, tried in rows(inputs)]
    found += [Row(row.id, str(row.source), row.title, "", why) for row, why in untried(inputs)]
    if not args.row:
        return Drills(None, found)
    tried = _tried(args.row, found)
    refuse_what_is_under_way(inputs, where, install=False)
    refuse_what_others_keep(inputs)
    assert inputs.release is not None  # noqa: S101 - refused above
    emit(Progress("sealing the plan"))
    asked_for = Drilled(
        tried, _workload(args.of, inputs), inputs, inputs.release, chart, where,
        identity(world.settings, "", where.namespace, world.deadline), world.settings,
        int(args.wait or SECONDS), args.outage, str(blueprint_folder(world.settings).resolve()),
    )  # fmt: skip
    return Drills(kept(drilled(asked_for), ()), found)


def _tried(named: str, found: Sequence[Row]) -> Scenario:
    row = next((item for item in found if item.control.casefold() == named.casefold()), None)
    if row is None:
        raise UsageError(f"no drill answers {named!r}; agent drill lists the rows there is one for")
    if row.why_not:
        raise Denied(row.why_not)
    return Scenario(row.tried)


def _workload(named: str | None, inputs: Inputs) -> Ref:
    """Return the workload to try it on."""
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
