"""How an apply reads: how it ended, why, and what to do next; and as `bluehelm/apply/v1`."""

from dataclasses import asdict

from agent.apply.commands import SHORT, way_back
from agent.apply.outcome import Ending
from agent.change.sentence import sentence
from agent.operate.apply import Applied
from agent.report.data import document
from agent.report.terminal import Screen, Terminal

SCHEMA = "bluehelm/apply/v1"

HEADLINES = {
    Ending.APPLIED: ("Applied", "green"),
    Ending.ROLLED_BACK: ("Not applied, everything is as it was", "yellow"),
    Ending.INTERRUPTED: ("Interrupted, everything is as it was", "yellow"),
    Ending.OVERTAKEN: ("Somebody has gone on from where it was left", "red"),
    Ending.UNKNOWN: ("Nobody knows how it ended: look before anything else is changed", "red"),
}


def as_text(result: Applied, screen: Screen) -> str:
    """Return the outcome for a person."""
    terminal, outcome = Terminal(screen), result.outcome
    headline, style = HEADLINES[outcome.ending]
    if result.plan.drill is not None and outcome.ending is Ending.APPLIED:
        is_back = not outcome.still and result.plan.drill.request is None  # a request leaves nothing to come back from
        headline = "Tried, and everything is as it was" if is_back else "Tried"
    terminal.line(f"{headline}: {sentence(result.plan)}", style)
    if outcome.cause:
        terminal.entry("why", outcome.cause)
    for row in outcome.measured:
        promised = f", {row.promised} s are promised" if row.promised else ""
        terminal.entry(
            row.control, f"{row.said}{promised}", "" if row.met else "red", column=max(13, len(row.control) + 5)
        )
    for text in outcome.still:
        terminal.entry("but", text, "yellow")
    if outcome.revision:
        terminal.entry("release", f"{result.plan.target.release} is at revision {outcome.revision}")
    if outcome.commit:
        terminal.entry("commit", outcome.commit[:SHORT])
    if outcome.capture:
        terminal.entry("capture", f"{outcome.capture} (agent diagnose --bundle {outcome.capture})", "dim")
    if outcome.next:
        terminal.entry("next", outcome.next, "bold")
    elif outcome.ending is Ending.APPLIED and result.plan.rollback.command:
        terminal.entry("undo", way_back(result.plan, result.name), "dim")
    return terminal.text()


def as_json(result: Applied, screen: Screen) -> str:
    """Return the outcome for machines."""
    return document(SCHEMA, {"plan": result.name, "sentence": sentence(result.plan), **asdict(result.outcome)}, screen)
