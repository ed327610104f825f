"""`plan`: what a blueprint justifies, sealed for a person to approve. `plan show`: read it again."""

from agent.apply import store
from agent.apply.sealing import housed, sealed
from agent.apply.state import banner
from agent.apply.unfinished import settle
from agent.audit.engine import audit
from agent.change.gate import Gate
from agent.change.proposal import AUTOSCALERS, Proposal, from_audit, from_controls, from_paths, of_autoscalers
from agent.errors import UsageError
from agent.events import Emit, Progress, Said
from agent.operate.arguments.plan import Plan, ShowPlan
from agent.operate.cluster import of_cluster
from agent.operate.drafting import drafted, gated, handed_over, heeded
from agent.operate.fix import mended
from agent.operate.planned import Planned, kept
from agent.operate.refusing import noting_refusals, refused
from agent.world.world import World
from tools.failure import Failure
from tools.kinds import kind_called

CLUSTER = "cluster"
"""What one asks for who wants minikube to make the cluster what its blueprint says."""


@noting_refusals
def run(args: Plan, world: World, emit: Emit) -> Planned:
    """Seal a plan of what was asked for, as far as the blueprints justify it."""
    settle(world, emit)
    if CLUSTER in args.what:
        return of_cluster([name for name in args.what if name != CLUSTER], world, emit)
    if any(map(_is_object, args.what)):
        return _of_cause(args, world, emit)
    gate, chart, where = gated(args, world, emit)
    proposal = heeded(_proposal(args, gate), gate.inputs, chart, where, world)
    if not (args.install or proposal.changes_something):
        return refused(proposal.refusals, emit)
    emit(Progress("sealing the plan"))
    draft = housed(drafted(args, proposal, gate, chart, where, world))
    refusals = draft.proposal.refusals
    if not (args.install or draft.proposal.changes_something):
        return refused(refusals, emit)
    return handed_over(kept(sealed(draft), refusals), args.handover, world, emit)


def show(args: ShowPlan, _: World, __: Emit) -> Planned:
    """Return a plan as it was sealed, with how it stands now: also one that is used, expired or overtaken."""
    named = args.plan or next(iter(store.names()), "")
    if not named:
        raise UsageError("no plan was made yet; see `agent plan --help`")
    found = store.load(named)
    if isinstance(found, Failure):
        raise UsageError(str(found))
    name, plan = found
    return Planned(name, plan, (), banner(name, plan))


def _is_object(name: str) -> bool:
    """Return whether `deploy/web` was meant, and no values path whose key has a slash in it."""
    kind, slash, _ = name.partition("/")
    return bool(slash) and kind_called(kind) is not None


def _of_cause(args: Plan, world: World, emit: Emit) -> Planned:
    """Seal a plan of what mends the cause of one object, as `fix` does, and ask nobody."""
    if len(args.what) > 1 or args.install:
        raise UsageError(f"{args.what[0]}: the cause of one object is planned at a time, and alone")
    found = mended(args.what[0], args, world, emit)
    for finding in found.diagnosed.diagnosis.findings:
        emit(Said(f"{finding.cause}\n"))
    return found.planned


def _proposal(args: Plan, gate: Gate) -> Proposal:
    found = audit(gate.inputs)
    if not args.what:
        return from_audit(found, gate)
    ids = {row.id.casefold() for row in gate.inputs.blueprints.controls}
    every = of_autoscalers(gate.inputs.blueprints)
    asked = [one for name in args.what for one in (every if name == AUTOSCALERS and every else (name,))]
    controls = [name for name in asked if name.casefold() in ids]
    paths = [name for name in asked if name.casefold() not in ids]
    named = gate.trying()  # a key that no file has may be what is asked for: whether a template reads it is seen
    one, other = from_controls(controls, found, named), from_paths(paths, found, named)
    known = {item.path for item in one.wanted}
    wanted = [*one.wanted, *(item for item in other.wanted if item.path not in known)]
    return Proposal(wanted, [*one.reapplied, *other.reapplied], [*one.refusals, *other.refusals])
