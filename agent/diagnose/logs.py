"""Containers that cannot do their work now, and what their logs say about names and connections."""

import re
from collections.abc import Iterator

from agent.diagnose.messages.lines import last_words
from agent.kube.containers import Container, containers_of, end_log, events_of, last_end, newest, readable
from agent.snapshot.evidence import Evidence, event_evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

LAST = 30
"""Lines of a log's end in which the reason of a trouble stands."""

UNANSWERED = re.compile(
    r"(?:lookup|resolv|dns|getaddrinfo)[^\n]*(?:i/o timeout|timed out|connection refused|server misbehaving|SERVFAIL)"
    r"|:53: |EAI_AGAIN|[Tt]emporary failure in name resolution|no servers could be reached|\bSERVFAIL\b"
)
"""How programs say that no name server answers."""

UNKNOWN = re.compile(
    r"no such host|ENOTFOUND|[Nn]ame or service not known|NXDOMAIN|[Nn]ame does not resolve|can't resolve"
    r"|[Cc]ould not resolve host|[Cc]ould not translate host name|UnknownHostException|bad address"
    r"|[Uu]nknown (?:MySQL server )?host"
    r"|nodename nor servname|[Nn]o address associated with hostname|[Hh]ost not found"
)
"""How programs say that a name server answered and knows no such name."""

TIMED_OUT = re.compile(
    r"i/o timeout|ETIMEDOUT|[Cc]onnection timed out|[Tt]imed out"
    r"|context deadline exceeded|[Tt]imeout (?:exceeded|expired)|ConnectTimeout|connect timeout|EHOSTUNREACH"
)
"""How programs say that nobody answers at all, as where a policy drops packets."""

REFUSED = re.compile(r"ECONNREFUSED|[Cc]onnection refused|Failed to connect|[Cc]ommunications link failure")


def struggling(pod: Object, graph: Graph) -> Iterator[Container]:
    """Yield the containers of a pod that ran and do not serve: running and not ready, or ending again and again."""
    for container in containers_of(pod):
        waits = container.running and not container.ready and (container.kind == "containers" or container.initial)
        if waits or last_end(container, graph) is not None:
            yield container


def log_line(container: Container, graph: Graph, pattern: re.Pattern[str]) -> Evidence | None:
    """Return the last line near the log's end that fits, None when none does."""
    pointer, text = end_log(container, graph)
    for name, log in ((pointer, text), ("log", readable(graph.log(container.pod, container.name, previous=False)))):
        for line in reversed(log.splitlines()[-LAST:]):
            if pattern.search(line):
                return Evidence(ref(container.pod), name, line.strip()[:500])
    return None


def ending_line(container: Container, graph: Graph, pattern: re.Pattern[str]) -> Evidence | None:
    """Return the last line by which a container's end, or its not serving, may be explained, and that fits."""
    pointer, text = end_log(container, graph)
    found = next((line for line in reversed(last_words(text)) if pattern.search(line)), None)
    return None if found is None else Evidence(ref(container.pod), pointer, found.strip()[:500])


def refused_probe(container: Container, graph: Graph) -> Evidence | None:
    """Return the newest probe the container itself answered with 5xx: it lives and misses something."""
    events = [
        event for event in events_of(container, graph, "Unhealthy") if "statuscode: 5" in (event.get("message") or "")
    ]
    found = newest(events)
    return None if found is None else event_evidence(found, container.pod)
