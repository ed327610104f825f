"""Containers that cannot do their work now, and what their logs say about it."""

import re
from collections.abc import Iterator

from agent.diagnose.messages.pattern import Pattern
from agent.kube.containers import Container, containers_of, end_log, events_of, last_end, newest, readable
from agent.snapshot.evidence import Evidence, event_evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

LAST = 30
"""Lines of a log's end in which the reason of a trouble stands."""


def unready(pod: Object, graph: Graph) -> Iterator[Container]:
    """Yield the containers of a pod that ran and do not serve: running and not ready, or ending again and again."""
    for container in containers_of(pod):
        waits = container.running and not container.ready and (container.kind == "containers" or container.initial)
        if waits or last_end(container, graph) is not None:
            yield container


def log_line(container: Container, graph: Graph, pattern: Pattern | re.Pattern[str]) -> Evidence | None:
    """Return the last line near the log's end that fits, None when none does."""
    pointer, text = end_log(container, graph)
    for name, log in ((pointer, text), ("log", readable(graph.log(container.pod, container.name, previous=False)))):
        for line in reversed(log.splitlines()[-LAST:]):
            if pattern.search(line):
                return Evidence(ref(container.pod), name, line.strip()[:500])
    return None


def refused_probe(container: Container, graph: Graph) -> Evidence | None:
    """Return the newest probe the container itself answered with 5xx: it lives and misses something."""
    events = [
        event for event in events_of(container, graph, "Unhealthy") if "statuscode: 5" in (event.get("message") or "")
    ]
    found = newest(events)
    return None if found is None else event_evidence(found, container.pod)
