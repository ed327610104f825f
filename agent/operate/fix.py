"""`fix`: the cause, the row it breaks, the plan that mends it, one question, and the workload as it is afterwards."""

from dataclasses import dataclass

from agent.apply.sealing import sealed
from agent.apply.unfinished import settle
from agent.audit.engine import audit
from agent.blueprint.control import Blueprints
from agent.change.causes import from_findings
from agent.change.gate import Refusal
from agent.diagnose.engine import diagnose
from agent.errors import Denied, UsageError
from agent.events import Emit, Progress, Said
from agent.exitcode import ExitCode
from agent.kube.names import parse
from agent.operate import apply
from agent.operate.apply import Applied, approved, carried
from agent.operate.arguments.apply import Apply
from agent.operate.arguments.fix import Fix
from agent.operate.arguments.plan import Plan as Asked
from agent.operate.diagnose import Diagnosed
from agent.operate.diagnose import code as found_code
from agent.operate.plan import Planned, drafted, gated, kept, refuse_what_is_under_way, refuse_what_others_keep
from agent.remedy.ground import ground
from agent.snapshot.record import Snapshot
from agent.world.proof import prove
from agent.world.world import World
from tools.failure import Failure


@dataclass(frozen=True, slots=True)
class Fixed:
    """What was wrong, what was planned, and how that ended; None where nothing was applied."""

    diagnosed: Diagnosed
    planned: Planned
    applied: Applied | None


def run(args: Fix, world: World, emit: Emit) -> Fixed:
    """Find the cause, plan what a row says instead, ask once, and carry it out."""
    settle(world, emit)
    asked = Asked(wait=args.wait, release=args.release, chart=args.chart, values=args.values, cluster=args.cluster)
    gate, chart, where = gated(asked, world, emit)
    diagnosed = _diagnosed(args, gate.inputs.snapshot, where.namespace, gate.inputs.blueprints, world)
    proposal = from_findings(diagnosed.diagnosis.findings, audit(gate.inputs), gate)
    if not (proposal.wanted or proposal.reapplied):
        return Fixed(diagnosed, Planned("", None, proposal.refusals), None)
    try:
        refuse_what_is_under_way(gate.inputs, where, install=False)
        refuse_what_others_keep(gate.inputs)
    except Denied as denied:
        refusal = Refusal(args.subject, str(denied))
        return Fixed(diagnosed, Planned("", None, [refusal]), None)
    emit(Progress("sealing the plan"))
    planned = kept(sealed(drafted(asked, proposal, gate, chart, where, world)), proposal.refusals)
    return Fixed(diagnosed, planned, _applied(args, planned, diagnosed, world, emit))


def _diagnosed(args: Fix, snapshot: Snapshot, namespace: str, blueprints: Blueprints, world: World) -> Diagnosed:
    found = diagnose(snapshot, parse(args.subject, args.cluster.namespace or namespace))
    if isinstance(found, Failure):
        raise UsageError(str(found))
    proofs = prove(found.findings, snapshot, world.settings, world.deadline)
    return Diagnosed(ground(found, blueprints, snapshot, world.settings.profile, proofs), snapshot)


def _applied(args: Fix, planned: Planned, diagnosed: Diagnosed, world: World, emit: Emit) -> Applied | None:
    """Ask once, with the cause above the card, and carry the plan out; None where nobody said yes: the plan stays."""
    if planned.plan is None:
        return None
    for finding in diagnosed.diagnosis.findings:
        emit(Said(f"{finding.cause}\n"))
    try:
        approval = approved(Apply(planned.name, reason=args.reason), planned.name, planned.plan, world)
    except Denied as later:
        emit(Said(str(later)))
        return None
    return carried(planned.name, planned.plan, approval, world, emit)


def code(result: Fixed) -> ExitCode:
    """Return how the apply ended; without one, that nobody approved or nothing may be planned, or what was found."""
    if result.applied is not None:
        return apply.code(result.applied)
    if result.planned.plan is not None or result.planned.refusals:
        return ExitCode.DENIED
    return found_code(result.diagnosed)
