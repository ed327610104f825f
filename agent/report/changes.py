"""How what changed reads: a line each, the newest first, and `bluehelm/changes/v1`."""

from agent.kube.timeline import Turn
from agent.kube.wording import counted, duration, said
from agent.operate.changes import Changed
from agent.report.data import Data, document
from agent.report.terminal import Screen, Terminal

SCHEMA = "bluehelm/changes/v1"

MOST = 60
"""Changes a person is shown, the newest; machines get all."""


def as_text(result: Changed, screen: Screen) -> str:
    """Return a line each: how long ago, of which object, and what."""
    terminal = Terminal(screen)
    terminal.line(_headline(result), "bold")
    for turn in result.turns[:MOST]:
        ago = duration(max((result.snapshot.taken_at - turn.at).total_seconds(), 0))
        terminal.entry(f"{ago} ago", f"{turn.subject}: {turn.says}", column=14)
    if len(result.turns) > MOST:
        terminal.line(f"and {len(result.turns) - MOST} more (--since narrows it, -o json has all)", "dim")
    if result.earlier:
        terminal.line(f"{counted(result.earlier, 'earlier change')}: --since 30d", "dim")
    return terminal.text()


def _headline(result: Changed) -> str:
    place = f"namespace {result.snapshot.namespace}" if result.snapshot.namespace else "all namespaces"
    whose = f"of {said(result.subject)} in {result.subject.namespace}" if result.subject else f"in {place}"
    number = len(result.turns)
    shown = counted(number, "change") if number else "no change"
    return f"{shown} {whose} in the last {result.since}, as far as its objects tell"


def as_json(result: Changed, screen: Screen) -> str:
    """Return every change for machines."""
    data: Data = {
        "subject": str(result.subject) if result.subject else None,
        "since": result.since,
        "earlier": result.earlier,
        "changes": [_turn(turn) for turn in result.turns],
    }
    return document(SCHEMA, data, screen)


def _turn(turn: Turn) -> Data:
    name = turn.subject
    return {
        "at": turn.at.isoformat(),
        "kind": name.kind,
        "namespace": name.namespace,
        "name": name.name,
        "says": turn.says,
    }
