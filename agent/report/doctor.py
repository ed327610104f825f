"""How the doctor's checks read: for people, and as `bluehelm/doctor/v1`."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent.report.data import write
from agent.report.terminal import Terminal

SCHEMA = "bluehelm/doctor/v1"


class Outcome(StrEnum):
    """How one check went."""

    OK = "ok"
    WARNING = "warning"
    """It works with less."""
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It could not be found out."""


COLOURS = {Outcome.OK: "green", Outcome.WARNING: "yellow", Outcome.FAILED: "red", Outcome.UNKNOWN: "yellow"}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: its name, how it is, what was seen, and what to do or what is lost."""

    name: str
    outcome: Outcome
    text: str
    hint: str = ""


def as_json(checks: Sequence[Check]) -> None:
    """Write the checks for machines."""
    rows = [{"name": c.name, "outcome": c.outcome.value, "text": c.text, "hint": c.hint} for c in checks]
    write(SCHEMA, {"checks": rows})


def as_text(checks: Sequence[Check]) -> None:
    """Write one line a check, and what to do under those that need it."""
    terminal = Terminal()
    for check in checks:
        mark = terminal.style(f"{check.outcome:<8}".rstrip(), COLOURS[check.outcome]) + " " * (8 - len(check.outcome))
        terminal.stream.write(f"{mark} {terminal.style(check.name, 'bold')}: {terminal.style(check.text, '')}\n")
        if check.hint and check.outcome is not Outcome.OK:
            terminal.entry("", check.hint, "dim", column=9)
