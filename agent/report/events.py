"""How events read: a line each, the newest last, and `bluehelm/events/v1`."""

from datetime import datetime

from agent.kube.events import Happening
from agent.kube.wording import counted, duration, said
from agent.operate.events import Noted
from agent.report.data import Data, document
from agent.report.terminal import Screen, Terminal

SCHEMA = "bluehelm/events/v1"

MOST = 200
"""Events a person is shown, the newest; machines get all."""


def as_text(result: Noted, screen: Screen) -> str:
    """Return a line each: how long ago, how often, of which object, why, and what it says."""
    terminal = Terminal(screen)
    terminal.line(_headline(result), "bold")
    for item in result.happenings[-MOST:]:
        times = f" x{item.count}" if item.count > 1 else ""
        lead = f"{_ago(item.last, result)}{times}"
        terminal.entry(
            lead, f"{item.subject} {item.reason}: {item.message}", "yellow" if item.warning else "", column=16
        )
    return terminal.text()


def _headline(result: Noted) -> str:
    noun = "warning" if result.warnings else "event"
    number = len(result.happenings)
    place = f"namespace {result.snapshot.namespace}" if result.snapshot.namespace else "all namespaces"
    whose = f"of {said(result.subject)} in {result.subject.namespace}" if result.subject else f"in {place}"
    span = f" of the last {result.since}" if result.since else ""
    shown = f"; the newest {MOST}" if number > MOST else ""
    if not result.snapshot.knows("Event"):
        return f"the events {whose} could not be read whole: {counted(number, noun)} seen{shown}"
    return f"{counted(number, noun) if number else f'no {noun}s'}{span} {whose}{shown}"


def _ago(at: datetime | None, result: Noted) -> str:
    return f"{duration(max((result.snapshot.taken_at - at).total_seconds(), 0))} ago" if at else "?"


def as_json(result: Noted, screen: Screen) -> str:
    """Return every event for machines."""
    about = result.subject
    data: Data = {
        "subject": {"kind": about.kind, "namespace": about.namespace, "name": about.name} if about else None,
        "whole": result.snapshot.knows("Event"),
        "events": [_event(item) for item in result.happenings],
    }
    return document(SCHEMA, data, screen)


def _event(item: Happening) -> Data:
    return {
        "kind": item.subject.kind,
        "namespace": item.subject.namespace,
        "name": item.subject.name,
        "type": "Warning" if item.warning else "Normal",
        "reason": item.reason,
        "message": item.message,
        "count": item.count,
        "first": item.first.isoformat() if item.first else None,
        "last": item.last.isoformat() if item.last else None,
    }
