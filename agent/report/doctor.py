"""How the doctor's checks read: for people, and as `bluehelm/doctor/v1`."""

from agent.operate.doctor import CheckState, Checkup
from agent.report.data import document
from agent.report.terminal import Screen, Terminal

SCHEMA = "bluehelm/doctor/v1"


COLOURS = {CheckState.OK: "green", CheckState.WARNING: "yellow", CheckState.FAILED: "red", CheckState.UNKNOWN: "yellow"}


def as_json(result: Checkup, screen: Screen) -> str:
    """Return the checks for machines."""
    rows = [{"name": c.name, "outcome": c.state.value, "text": c.text, "hint": c.hint} for c in result.checks]
    return document(SCHEMA, {"checks": rows}, screen)


def as_text(result: Checkup, screen: Screen) -> str:
    """Return one line a check, and what to do under those that need it."""
    terminal = Terminal(screen)
    for check in result.checks:
        mark = terminal.style(f"{check.state:<8}".rstrip(), COLOURS[check.state]) + " " * (8 - len(check.state))
        terminal.row(f"{mark} {terminal.style(check.name, 'bold')}: {terminal.style(check.text, '')}")
        if check.hint and check.state is not CheckState.OK:
            terminal.entry("", check.hint, "dim", column=9)
    return terminal.text()
