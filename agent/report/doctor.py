"""How the doctor's checks read: for people, and as `bluehelm/doctor/v1`."""

from agent.operate.doctor import Checkup, Outcome
from agent.report.data import document
from agent.report.terminal import Screen, Terminal

SCHEMA = "bluehelm/doctor/v1"


COLOURS = {Outcome.OK: "green", Outcome.WARNING: "yellow", Outcome.FAILED: "red", Outcome.UNKNOWN: "yellow"}


def as_json(result: Checkup, screen: Screen) -> str:
    """Return the checks for machines."""
    rows = [{"name": c.name, "outcome": c.outcome.value, "text": c.text, "hint": c.hint} for c in result.checks]
    return document(SCHEMA, {"checks": rows}, screen)


def as_text(result: Checkup, screen: Screen) -> str:
    """Return one line a check, and what to do under those that need it."""
    terminal = Terminal(screen)
    for check in result.checks:
        mark = terminal.style(f"{check.outcome:<8}".rstrip(), COLOURS[check.outcome]) + " " * (8 - len(check.outcome))
        terminal.row(f"{mark} {terminal.style(check.name, 'bold')}: {terminal.style(check.text, '')}")
        if check.hint and check.outcome is not Outcome.OK:
            terminal.entry("", check.hint, "dim", column=9)
    return terminal.text()
