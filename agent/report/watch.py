"""How a change reads: a line for people, a JSON document a line for machines (`bluehelm/watch/v1`)."""

from agent.diagnose.finding import Citation
from agent.health.changes import Change, What
from agent.kube.wording import counted
from agent.operate.watch import End, Watched
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
        terminal.line(f"Watching {result.place}: {_standing(result)}. Ctrl-C ends it.", "bold")
    if result.end is End.OVER:
        terminal.line(f"The time is up: {_standing(result)}.", "bold")
    for change in result.changes:
        word = terminal.cell(WORDS.get(change.what, change.what.value), WIDTH, COLOURS[change.what])
        rows = "".join(f" [{item.control} {item.source}]" for item in change.citations[:2])
        until = f" (given until {change.until:%H:%M:%S})" if change.until else ""
        terminal.row(f"{change.at:%H:%M:%S} {word} ", terminal.style(f"{_about(change)}{until}{rows}", ""))
    return terminal.text()


def _standing(result: Watched) -> str:
    broken = f"{result.broken} broken" if result.broken else "nothing broken"
    return f"{broken}, {counted(result.unknown, 'thing')} not known" if result.unknown else broken


def _about(change: Change) -> str:
    """`shop: Deployment web: container app ...`: the namespace, and the object where the sentence does not begin so."""
    named = f"{change.subject.kind} {change.subject.name}"
    says = change.says if named in change.says else f"{named}: {change.says}"
    return f"{change.subject.namespace}: {says}" if change.subject.namespace else says


def as_jsonl(result: Watched, _: Screen) -> str:
    """Return a JSON document for each change, one a line; the first says what is watched, the last how it ended."""
    counts: Data = {"broken": result.broken, "unknown": result.unknown}
    begins: list[Data] = [{"what": "watching", "place": result.place, **counts}] if result.place else []
    ends: list[Data] = [{"what": "ended", "by": result.end.value, **counts}] if result.end else []
    return "".join(document(SCHEMA, data, Screen()) for data in (*begins, *map(_change, result.changes), *ends))


def _change(change: Change) -> Data:
    return {
        "what": change.what.value,
        "at": change.at.isoformat(),
        "subject": {"kind": change.subject.kind, "namespace": change.subject.namespace, "name": change.subject.name},
        "code": change.code,
        "says": change.says,
        "severity": change.severity.value,
        "until": change.until.isoformat() if change.until else None,
        "blueprint": [_row(item) for item in change.citations],
    }


def _row(item: Citation) -> Data:
    return {"control": item.control, "file": item.source.file, "line": item.source.line}
