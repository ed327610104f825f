"""`history`, `ledger verify`, `freeze`, `thaw`: what was planned, approved and done, and whether anything may be."""

import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.apply import ledger, store
from agent.apply.ledger import Entry, Event
from agent.apply.state import unknown, untold
from agent.errors import Indeterminate
from agent.events import Emit, Warned
from agent.exitcode import ExitCode
from agent.operate.arguments.apply import Freeze, History, Thaw, VerifyLedger
from agent.world.world import World
from tools import git
from tools.failure import Failure
from tools.git import Seal
from tools.sandbox import sandbox


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


def verify(_: VerifyLedger, world: World, __: Emit) -> Verdict:
    """Read the whole ledger and hold every line against the one before it, and the plans and commits against all."""
    problems, found = ledger.problems()
    names = store.names()
    problems = problems or unknown(names, found) or untold(found, _commits(names, world))
    return Verdict(problems, found, str(ledger.path()))


def _commits(names: Sequence[str], world: World) -> list[Seal]:
    """Return the commits of these plans: each names the ledger's line behind it, where the ledger's writer cannot."""
    found = (store.load(name) for name in names)
    plans = dict(item for item in found if not isinstance(item, Failure))
    tops = sorted({plan.inputs.repository for plan in plans.values() if plan.edits})
    with sandbox(deadline=world.deadline) as box:
        made = [git.seals(box, Path(top)) for top in tops]
    return [item for seals in made if not isinstance(seals, Failure) for item in seals if item.plan in plans]


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
