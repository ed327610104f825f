"""Refusals are part of the record: who asked for what, and why it was not to be."""

import getpass
from collections.abc import Callable, Sequence
from functools import wraps
from typing import TypeVar

from agent.apply import ledger, store
from agent.apply.ledger import Event
from agent.change.grounds import Refusal
from agent.errors import Denied, Stale
from agent.events import Emit, Warned
from agent.operate.planned import Planned, told
from agent.world.world import World
from tools.failure import Failure

Args = TypeVar("Args")
Result = TypeVar("Result")

Operation = Callable[[Args, World, Emit], Result]


def noting_refusals(run: Operation[Args, Result]) -> Operation[Args, Result]:
    """Return an operation that enters in the ledger why it ended in Denied or Stale."""

    @wraps(run)
    def noted(args: Args, world: World, emit: Emit) -> Result:
        try:
            return run(args, world, emit)
        except (Denied, Stale) as refusal:
            note_refusal(_plan(args), str(refusal), emit)
            raise

    return noted


def _plan(args: object) -> str:
    """Return the id of the plan that was asked for, "" where none was or it is none."""
    named = getattr(args, "plan", None)
    found = store.load(named) if isinstance(named, str) else None
    return found[0] if isinstance(found, tuple) else ""


def refused(refusals: Sequence[Refusal], emit: Emit) -> Planned:
    """Return that there is no plan, and enter in the ledger what was asked for and why it may not be."""
    if refusals:
        note_refusal("", told(refusals), emit)
    return Planned("", None, refusals)


def note_refusal(plan: str, reason: str, emit: Emit) -> None:
    """Enter one refusal in the ledger; where that is not possible nothing is changed either, and it is said."""
    noted = ledger.append(Event.REFUSED, plan, getpass.getuser(), {"reason": reason})
    if isinstance(noted, Failure):
        emit(Warned(f"the refusal is not in the ledger: {noted}"))
