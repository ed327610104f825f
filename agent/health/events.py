"""Warnings of the last hour, put with the cause that was found for them; what no cause explains stands apart."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.diagnose.finding import Finding
from agent.kube.events import about, times
from agent.kube.fields import seconds_since
from agent.snapshot.graph import Graph, event_time, ref
from agent.snapshot.record import Object, Ref

RECENT = 3600


@dataclass(frozen=True, slots=True)
class Warnings:
    """Warnings of one reason about one workload."""

    cause: int | None
    """Which finding explains them, counted from 1; None for none."""
    reason: str
    subject: Ref
    """The workload they are about."""
    count: int
    message: str
    """The newest one's."""


def warnings(findings: Sequence[Finding], graph: Graph) -> Sequence[Warnings]:
    """Return the recent warnings, unexplained ones first, then the most frequent."""
    explained = _explained(findings)
    groups: dict[tuple[str, Ref], list[Object]] = {}
    for event in graph.all("Event"):
        if event.get("type") == "Warning" and _is_recent(event, graph):
            groups.setdefault((str(event.get("reason") or ""), _subject(event, graph)), []).append(event)
    found = [_group(reason, subject, events, explained) for (reason, subject), events in groups.items()]
    return sorted(found, key=lambda item: (item.cause is not None, -item.count, item.reason, item.subject))


def _is_recent(event: Object, graph: Graph) -> bool:
    return 0 <= (seconds_since(graph.snapshot, event_time(event)) or 0) < RECENT


def _explained(findings: Sequence[Finding]) -> Mapping[Ref, int]:
    """Return object -> the first finding that names it."""
    found: dict[Ref, int] = {}
    for place, finding in enumerate(findings, 1):
        for name in (finding.subject, *finding.affected):
            found.setdefault(name, place)
    return found


def _subject(event: Object, graph: Graph) -> Ref:
    name = about(event)
    obj = graph.get(*name)
    return name if obj is None else ref(graph.workload(obj))


def _group(reason: str, subject: Ref, events: Sequence[Object], explained: Mapping[Ref, int]) -> Warnings:
    newest = max(events, key=event_time)
    causes = list(_causes(subject, events, explained))
    count = sum(times(event) for event in events)
    return Warnings(min(causes, default=None), reason, subject, count, str(newest.get("message") or ""))


def _causes(subject: Ref, events: Sequence[Object], explained: Mapping[Ref, int]) -> Iterator[int]:
    if subject in explained:
        yield explained[subject]
    for event in events:
        if about(event) in explained:
            yield explained[about(event)]
