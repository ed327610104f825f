"""How a drafted row reads: the patch for people and `git apply`, all of it as `bluehelm/row/v1`."""

from dataclasses import asdict

from agent.operate.spec import Proposed
from agent.report.data import Data, document
from agent.report.terminal import Screen, Terminal

SCHEMA = "bluehelm/row/v1"


def as_text(result: Proposed, screen: Screen) -> str:
    """Return the patch as it is for a pipe, and shown for a person; or why there is none."""
    if result.patch and not screen.is_terminal:
        return result.patch
    terminal = Terminal(screen)
    terminal.block(result.patch, 0)
    if result.refusal is not None:
        terminal.line(f"No row can state it: {result.path}", "yellow")
        terminal.entry("why", result.refusal.reason)
        if result.refusal.first:
            terminal.entry("first", result.refusal.first, "dim")
    return terminal.text()


def as_json(result: Proposed, screen: Screen) -> str:
    """Return the rows for machines."""
    rows: list[Data] = [
        {"control": row.control, "file": row.file, "line": row.line, "was": row.was, "row": row.text}
        for row in result.rows
    ]
    refusal = asdict(result.refusal) if result.refusal else None
    return document(SCHEMA, {"path": result.path, "rows": rows, "patch": result.patch, "refusal": refusal}, screen)
