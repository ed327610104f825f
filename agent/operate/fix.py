"""`fix`: the cause, the row it breaks, the plan that mends it, one question, and the workload as it is afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.apply.sealing import sealed
from agent.apply.unfinished import settle
from agent.audit.engine import audit
from agent.audit.inputs import Inputs
from agent.change.causes import Decides, Known, beside, from_findings, unmended
from agent.change.gate import Gate
from agent.change.grounds import Refusal
from agent.change.plan import Elsewhere
from agent.change.proposal import Proposal, from_audit, unjudged
from agent.diagnose.engine import diagnose
from agent.diagnose.finding import Finding
from agent.errors import Denied, UsageError
from agent.events import Emit, Progress, Said
from agent.exitcode import ExitCode
from agent.kube.gitops import keeper
from agent.kube.names import parse
from agent.operate import apply
from agent.operate.apply import Applied, approved, carried
from agent.operate.arguments.apply import Apply
from agent.operate.arguments.fix import Fix
from agent.operate.arguments.plan import Plan as Asked
from agent.operate.diagnose import Diagnosed
from agent.operate.diagnose import code as found_code
from agent.operate.drafting import drafted, gated, handed_over, kept_by
from agent.operate.planned import Planned, kept
from agent.operate.refusing import note_refusal, noting_refusals, refused
from agent.remedy.ground import ground
from agent.remedy.owned import Proofs
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Ref, Snapshot
from agent.world.chart import Chart
from agent.world.decides import decides, stated
from agent.world.identity import identity
from agent.world.kept import elsewhere
from agent.world.proof import prove
from agent.world.release import Target
from agent.world.world import World
from tools.failure import Failure


@dataclass(frozen=True, slots=True)
class Fixed:
    """What was wrong, what was planned, and how that ended; None where nothing was applied."""

    diagnosed: Diagnosed
    planned: Planned
    applied: Applied | None
    elsewhere: Elsewhere | None = None
    """Where the change belongs that no row states, of what a GitOps tool keeps."""


@noting_refusals
def run(args: Fix, world: World, emit: Emit) -> Fixed:
    """Find the cause, plan what a row says instead, ask once, and carry it out."""
    settle(world, emit)
    asked = Asked(
        wait=args.wait, release=args.release, chart=args.chart, values=args.values, handover=args.handover,
        cluster=args.cluster,
    )  # fmt: skip
    found = mended(args.subject, asked, world, emit)
    return replace(found, applied=_applied(args, found.planned, found.diagnosed, world, emit))


def mended(named: str, asked: Asked, world: World, emit: Emit) -> Fixed:
    """Find the cause of one object, and seal the plan of what a row says instead; nothing is applied."""
    gate, chart, where = gated(asked, world, emit)
    subject = parse(named, asked.cluster.namespace or where.namespace)
    diagnosed, proofs = _diagnosed(subject, gate.inputs, chart, world)
    known = _known(gate, chart, where, world, emit, proofs)
    findings = diagnosed.diagnosis.findings
    proposal = from_findings(findings, subject, known)
    if proposal.is_moot():
        known = replace(known, stated=_stated(findings, gate, chart, where, world, emit))
        waiting = diagnosed.diagnosis.unsettled
        refusals = list(unmended(findings, waiting, known))
        return Fixed(diagnosed, refused(refusals, emit), None, _elsewhere(gate.inputs, subject, world))
    try:
        notes = _with_the_others(proposal, known, gate.inputs.snapshot)
        emit(Progress("sealing the plan"))
        draft = replace(drafted(asked, proposal, gate, chart, where, world), notes=notes)
        planned = handed_over(kept(sealed(draft), proposal.refusals), asked.handover, world, emit)
    except Denied as denied:
        return Fixed(diagnosed, refused([Refusal(", ".join(proposal.controls), str(denied))], emit), None)
    return Fixed(diagnosed, planned, None)


def _elsewhere(inputs: Inputs, subject: Ref, world: World) -> Elsewhere | None:
    graph = Graph(inputs.snapshot)
    obj = graph.get(*subject)
    keeps = kept_by(inputs) or keeper([subject, *([ref(graph.workload(obj))] if obj else [])], graph)
    if keeps is None:
        return None
    who = identity(world.settings, "", inputs.namespace, world.deadline)
    return elsewhere(keeps, {}, who.access, world.deadline)


def _known(gate: Gate, chart: Chart, where: Target, world: World, emit: Emit, proofs: Proofs) -> Known:
    """Return the controls that fail or that no audit could judge, and which fields the values they state decide."""
    emit(Progress("finding out what the values decide that are not as their rows say"))
    audited = audit(gate.inputs)
    failing, others = from_audit(audited, gate), unjudged(audited, gate.trying())
    failing.wanted += others.wanted
    paths = {row.id: row.paths for row in gate.inputs.blueprints.controls}
    withheld = {path: item for item in others.refusals for path in paths.get(item.subject, ())}
    values = {item.path: item.value for item in failing.wanted}
    found = decides(values, chart, gate.inputs, where, world.settings, world.deadline)
    return Known(failing, found, Graph(gate.inputs.snapshot), proofs=proofs, withheld=withheld)


def _stated(findings: Sequence[Finding], gate: Gate, chart: Chart, where: Target, world: World, emit: Emit) -> Decides:
    """Return what each value decides, where a cause has no row and has to be told which value one would state."""
    if all(finding.citations for finding in findings):
        return {}
    return stated(chart, gate.inputs, where, world.settings, world.deadline, emit)


def _with_the_others(proposal: Proposal, known: Known, snapshot: Snapshot) -> tuple[str, ...]:
    """Add what mends the other causes of the release that helm would wait for; return a sentence for each."""
    everything = diagnose(snapshot)
    if isinstance(everything, Failure):
        return ()
    more, notes = beside(everything.findings, proposal, known)
    proposal.wanted += [item for item in more.wanted if item not in proposal.wanted]
    proposal.reapplied += [item for item in more.reapplied if item not in proposal.reapplied]
    return tuple(notes)


def _diagnosed(subject: Ref, inputs: Inputs, chart: Chart, world: World) -> tuple[Diagnosed, Proofs]:
    snapshot = inputs.snapshot
    found = diagnose(snapshot, subject)
    if isinstance(found, Failure):
        raise UsageError(str(found))
    proofs = prove(found.findings, snapshot, world.settings, world.deadline, {chart.name: chart})
    return Diagnosed(ground(found, inputs.blueprints, snapshot, world.settings.profile, proofs), snapshot), proofs


def _applied(args: Fix, planned: Planned, diagnosed: Diagnosed, world: World, emit: Emit) -> Applied | None:
    """Ask once, with the cause above the card, and carry the plan out; None where nobody said yes: the plan stays."""
    if planned.plan is None or planned.plan.conflicts:  # helm would be refused, as the plan shows: nobody is asked
        return None
    for finding in diagnosed.diagnosis.findings:
        emit(Said(f"{finding.cause}\n"))
    if planned.plan.elsewhere or args.handover.is_asked:
        return None
    try:
        approval = approved(Apply(planned.name, reason=args.reason), planned.name, planned.plan, world)
    except Denied as later:
        note_refusal(planned.name, str(later), emit)
        emit(Said(str(later)))
        return None
    return carried(planned.name, planned.plan, approval, world, emit)


def code(result: Fixed) -> ExitCode:
    """Return how the apply ended; without one, that nobody approved or nothing may be planned, or what was found."""
    if result.applied is not None:
        return apply.code(result.applied)
    if result.planned.patch or result.planned.branch:
        return ExitCode.OK
    if result.planned.plan is not None or result.planned.refusals:
        return ExitCode.DENIED
    return found_code(result.diagnosed)
