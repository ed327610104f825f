"""How the ledger reads: one line each for people, everything as `bluehelm/ledger/v1`."""

from dataclasses import asdict

from agent.apply.commands import SHORT
from agent.apply.ledger import Entry
from agent.operate.ledger import Lines, Standing, Verdict
from agent.report.data import document
from agent.report.terminal import Screen, Terminal

SCHEMA = "bluehelm/ledger/v1"

STYLES = {"rejected": "yellow", "refused": "yellow", "frozen": "yellow", "torn": "red", "intent": "bold"}
ENDINGS = {"applied": "green", "rolled-back": "yellow", "interrupted": "yellow", "unknown": "red"}

TOLD = ("controls", "action", "refused", "ending", "reason", "cause", "how", "revision", "capture")
"""What of a line's detail a person is shown."""


def as_text(result: Lines, screen: Screen) -> str:
    """Return the lines for a person."""
    terminal = Terminal(screen)
    for entry in result.entries:
        _line(terminal, entry)
    if not result.entries:
        terminal.line("Nothing was planned or changed yet.")
    return terminal.text()


def _line(terminal: Terminal, entry: Entry) -> None:
    ending = str(entry.detail.get("ending") or "")
    style = ENDINGS.get(ending) or STYLES.get(str(entry.event), "")
    terminal.row(
        terminal.cell(entry.time.replace("+00:00", "Z"), 22, "dim"),
        terminal.cell(str(entry.event), 10, style),
        terminal.cell(entry.plan[:SHORT], SHORT + 2),
        terminal.style(entry.by, ""),
    )
    said = [f"{key} {entry.detail[key]}" for key in TOLD if entry.detail.get(key)]
    if said:
        terminal.entry("", "; ".join(said), "dim", column=24)


def as_json(result: Lines, screen: Screen) -> str:
    """Return the lines for machines."""
    return document(SCHEMA, {"entries": [asdict(entry) for entry in result.entries]}, screen)


def verdict_as_text(result: Verdict, screen: Screen) -> str:
    """Return whether the ledger is whole."""
    terminal = Terminal(screen)
    if result.problems:
        terminal.line(f"The ledger {result.path} is not what was written.", "red")
        for problem in result.problems:
            terminal.entry("", problem)
        terminal.entry("right", f"the first {len(result.entries)} lines")
    else:
        terminal.line(f"The ledger is whole: {len(result.entries)} lines, {result.path}", "green")
    return terminal.text()


def verdict_as_json(result: Verdict, screen: Screen) -> str:
    """Return the same for machines."""
    return document(
        "bluehelm/ledger-verdict/v1",
        {
            "whole": not result.problems,
            "problems": list(result.problems),
            "lines": len(result.entries),
            "path": result.path,
        },
        screen,
    )


def standing_as_text(result: Standing, screen: Screen) -> str:
    """Return whether changes are frozen now."""
    terminal = Terminal(screen)
    if result.frozen:
        terminal.line(f"Frozen: nothing is applied until `agent thaw`. {result.reason}".strip(), "yellow")
    else:
        terminal.line("Thawed: plans may be applied again." if result.was else "Nothing was frozen.", "green")
    return terminal.text()
