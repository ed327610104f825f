"""`apply`: carry a sealed plan out, once a person or a signature has approved exactly that plan."""

from dataclasses import dataclass, replace
from pathlib import Path

from agent.apply import cluster_carry, ledger, store
from agent.apply.carrier import carrier
from agent.apply.ledger import Entry, Event
from agent.apply.lock import locked
from agent.apply.outcome import CODES, Outcome
from agent.apply.recheck import Checked, recheck, refuse_unless_open, world_of
from agent.apply.unfinished import settle
from agent.approval.decision import Approval, Decision, Later, Rejection
from agent.approval.signature import how_to_sign, signed
from agent.change.plan import Action, Plan
from agent.errors import Denied, Stale, UsageError, known
from agent.events import Emit
from agent.exitcode import ExitCode
from agent.operate.arguments.apply import Apply
from agent.operate.refusing import noting_refusals
from agent.world.identity import identity
from agent.world.world import World
from tools.commits import own_config
from tools.failpoints import reached
from tools.failure import Failure, FailureKind
from tools.run import Running
from tools.sandbox import sandbox


@dataclass(frozen=True, slots=True)
class Applied:
    """A plan and how carrying it out ended."""

    name: str
    plan: Plan
    outcome: Outcome


@noting_refusals
def run(args: Apply, world: World, emit: Emit) -> Applied:
    """Apply a plan: everything it rests on is as it was, it is approved, and what follows is looked at."""
    settle(world, emit)
    name, plan = opened(args.plan)
    if plan.action is Action.CLUSTER:
        cluster_carry.recheck(name, plan, world)
    else:
        recheck(name, plan, world, emit)
    reached("checked")
    approval = approved(args, name, plan, world)
    reached("approved")
    return carried(name, plan, approval, world, emit)


def code(result: Applied) -> ExitCode:
    """Return how it ended, as scripts read it; a control that does not hold all the same is a finding."""
    outcome = result.outcome
    short = outcome.still or any(not row.met for row in outcome.measured)
    return ExitCode.FOUND if short and not CODES[outcome.ending] else CODES[outcome.ending]


def opened(named: str) -> tuple[str, Plan]:
    """Return the plan of that id, which may still be applied.

    Raises:
        UsageError: there is none.
        Stale: it is not what was sealed, or it may not be applied any more.
        Denied: changes are frozen.

    """
    found = store.load(named)
    if isinstance(found, Failure):
        raise (Stale if found.kind is FailureKind.MALFORMED else UsageError)(str(found))
    refuse_unless_open(*found)
    return found


def carried(name: str, plan: Plan, approval: Approval, world: World, emit: Emit) -> Applied:
    """Carry an approved plan out, alone with its release and once more sure of everything it rests on."""
    if approval.plan != name:
        raise Denied(f"the approval is for plan {approval.plan[:12]}, not for {name[:12]}")
    if plan.action is Action.CLUSTER:
        return Applied(name, plan, cluster_carry.carried(name, plan, approval, world, emit))
    with locked(plan.target, name) as held:
        reached("locked")
        checked: Checked = recheck(name, plan, world, emit)
        now = world_of(plan, world)  # with its own time: a person may have read for an hour
        settings = now.settings
        who = (
            identity(settings, plan.applier, plan.target.namespace, now.deadline) if plan.applier else checked.identity
        )
        if who.cluster != plan.target.cluster:
            raise Denied(f"context {plan.applier} leads to another cluster than {plan.target.context}")
        with sandbox(who.access, path=settings.path, git_config=own_config()) as box:
            carrying = carrier(plan)(
                name=name, plan=plan, approval=approval, checked=checked, world=world, emit=emit, box=box,
                running=Running([held], "started"),
            )  # fmt: skip
            return Applied(name, plan, carrying.run())


def approved(args: Apply, name: str, plan: Plan, world: World) -> Approval:
    """Return the approval of a plan, noted in the ledger.

    Raises:
        Denied: there is none; says how to give one.

    """
    decision = decided(args, name, plan, world)
    if isinstance(decision, Later):
        where = "signed" if plan.for_another else "at a terminal, or signed"
        how = f"; {where}: {how_to_sign(name)}, then --approval FILE" if decision.why else ""
        raise Denied(f"plan {name[:12]} was not approved{f': {decision.why}' if decision.why else ''}{how}")
    if isinstance(decision, Rejection):
        _noted(Event.REJECTED, name, decision.by, {"reason": decision.reason})
        raise Denied(f"plan {name[:12]} was rejected{f': {decision.reason}' if decision.reason else ''}")
    if plan.protected and not decision.reason:
        raise Denied("a protected context needs a reason: --reason TEXT")
    detail = {"how": decision.how, "reason": decision.reason, "screen": decision.screen}
    return replace(decision, line=ledger.seal(_noted(Event.APPROVED, name, decision.by, detail)))


def decided(args: Apply, name: str, plan: Plan, world: World) -> Decision:
    """Return what a signature, else a person, says of a plan."""
    if args.approval:
        signers = Path(world.settings.signers).expanduser() if world.settings.signers else None
        return signed(name, Path(args.approval), signers, args.reason or "")
    if plan.for_another:
        return Later("somebody else approves it")
    if world.approver is None:
        return Later("nobody can be asked here")
    return world.approver(name, plan, args.reason or "")


def _noted(event: Event, name: str, by: str, detail: dict[str, str]) -> Entry:
    return known(ledger.append(event, name, by, detail))
