"""Applies that this program did not bring to an end: found in the ledger at the next start, and settled."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from agent.apply import cluster_carry, ledger, store
from agent.apply.carrier import carrier
from agent.apply.ledger import Entry, Event
from agent.apply.lock import is_left_behind, locked
from agent.apply.outcome import Ending, Outcome
from agent.apply.recheck import Checked, world_of
from agent.apply.release import standing
from agent.apply.watch import look
from agent.approval.decision import Approval
from agent.change.plan import Action, Plan, digest
from agent.change.splice import restored, spliced
from agent.errors import AgentError, Denied
from agent.events import Emit, Said, Warned
from agent.world.identity import identity
from agent.world.world import World
from tools.commits import own_config
from tools.failure import Failure
from tools.files import read
from tools.sandbox import sandbox

BECAME = {
    Ending.APPLIED: "in force",
    Ending.ROLLED_BACK: "taken back",
    Ending.INTERRUPTED: "taken back",
    Ending.UNKNOWN: "half done",
    Ending.OVERTAKEN: "overtaken",
}


def settle(world: World, emit: Emit) -> None:
    """Bring every apply to its end that has none, as far as its cluster can be asked, and say what became of it."""
    found = ledger.entries()
    if isinstance(found, Failure):
        emit(Warned(str(found)))
        return
    for name in unfinished(found):
        plan = store.load(name)
        if isinstance(plan, Failure):
            emit(Warned(f"plan {name[:12]} was begun and not ended, and cannot be read: {plan.detail}"))
        else:
            _settle(name, plan[1], world, emit)


def unfinished(found: Sequence[Entry]) -> list[str]:
    """Return each plan that was begun and of whose end nobody knows."""
    last = {entry.plan: entry for entry in found if entry.event in (Event.INTENT, Event.OUTCOME)}
    return [name for name, entry in last.items() if entry.detail.get("ending", Ending.UNKNOWN) == Ending.UNKNOWN]


def _approval(name: str, found: Sequence[Entry]) -> Approval:
    """Return the approval a plan was begun with."""
    about = [entry for entry in found if entry.plan == name]
    said = next(entry for entry in about if entry.event in (Event.APPROVED, Event.INTENT))
    reason = str(said.detail.get("reason") or "")
    return Approval(name, said.by, str(said.detail.get("how")), reason, line=ledger.seal(said))


def _settle(name: str, plan: Plan, world: World, emit: Emit) -> None:
    try:
        with locked(plan.target, name):
            _under_lock(name, plan, world, emit)
    except Denied as held:  # whoever applies it is alive, or the helm they left behind is
        if is_left_behind(plan.target):
            emit(Said(f"plan {name[:12]} was interrupted, and its helm is still at work: {held}"))
    except AgentError as error:
        emit(Warned(f"plan {name[:12]} was begun and not ended: {error}"))


def _under_lock(name: str, plan: Plan, world: World, emit: Emit) -> None:
    """Settle a plan unless another process has, note it where that is news, and say it."""
    found = ledger.entries()
    if isinstance(found, Failure) or name not in unfinished(found):
        return
    outcome = _outcome(name, plan, _approval(name, found), world, emit)
    ends = [entry.detail for entry in found if entry.plan == name and entry.event is Event.OUTCOME]
    if not ends or ends[-1].get("ending") != outcome.ending:
        noted = ledger.append(Event.OUTCOME, name, "", asdict(outcome))
        if isinstance(noted, Failure):
            raise AgentError(str(noted))
    why = f": {outcome.cause}" if outcome.ending in (Ending.UNKNOWN, Ending.OVERTAKEN) else ""
    said = f"plan {name[:12]} had been interrupted: it is {BECAME[outcome.ending]}{why}"
    emit(Said("; ".join(filter(None, (said, outcome.next)))))


def _outcome(name: str, plan: Plan, approval: Approval, world: World, emit: Emit) -> Outcome:
    if plan.action is Action.CLUSTER:
        return cluster_carry.resumed(name, plan, approval, world, emit)
    settled = world_of(plan, world)
    who = identity(settled.settings, plan.target.context, plan.target.namespace, settled.deadline)
    if who.cluster != plan.target.cluster:
        raise AgentError(f"context {plan.target.context} leads to another cluster now")
    with sandbox(who.access, path=settled.settings.path, git_config=own_config()) as box:
        now = standing(box, plan)
        if isinstance(now, Failure):
            raise AgentError(str(now))
        contents = _contents(plan)
        if isinstance(contents, str) or now.is_overtaken(name, plan):
            return Outcome(Ending.OVERTAKEN, contents if isinstance(contents, str) else now.overtaken, now.revision)
        checked = Checked(look(plan, settled), who, *contents)
        return carrier(plan)(
            name=name, plan=plan, approval=approval, checked=checked, world=world, emit=emit, box=box
        ).resumed(now)


def _contents(plan: Plan) -> tuple[dict[Path, bytes], dict[Path, bytes]] | str:
    """Return what the plan's files held and were to hold, from whichever of the two they hold now.

    A text says that a person has changed one since; then it is theirs.
    """
    before: dict[Path, bytes] = {}
    after: dict[Path, bytes] = {}
    for edit in plan.edits:
        path = Path(edit.path)
        found = _read(path)
        if digest(found) not in (edit.before, edit.after):
            return f"{path} was changed since; git and helm say what is in force"
        text = found.decode("utf-8")
        is_before = digest(found) == edit.before
        before[path] = found if is_before else restored(text, edit.splices).encode("utf-8")
        after[path] = spliced(text, edit.splices).encode("utf-8") if is_before else found
    return before, after


def _read(path: Path) -> bytes:
    try:
        return read(path)
    except OSError as error:
        raise AgentError(f"{path}: {error.strerror}") from error
