"""How lint reads: one block a finding, the worst first, and `bluehelm/lint/v1`."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from agent.blueprint.control import Source
from agent.blueprint.lint.finding import Lint, Severity
from agent.operate.lint import Linted
from agent.report.data import Data, document
from agent.report.terminal import Screen, Terminal

SCHEMA = "bluehelm/lint/v1"

STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
PLURALS = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.INFO: "notes"}
SHOWN = 6
"""Places of one finding that are shown to a person; a machine gets all."""


def as_json(result: Linted, screen: Screen) -> str:
    """Return the findings for machines."""
    counts = Counter(item.severity.value for item in result.findings)
    data = {
        "from": result.folder.whose,
        "chart": result.chart or None,
        "counts": {severity.value: counts[severity.value] for severity in Severity},
        "lints": [_lint(item) for item in result.findings],
    }
    return document(SCHEMA, data, screen)


def as_text(result: Linted, screen: Screen) -> str:
    """Return each finding: what, where on each side, the words that would end it."""
    terminal = Terminal(screen)
    beside = f" beside {result.chart}" if result.chart else ", without a chart"
    whose = f"{result.folder.path} ({result.folder.whose})"
    terminal.line(f"{result.files} blueprints from {whose}{beside}", "dim")
    for severity, items in groupby(result.findings, key=lambda item: item.severity):
        for item in items:
            terminal.line()
            terminal.line(f"{severity.value}: {item.text}", STYLES[severity])
            for label, value in _facts(item):
                terminal.entry(label, value, column=14)
    terminal.line()
    terminal.line(_summary(result.findings), "bold")
    return terminal.text()


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
