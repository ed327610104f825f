"""`history`, `ledger verify`, `freeze`, `thaw`: what was planned, approved and done, and whether anything may be."""

import getpass
from collections.abc import Sequence
from dataclasses import dataclass

from agent.apply import ledger, store
from agent.apply.ledger import Entry, Event
from agent.apply.state import unknown
from agent.errors import Indeterminate
from agent.events import Emit, Warned
from agent.exitcode import ExitCode
from agent.operate.arguments.apply import Freeze, History, Thaw, VerifyLedger
from agent.world.world import World
from tools.failure import Failure


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of the ledger, oldest first."""

    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the ledger is what was written: what is wrong with it, and how many lines are right."""

    problems: Sequence[str]
    entries: Sequence[Entry]
    path: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether changes are frozen now."""

    frozen: bool
    reason: str
    was: bool
    """Whether it was so before."""


def history(args: History, _: World, emit: Emit) -> Lines:
    """Return the last lines of the ledger, or those about one plan."""
    problems, found = ledger.problems()
    for problem in problems:
        emit(Warned(f"the ledger is not whole: {problem}; see `agent ledger verify`"))
    about = [entry for entry in found if not args.plan or entry.plan.startswith(args.plan.lower())]
    return Lines(about[-int(args.last) :])


def verify(_: VerifyLedger, __: World, ___: Emit) -> Verdict:
    """Read the whole ledger and hold every line against the one before it, and the plans that are kept against all."""
    problems, found = ledger.problems()
    return Verdict(problems or unknown(store.names(), found), found, str(ledger.path()))


def verified(result: Verdict) -> ExitCode:
    """Return FOUND where the ledger is not what was written."""
    return ExitCode.FOUND if result.problems else ExitCode.OK


def freeze(args: Freeze, _: World, __: Emit) -> Standing:
    """Refuse every apply from now on."""
    return _marked(Event.FROZEN, args.reason)


def thaw(_: Thaw, __: World, ___: Emit) -> Standing:
    """Let plans be applied again."""
    return _marked(Event.THAWED, "")


def _marked(event: Event, reason: str) -> Standing:
    found = ledger.entries()
    if isinstance(found, Failure):
        raise Indeterminate(str(found))
    was = ledger.frozen(found) is not None
    noted = ledger.append(event, "", getpass.getuser(), {"reason": reason})
    if isinstance(noted, Failure):
        raise Indeterminate(str(noted))
    return Standing(event is Event.FROZEN, reason, was)
