"""How a run of the checklists reads: for people, and as `bluehelm/verification/v1`."""

from collections.abc import Sequence

from agent.audit.verdict import Outcome
from agent.operate.verify import Verified
from agent.report.data import document
from agent.report.terminal import Screen, Terminal
from agent.verify.facts import Checked

SCHEMA = "bluehelm/verification/v1"
COLOURS = {Outcome.FAIL: "red", Outcome.UNKNOWN: "yellow", Outcome.PASS: "green"}


def as_text(result: Verified, screen: Screen) -> str:
    """Return each line of the checklists with its outcome and what shows it."""
    found, snapshot = result.checks, result.snapshot
    terminal = Terminal(screen)
    where = f"the capture {snapshot.origin}" if snapshot.origin != "live" else f"context {snapshot.cluster.context}"
    terminal.line(f"Checklists in namespace {result.namespace}, from {where}", "bold")
    blueprint = ""
    for item in found:
        if item.control.blueprint != blueprint:
            blueprint = item.control.blueprint
            terminal.line()
            terminal.line(blueprint, "bold")
        _line(terminal, item)
    terminal.line()
    terminal.line(_tally(found), "bold")
    return terminal.text()


def _line(terminal: Terminal, item: Checked) -> None:
    word = "not run" if item.not_run and not item.ran else str(item.outcome)
    style = "dim" if word == "not run" else COLOURS[item.outcome]
    name = terminal.cell(item.control.id, len(item.control.id) + 2, "bold")
    terminal.row(" ", terminal.cell(word, 9, style), name, terminal.style(item.control.title, ""))
    for text in item.evidence:
        terminal.entry("", text)
    if item.not_run:
        terminal.entry("", f"{item.not_run}{f'; {item.ran} answers it' if item.ran else ''}", "dim")


def _tally(found: Sequence[Checked]) -> str:
    run = [item for item in found if not item.not_run or item.ran]
    counts = ", ".join(f"{sum(item.outcome is outcome for item in run)} {outcome}" for outcome in Outcome)
    return f"{len(found)} lines: {counts}, {len(found) - len(run)} not run"


def as_json(result: Verified, screen: Screen) -> str:
    """Return everything for machines."""
    return document(
        SCHEMA,
        {
            "taken_at": result.snapshot.taken_at.isoformat(),
            "origin": result.snapshot.origin,
            "namespace": result.namespace,
            "checks": [
                {
                    "control": item.control.id,
                    "blueprint": {"file": item.control.source.file, "line": item.control.source.line},
                    "title": item.control.title,
                    "line": item.control.raw,
                    "outcome": item.outcome.value,
                    "evidence": list(item.evidence),
                    "ran": item.ran,
                    "not_run": item.not_run,
                }
                for item in result.checks
            ],
        },
        screen,
    )
