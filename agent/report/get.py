"""How objects read: the table of `kubectl get` for people, `bluehelm/get/v1` for machines."""

from agent.kube.wording import counted, duration, pairs
from agent.operate.get import Got, Row
from agent.report.data import Data, document
from agent.report.terminal import Screen, Terminal
from agent.snapshot.graph import labels

SCHEMA = "bluehelm/get/v1"

MOST = 500
"""Rows a person is shown; machines get all."""


def as_text(result: Got, screen: Screen) -> str:
    """Return one line an object, and how many of how many there are."""
    terminal = Terminal(screen)
    terminal.line(_headline(result), "bold")
    heads = ["NAMESPACE"] * (result.snapshot.namespace is None and result.kind.namespaced)
    heads += ["NAME", *["READY"] * _any(result, "ready"), "STATUS", *["RESTARTS"] * _any(result, "restarts"), "AGE"]
    table = [[_cell(row, head, result) for head in heads] for row in result.rows[:MOST]]
    widths = [max(len(line[column]) for line in [heads, *table]) + 3 for column in range(len(heads))]
    if table:
        terminal.row(*(terminal.cell(head, width, "dim") for head, width in zip(heads, widths, strict=True)))
    for row, line in zip(result.rows, table, strict=False):
        shown = [terminal.cell(text, width) for text, width in zip(line, widths, strict=True)]
        terminal.row(*shown) if row.standing.well else terminal.row(*_coloured(line, widths, heads, terminal))
    if len(result.rows) > MOST:
        terminal.line(f"and {len(result.rows) - MOST} more; -l, --status or -n narrow it, -o json has all", "dim")
    return terminal.text()


def _coloured(line: list[str], widths: list[int], heads: list[str], terminal: Terminal) -> list[str]:
    styles = ["red" if head in ("STATUS", "READY") else "" for head in heads]
    return [terminal.cell(text, width, style) for text, width, style in zip(line, widths, styles, strict=True)]


def _headline(result: Got) -> str:
    number, plural = len(result.rows), result.kind.plural
    place = f"namespace {result.snapshot.namespace}" if result.snapshot.namespace else "all namespaces"
    place = place if result.kind.namespaced else "the cluster"
    shown = counted(number, result.kind.name.casefold()) if number == 1 else f"{number or 'no'} {plural}"
    fits = "" if number == result.of else f" of {result.of}"
    doubt = "" if result.whole else "; the list could not be read whole, so there may be more"
    return f"{shown}{fits} in {place}{doubt}"


def _any(result: Got, field: str) -> bool:
    return any(getattr(row.standing, field) for row in result.rows)


def _cell(row: Row, head: str, result: Got) -> str:
    age = (result.snapshot.taken_at - row.created).total_seconds() if row.created else None
    return {
        "NAMESPACE": row.name.namespace,
        "NAME": row.name.name,
        "READY": row.standing.ready,
        "STATUS": row.standing.status,
        "RESTARTS": str(row.standing.restarts),
        "AGE": "" if age is None else duration(max(age, 0)),
    }[head]


def as_json(result: Got, screen: Screen) -> str:
    """Return every row, and the object itself where there is one alone."""
    data: Data = {
        "kind": result.kind.name,
        "namespace": result.snapshot.namespace,
        "count": len(result.rows),
        "of": result.of,
        "whole": result.whole,
        "objects": [_row(row) for row in result.rows],
        "object": result.rows[0].object if len(result.rows) == 1 else None,
    }
    return document(SCHEMA, data, screen)


def _row(row: Row) -> Data:
    return {
        "namespace": row.name.namespace,
        "name": row.name.name,
        "ready": row.standing.ready,
        "status": row.standing.status,
        "well": row.standing.well,
        "restarts": row.standing.restarts,
        "created": row.created.isoformat() if row.created else None,
        "labels": pairs(labels(row.object)),
    }
