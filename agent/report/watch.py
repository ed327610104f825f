"""How a change reads: a line for people, a JSON document a line for machines (`bluehelm/watch/v1`)."""

from agent.diagnose.finding import Citation
from agent.health.changes import Change, What
from agent.operate.watch import Watched
from agent.report.data import Data, document
from agent.report.terminal import Screen, Terminal

SCHEMA = "bluehelm/watch/v1"

COLOURS = {
    What.BROKEN: "red",
    What.CHANGED: "red",
    What.ALERT: "red",
    What.RECOVERED: "green",
    What.ALERT_OVER: "green",
    What.SETTLED: "green",
    What.UNSETTLED: "yellow",
}

WIDTH = 10
WORDS = {What.ALERT: "ALERT"}


def as_text(result: Watched, screen: Screen) -> str:
    """Return a line for each change: when, what, which object, why, and the row it breaks."""
    terminal = Terminal(screen)
    if result.place:
        broken = f"{result.broken} broken" if result.broken else "nothing broken"
        terminal.line(f"Watching {result.place}: {broken}. Ctrl-C ends it.", "bold")
    for change in result.changes:
        word = terminal.cell(WORDS.get(change.what, change.what.value), WIDTH, COLOURS[change.what])
        rows = "".join(f" [{item.control} {item.source}]" for item in change.citations[:2])
        until = f" (given until {change.until:%H:%M:%S})" if change.until else ""
        terminal.row(f"{change.at:%H:%M:%S} {word} ", terminal.style(f"{_about(change)}{until}{rows}", ""))
    return terminal.text()


def _about(change: Change) -> str:
    """`shop: Deployment web: container app ...`: the namespace, and the object where the sentence does not begin so."""
    named = f"{change.subject.kind} {change.subject.name}"
    says = change.says if named in change.says else f"{named}: {change.says}"
    return f"{change.subject.namespace}: {says}" if change.subject.namespace else says


def as_jsonl(result: Watched, _: Screen) -> str:
    """Return a JSON document for each change, one a line; the first of all says what is watched."""
    begins: list[Data] = [{"what": "watching", "place": result.place, "broken": result.broken}] if result.place else []
    return "".join(document(SCHEMA, data, Screen()) for data in (*begins, *map(_change, result.changes)))


def _change(change: Change) -> Data:
    return {
        "what": change.what.value,
        "at": change.at.isoformat(),
        "subject": {"kind": change.subject.kind, "namespace": change.subject.namespace, "name": change.subject.name},
        "code": change.code,
        "says": change.says,
        "severity": change.severity.value,
        "until": change.until.isoformat() if change.until else None,
        "blueprint": [
            {"control": item.control, "file": item.source.file, "line": item.source.line} for item in change.citations
        ],
    }


def _row(item: Citation) -> Data:
    return {"control": item.control, "file": item.source.file, "line": item.source.line}
