"""How logs read: the lines as they were said, for people and as `bluehelm/logs/v1`."""

from agent.kube.wording import counted, said
from agent.operate.logs import Log, Logged
from agent.report.data import Data, document
from agent.report.terminal import Screen, Terminal

SCHEMA = "bluehelm/logs/v1"


def as_text(result: Logged, screen: Screen) -> str:
    """Return each log under a line that says whose it is and how much of it is shown."""
    terminal = Terminal(screen)
    for log in result.logs:
        terminal.line(_headline(log, result.grep), "bold")
        for line in log.lines:
            terminal.row("   ", terminal.style(line, ""))
    for reason in result.unread:
        terminal.line(f"not read: {reason}", "yellow")
    if result.others:
        terminal.line(f"{said(result.subject)} has {counted(result.others, 'more pod')}; name one of them", "dim")
    return terminal.text()


def _headline(log: Log, grep: str) -> str:
    run = ", the run before its last restart" if log.previous else ""
    whose = f"container {log.container} of pod {log.pod.name} in {log.pod.namespace}{run}"
    if not log.read:
        return f"{whose}: it said nothing"
    fits = f" with {grep!r}" if grep else ""
    if not log.fitting:
        return f"{whose}: none of its last {counted(log.read, 'line')} is{fits}"
    if len(log.lines) < log.fitting:
        return f"{whose}: the last {len(log.lines)} of {counted(log.fitting, 'line')}{fits}"
    return f"{whose}: {counted(log.fitting, 'line')}{fits}{f' of {log.read}' if grep else ''}"


def as_json(result: Logged, screen: Screen) -> str:
    """Return the lines for machines."""
    data: Data = {
        "subject": {"kind": result.subject.kind, "namespace": result.subject.namespace, "name": result.subject.name},
        "grep": result.grep,
        "logs": [_log(log) for log in result.logs],
        "unread": list(result.unread),
        "other_pods": result.others,
    }
    return document(SCHEMA, data, screen)


def _log(log: Log) -> Data:
    return {
        "namespace": log.pod.namespace,
        "pod": log.pod.name,
        "container": log.container,
        "previous": log.previous,
        "lines": list(log.lines),
        "fitting": log.fitting,
        "read": log.read,
    }
