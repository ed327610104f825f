"""Workloads: how many are as asked, what is pending, and what was restarted lately."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.kube.containers import containers_of, workload_ref
from agent.kube.fields import is_terminal, moment, status
from agent.kube.rollouts import outstanding
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Ref

KINDS = ("Deployment", "StatefulSet", "DaemonSet")

LATELY = timedelta(hours=24)
"""How far back restarts are shown: a container remembers the last of them alone."""


@dataclass(frozen=True, slots=True)
class Restart:
    """The last end of a container that was started again."""

    at: datetime
    workload: Ref
    container: str
    reason: str
    """`OOMKilled`, `Error`, `Completed`."""
    count: int
    """How often the container was restarted in all."""


@dataclass(frozen=True, slots=True)
class Workloads:
    """How what runs here stands."""

    counts: Mapping[str, tuple[int, int]]
    """Kind -> (as asked, all)."""
    unfinished: Sequence[tuple[Ref, str]]
    """What lacks something, and what: `1 of 3 replicas ready`."""
    phases: Mapping[str, int]
    """Pods in each phase."""
    restarts: Sequence[Restart]
    """Of the last day, the newest first."""


def workloads(graph: Graph) -> Workloads:
    """Return how the workloads of a look stand."""
    lacking = {kind: [(ref(obj), outstanding(obj)) for obj in graph.all(kind)] for kind in KINDS}
    counts = {kind: (sum(not lacks for _, lacks in found), len(found)) for kind, found in lacking.items() if found}
    unfinished = [item for found in lacking.values() for item in found if item[1]]
    phases = Counter(str(status(pod).get("phase") or "Unknown") for pod in graph.all("Pod"))
    return Workloads(counts, unfinished, dict(phases), sorted(_restarts(graph), key=lambda item: item.at, reverse=True))


def _restarts(graph: Graph) -> Iterator[Restart]:
    earliest = graph.snapshot.taken_at - LATELY
    for pod in graph.all("Pod"):
        if not _was_restarted(pod) or is_terminal(pod):
            continue
        for container in containers_of(pod):
            ended = (container.status.get("lastState") or {}).get("terminated") or {}
            at = moment(ended.get("finishedAt"))
            if container.restarts and at is not None and at >= earliest:
                reason = str(ended.get("reason") or "")
                yield Restart(at, workload_ref(pod, graph), container.name, reason, container.restarts)


def _was_restarted(pod: Mapping[str, object]) -> bool:
    """Return whether any container was, asked of every pod and so without their specs."""
    told = status(pod)
    found = (*(told.get("initContainerStatuses") or ()), *(told.get("containerStatuses") or ()))
    return any(item.get("restartCount") for item in found)
