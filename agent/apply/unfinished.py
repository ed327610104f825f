"""Applies that this program did not bring to an end: found in the ledger at the next start, and settled."""

from collections.abc import Iterator
from pathlib import Path

from agent.apply import ledger, store
from agent.apply.carrier import carrier
from agent.apply.ledger import Entry, Event
from agent.apply.lock import locked
from agent.apply.outcome import Ending, Outcome
from agent.apply.recheck import Checked, world_of
from agent.apply.release import standing
from agent.apply.watch import look
from agent.approval.decision import Approval
from agent.change.plan import Plan, digest, restored, spliced
from agent.errors import AgentError, Denied
from agent.events import Emit, Said, Warned
from agent.world.identity import identity
from agent.world.world import World
from tools.commits import own_config
from tools.failure import Failure
from tools.files import read
from tools.sandbox import sandbox

BECAME = {Ending.APPLIED: "in force", Ending.ROLLED_BACK: "taken back", Ending.INTERRUPTED: "taken back"}


def settle(world: World, emit: Emit) -> None:
    """Bring every apply to its end that has none, as far as its cluster can be asked, and say what became of it."""
    found = ledger.entries()
    if isinstance(found, Failure):
        emit(Warned(str(found)))
        return
    for name, approval in unfinished(found):
        plan = store.load(name)
        if isinstance(plan, Failure):
            emit(Warned(f"plan {name[:12]} was begun and not ended, and cannot be read: {plan.detail}"))
        else:
            _settle(name, plan[1], approval, world, emit)


def unfinished(found: list[Entry]) -> Iterator[tuple[str, Approval]]:
    """Yield each plan whose intent has no outcome, with its approval."""
    ended = {entry.plan for entry in found if entry.event is Event.OUTCOME}
    for intent in found:
        if intent.event is Event.INTENT and intent.plan not in ended:
            said = next(
                (entry for entry in found if entry.plan == intent.plan and entry.event is Event.APPROVED), intent
            )
            yield (
                intent.plan,
                Approval(intent.plan, said.by, str(said.detail.get("how")), str(said.detail.get("reason") or "")),
            )


def _settle(name: str, plan: Plan, approval: Approval, world: World, emit: Emit) -> None:
    try:
        with locked(plan.target, name):
            outcome = _outcome(name, plan, approval, world, emit)
    except Denied:
        return  # whoever applies it is alive
    except AgentError as error:
        emit(Warned(f"plan {name[:12]} was begun and not ended: {error}"))
        return
    became = f"half done: {outcome.cause}" if outcome.ending is Ending.UNKNOWN else BECAME[outcome.ending]
    emit(Said("; ".join(filter(None, (f"plan {name[:12]} had been interrupted: it is {became}", outcome.next)))))


def _outcome(name: str, plan: Plan, approval: Approval, world: World, emit: Emit) -> Outcome:
    settled = world_of(plan, world)
    who = identity(settled.settings, plan.target.context, plan.target.namespace, settled.deadline)
    if who.cluster != plan.target.cluster:
        raise AgentError(f"context {plan.target.context} leads to another cluster now")
    with sandbox(who.access, path=settled.settings.path, git_config=own_config()) as box:
        now = standing(box, plan)
        if isinstance(now, Failure):
            raise AgentError(str(now))
        before, after = _contents(plan)
        checked = Checked(look(plan, settled), who, before, after)
        return carrier(plan)(name, plan, approval, checked, world, emit, box).resumed(now)


def _contents(plan: Plan) -> tuple[dict[Path, bytes], dict[Path, bytes]]:
    """Return what the plan's files held and were to hold, from whichever of the two they hold now.

    Raises:
        AgentError: a person has changed one since; then it is theirs to settle.

    """
    before: dict[Path, bytes] = {}
    after: dict[Path, bytes] = {}
    for edit in plan.edits:
        path = Path(edit.path)
        found = read(path)
        if digest(found) not in (edit.before, edit.after):
            raise AgentError(f"{path} was changed since; git and helm say what is in force")
        text = found.decode("utf-8")
        is_before = digest(found) == edit.before
        before[path] = found if is_before else restored(text, edit.splices).encode("utf-8")
        after[path] = spliced(text, edit.splices).encode("utf-8") if is_before else found
    return before, after
