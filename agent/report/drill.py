"""How a drill reads: its plan, or the rows there is one for; and as JSON."""

from agent.operate.drill import Drills
from agent.report import plan
from agent.report.data import document
from agent.report.terminal import Screen, Terminal

SCHEMA = "bluehelm/drills/v1"

NOTHING = "No row of the blueprints speaks of a failure that can be tried."


def as_text(result: Drills, screen: Screen) -> str:
    """Return the card, or the list."""
    if result.planned is not None:
        return plan.as_text(result.planned, screen)
    terminal = Terminal(screen)
    column = max((len(row.control) + 5 for row in result.rows), default=13)
    for row in result.rows:
        terminal.entry(row.control, f"{row.says} ({row.source})", "dim" if row.why_not else "", column=column)
        if row.measured:
            terminal.entry(
                "", f"measured last: {row.measured}", "green" if ": kept" in row.measured else "red", column=column
            )
        if row.why_not:
            terminal.entry("", row.why_not, "dim", column=column)
    terminal.line("agent drill CONTROL plans one; agent apply carries it out." if result.rows else NOTHING, "dim")
    return terminal.text()


def as_json(result: Drills, screen: Screen) -> str:
    """Return the plan as `plan` gives it, or the rows."""
    if result.planned is not None:
        return plan.as_json(result.planned, screen)
    return document(SCHEMA, {"rows": [row._asdict() for row in result.rows]}, screen)
