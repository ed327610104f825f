"""How an apply ended."""

from dataclasses import dataclass
from enum import StrEnum

from agent.change.measure import Measured
from agent.exitcode import ExitCode


class Ending(StrEnum):
    """What became of the change."""

    APPLIED = "applied"
    """It is in force and was looked at: nothing is worse than before."""
    ROLLED_BACK = "rolled-back"
    """It failed or made something worse, and everything is as it was."""
    INTERRUPTED = "interrupted"
    """A person stopped it, and everything is as it was."""
    UNKNOWN = "unknown"
    """Nobody knows, or half of it is in force: a person has to look."""
    OVERTAKEN = "overtaken"
    """It was never brought to its end, and somebody has gone on from there: it is theirs."""


CODES = {
    Ending.APPLIED: ExitCode.OK,
    Ending.ROLLED_BACK: ExitCode.ROLLED_BACK,
    Ending.INTERRUPTED: ExitCode.INTERRUPTED,
    Ending.UNKNOWN: ExitCode.UNKNOWN_OUTCOME,
    Ending.OVERTAKEN: ExitCode.UNKNOWN_OUTCOME,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one apply, as the ledger keeps it."""

    ending: Ending
    cause: str = ""
    """Why, in one sentence; never "timed out"."""
    revision: int = 0
    """The release's newest revision."""
    commit: str = ""
    """The commit that holds the change, "" for none."""
    worse: tuple[str, ...] = ()
    """What was worse than before, so that it was taken back."""
    still: tuple[str, ...] = ()
    """Controls that do not hold all the same, each with the reason."""
    capture: str = ""
    """The bundle of what failed, taken before anything was taken back."""
    measured: tuple[Measured, ...] = ()
    """Of a drill: each row beside what was measured."""
    next: str = ""
    """What a person does now, "" for nothing."""
