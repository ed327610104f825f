"""How lint reads: one block a finding, the worst first, and `bluehelm/lint/v1`."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from agent.blueprint.control import Source
from agent.blueprint.lint.finding import Lint, Severity
from agent.report.data import Data, write
from agent.report.terminal import Terminal

SCHEMA = "bluehelm/lint/v1"

STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
PLURALS = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.INFO: "notes"}
SHOWN = 6
"""Places of one finding that are shown to a person; a machine gets all."""


class Looked(NamedTuple):
    """What was looked at."""

    whose: str
    folder: str
    chart: str
    files: int


def as_json(found: Sequence[Lint], looked: Looked) -> None:
    """Write the findings for machines."""
    counts = Counter(item.severity.value for item in found)
    data = {
        "from": looked.whose,
        "chart": looked.chart or None,
        "counts": {severity.value: counts[severity.value] for severity in Severity},
        "lints": [_lint(item) for item in found],
    }
    write(SCHEMA, data)


def text(found: Sequence[Lint], looked: Looked) -> None:
    """Write each finding: what, where on each side, the words that would end it."""
    terminal = Terminal()
    beside = f" beside {looked.chart}" if looked.chart else ", without a chart"
    terminal.line(f"{looked.files} blueprints from {looked.folder} ({looked.whose}){beside}", "dim")
    for severity, items in groupby(found, key=lambda item: item.severity):
        for item in items:
            terminal.line()
            terminal.line(f"{severity.value}: {item.text}", STYLES[severity])
            for label, value in _facts(item):
                terminal.entry(label, value, column=14)
    terminal.line()
    terminal.line(_summary(found), "bold")


def _facts(item: Lint) -> list[tuple[str, str]]:
    facts = [
        ("code", item.code),
        ("at", _places(item.sources)),
        ("controls", ", ".join(item.controls)),
        ("suggest", item.suggestion),
        ("settled at", f"{item.reading}, by a reading" if item.reading else ""),
    ]
    return [(label, value) for label, value in facts if value]


def _places(sources: Sequence[Source]) -> str:
    more = f" and {len(sources) - SHOWN} more" if len(sources) > SHOWN else ""
    return ", ".join(map(str, sources[:SHOWN])) + more


def _summary(found: Sequence[Lint]) -> str:
    counts = Counter(item.severity for item in found)
    read = sum(item.reading is not None for item in found)
    said = ", ".join(f"{counts[severity]} {_plural(severity, counts[severity])}" for severity in Severity)
    return f"{said}; {read} settled by a reading"


def _plural(severity: Severity, count: int) -> str:
    return PLURALS[severity].removesuffix("s") if count == 1 else PLURALS[severity]


def _lint(item: Lint) -> Data:
    return {
        "code": item.code,
        "severity": item.severity.value,
        "text": item.text,
        "sources": [_source(source) for source in item.sources],
        "controls": list(item.controls),
        "suggestion": item.suggestion,
        "reading": _source(item.reading) if item.reading else None,
    }


def _source(source: Source) -> Data:
    return {"file": source.file, "line": source.line}
