"""How releases read: a line each, the past of one, and `bluehelm/releases/v1`."""

from agent.kube.wording import counted
from agent.operate.releases import Installed
from agent.report.data import Data, document
from agent.report.terminal import Screen, Terminal
from agent.snapshot.record import Release

SCHEMA = "bluehelm/releases/v1"

WELL = ("deployed", "superseded")


def as_text(result: Installed, screen: Screen) -> str:
    """Return a table of releases; of one its revisions and what the last of them changed."""
    terminal = Terminal(screen)
    terminal.line(_headline(result), "bold")
    heads = ["NAMESPACE", "NAME", "REVISION", "STATUS", "CHART", "APP VERSION", "UPDATED"]
    table = [_cells(item) for item in result.releases]
    widths = [max(len(row[column]) for row in [heads, *table]) + 3 for column in range(len(heads))]
    if table:
        terminal.row(*(terminal.cell(head, width, "dim") for head, width in zip(heads, widths, strict=True)))
    for item, row in zip(result.releases, table, strict=True):
        style = "" if item.status in WELL else "red"
        terminal.row(*(terminal.cell(text, width, style) for text, width in zip(row, widths, strict=True)))
    _past(terminal, result)
    return terminal.text()


def _headline(result: Installed) -> str:
    place = f"namespace {result.snapshot.namespace}" if result.snapshot.namespace else "all namespaces"
    number = len(result.releases)
    doubt = "" if result.whole else "; releases could not be read whole, so there may be more"
    return f"{counted(number, 'release') if number else 'no releases'} in {place}{doubt}"


def _cells(item: Release) -> list[str]:
    return [item.namespace, item.name, str(item.revision), item.status, item.chart, item.app_version, item.updated[:19]]


def _past(terminal: Terminal, result: Installed) -> None:
    if result.past is None:
        return
    terminal.line()
    for item in reversed(result.past.revisions):
        terminal.entry(
            f"revision {item.revision}",
            f"{item.updated[:19]}  {item.status}  {item.chart}  {item.description}",
            column=16,
        )
    if len(result.past.revisions) > 1 and not result.past.reason:
        terminal.line(
            "what the last revision changed:" if result.past.changes else "the last revision changed no object"
        )
    for name, text in result.past.changes:
        terminal.entry("", f"{name.kind} {name.name}: {text}")
    if result.past.reason:
        terminal.line(f"what came before is not known: {result.past.reason}", "dim")


def as_json(result: Installed, screen: Screen) -> str:
    """Return releases for machines."""
    past = result.past
    data: Data = {
        "whole": result.whole,
        "releases": [_release(item) for item in result.releases],
        "revisions": [
            {
                "revision": item.revision,
                "status": item.status,
                "chart": item.chart,
                "description": item.description,
                "updated": item.updated,
            }
            for item in (past.revisions if past else ())
        ],
        "changes": [
            {"kind": name.kind, "namespace": name.namespace, "name": name.name, "says": text}
            for name, text in (past.changes if past else ())
        ],
        "reason": past.reason if past else "",
    }
    return document(SCHEMA, data, screen)


def _release(item: Release) -> Data:
    return {
        "namespace": item.namespace,
        "name": item.name,
        "revision": item.revision,
        "status": item.status,
        "chart": item.chart,
        "app_version": item.app_version,
        "updated": item.updated,
        "description": item.description,
    }
