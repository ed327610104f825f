"""How use reads: a line each beside request and limit, and `bluehelm/top/v1`."""

from decimal import Decimal

from agent.kube.loads import Load, Loads
from agent.kube.wording import cores, counted, memory, said
from agent.operate.top import Used
from agent.report.data import Data, document
from agent.report.terminal import Screen, Terminal

SCHEMA = "bluehelm/top/v1"

MOST = 50
"""Rows a person is shown; machines get all."""

NEAR = Decimal("0.9")
"""The share of a limit at which little is left."""


def as_text(result: Used, screen: Screen) -> str:
    """Return a table of what is used."""
    terminal = Terminal(screen)
    terminal.line(_headline(result), "bold" if not result.reason else "yellow")
    heads = ["NAME", "CPU", "OF", "%", "MEMORY", "OF", "%"]
    table = [_cells(item, result) for item in result.loads[:MOST]]
    widths = [max(len(row[column]) for row in [heads, *table]) + 3 for column in range(len(heads))]
    if table:
        terminal.row(*(terminal.cell(head, width, "dim") for head, width in zip(heads, widths, strict=True)))
    for item, row in zip(result.loads, table, strict=False):
        style = "red" if item.share >= NEAR else ""
        terminal.row(*(terminal.cell(text, width, style) for text, width in zip(row, widths, strict=True)))
    if len(result.loads) > MOST:
        terminal.line(f"and {len(result.loads) - MOST} more (-o json)", "dim")
    return terminal.text()


def _headline(result: Used) -> str:
    whose = f"{said(result.subject)}: " if result.subject else ""
    number = counted(len(result.loads), result.kind.lower())
    if result.reason:
        return f"{whose}{number}; what they use is not known: {result.reason}"
    return (
        f"{whose}{number}; `of` is the limit, else the request"
        if result.kind == "Pod"
        else f"{whose}{number}; `of` is what pods may have"
    )


def _cells(item: Loads, result: Used) -> list[str]:
    name = (
        item.ref.name
        if result.snapshot.namespace or not item.ref.namespace
        else f"{item.ref.namespace}/{item.ref.name}"
    )
    cpu = [_amount(item.cpu.used, cpu=True), _of(item.cpu, cpu=True), _share(item.cpu)]
    return [name, *cpu, _amount(item.memory.used, cpu=False), _of(item.memory, cpu=False), _share(item.memory)]


def _amount(amount: Decimal | None, *, cpu: bool) -> str:
    if amount is None:
        return "?"
    return cores(amount) if cpu else memory(amount)


def _of(load: Load, *, cpu: bool) -> str:
    whole = load.limit or load.request
    if not whole:
        return "-"
    return _amount(whole, cpu=cpu) + ("" if load.limit else " asked")


def _share(load: Load) -> str:
    return "" if load.share is None else f"{load.share * 100:.0f}%"


def as_json(result: Used, screen: Screen) -> str:
    """Return every row for machines: CPU in cores, memory in bytes."""
    data: Data = {
        "kind": result.kind,
        "subject": str(result.subject) if result.subject else None,
        "known": not result.reason,
        "reason": result.reason,
        "loads": [_row(item) for item in result.loads],
    }
    return document(SCHEMA, data, screen)


def _row(item: Loads) -> Data:
    return {
        "namespace": item.ref.namespace,
        "name": item.ref.name,
        "cpu": _load(item.cpu),
        "memory": _load(item.memory),
    }


def _load(load: Load) -> Data:
    share = load.share
    told = {"used": load.used, "request": load.request, "limit": load.limit, "share": share}
    return {key: float(value) if value is not None else None for key, value in told.items()}
