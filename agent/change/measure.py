"""What a drill shows: how a workload's pods stood at each look, and how long the cluster took. Pure.

Times are the kubelet's and the API server's own, so that how often somebody looked does not count.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from agent.audit.mechanisms import Scenario
from agent.change.plan import Drill
from agent.kube.fields import condition, condition_is, metadata, status
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref, Snapshot

PULLS = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName")


@dataclass(frozen=True, slots=True)
class Run:
    """One life of a container, with the one before it."""

    started: datetime | None
    died: datetime | None
    """When the one before ended."""
    born: datetime | None
    """When the one before had started."""
    killed_for: str
    """The reason the kubelet gives for its end."""


@dataclass(frozen=True, slots=True)
class PodSight:
    """One pod at one look."""

    name: str
    is_ready: bool
    since: datetime | None
    """When that was last decided."""
    is_leaving: bool
    is_running: bool
    waits: tuple[str, ...]
    restarted: tuple[Run, ...]
    """Containers that are not in their first life."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A workload at one look: its pods, and how many of them its Services send requests to."""

    at: datetime
    pods: tuple[PodSight, ...]
    serving: int


class Reading(NamedTuple):
    """Whether what was to be seen was, how long it took in seconds (None for no time), and in words."""

    seen: bool
    took: float | None
    said: str


@dataclass(frozen=True, slots=True)
class Measured:
    """A row beside what was measured."""

    control: str
    source: str
    says: str
    promised: int
    took: float | None
    met: bool
    said: str


def sight(snapshot: Snapshot, workload: Ref) -> Sight:
    """Return how a workload stands in a look."""
    graph = Graph(snapshot)
    owner = graph.get(*workload)
    pods = list(graph.pods(owner)) if owner is not None else []
    return Sight(snapshot.taken_at, tuple(map(_pod, pods)), _serving(graph, pods))


def _pod(pod: Object) -> PodSight:
    found = condition(pod, "Ready")
    states = list(status(pod).get("containerStatuses") or ())
    return PodSight(
        ref(pod).name,
        condition_is(pod, "Ready", "True"),
        _moment(found[1].get("lastTransitionTime")) if found else None,
        bool(metadata(pod).get("deletionTimestamp")),
        bool(states) and all((item.get("state") or {}).get("running") for item in states),
        tuple(str(((item.get("state") or {}).get("waiting") or {}).get("reason")) for item in states),
        tuple(_run(item) for item in states if (item.get("lastState") or {}).get("terminated")),
    )


def _run(container: Any) -> Run:
    state, before = container.get("state") or {}, container["lastState"]["terminated"]
    now = state.get("running") or state.get("terminated") or {}
    return Run(
        _moment(now.get("startedAt")),
        _moment(before.get("finishedAt")),
        _moment(before.get("startedAt")),
        str(before.get("reason")),
    )


def _serving(graph: Graph, pods: Sequence[Object]) -> int:
    """Return how many of some pods get requests: those their Services' slices call ready, else those that are."""
    names = {ref(pod).name for pod in pods}
    namespaces = {ref(pod).namespace for pod in pods}
    services = [item for place in namespaces for item in graph.all("Service", place)]
    ready = {name for service in services for name in _ready(graph, service)}
    selected = {ref(pod).name for service in services for pod in graph.selected(service)} & names
    return len(ready & names) if selected else sum(condition_is(pod, "Ready", "True") for pod in pods)


def _ready(graph: Graph, service: Object) -> Iterator[str]:
    for item in graph.slices(service):
        for endpoint in item.get("endpoints") or ():
            if (endpoint.get("conditions") or {}).get("ready") is not False:
                yield str((endpoint.get("targetRef") or {}).get("name"))


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        return None


def reading(drill: Drill, before: Sight, seen: Sequence[Sight], began: datetime) -> Reading:
    """Return what the looks of a drill show of the failure it tried.

    Args:
        drill: what was tried.
        before: the workload before it began.
        seen: each look since, in order.
        began: when it began.

    """
    known = {pod.name for pod in before.pods}
    fresh = [pod for look in seen for pod in look.pods if pod.name not in known]
    return _READERS[Scenario(drill.tried)](fresh, before, seen, began)


def is_whole(before: Sight, now: Sight) -> bool:
    """Return whether a workload stands as it did: as many pods serve, and none leaves or waits."""
    settled = all(pod.is_ready and not pod.is_leaving for pod in now.pods)
    return settled and now.serving >= before.serving and len(now.pods) >= len(before.pods)


def _crash(fresh: Sequence[PodSight], before: Sight, seen: Sequence[Sight], began: datetime) -> Reading:
    since = [pod.since for pod in fresh if pod.is_ready and pod.since]
    if not since or not is_whole(before, seen[-1]):
        return Reading(False, None, "no new pod became ready")
    took = _between(began, min(since))
    return Reading(True, took, f"another pod was ready after {took:.0f} s{_outage(seen)}")


def _hang(fresh: Sequence[PodSight], _: Sight, seen: Sequence[Sight], __: datetime) -> Reading:
    lives = [run for pod in fresh for run in pod.restarted if run.started and run.born]
    if not lives:
        return Reading(False, None, "the kubelet did not end the container")
    took = min(_between(run.born, run.started) for run in lives if run.born and run.started)
    return Reading(True, took, f"a container whose liveness probe fails ran again {took:.0f} s after it had started")


def _memory(fresh: Sequence[PodSight], _: Sight, seen: Sequence[Sight], __: datetime) -> Reading:
    lives = [run for pod in fresh for run in pod.restarted if run.killed_for == "OOMKilled" and run.started]
    if not lives:
        return Reading(False, None, "no container was ended for its memory")
    took = min(_between(run.died, run.started) for run in lives if run.died and run.started)
    return Reading(True, took, f"a container ended for its memory was started again after {took:.0f} s{_outage(seen)}")


def _image(fresh: Sequence[PodSight], _: Sight, seen: Sequence[Sight], __: datetime) -> Reading:
    found = next((reason for pod in fresh for reason in pod.waits if reason in PULLS), "")
    if not found:
        return Reading(False, None, "no pod waited for its image")
    outage = _outage(seen)
    return Reading(not outage, None, f"the new pod is kept, {found}{outage or ', and the old ones serve on'}")


def _unready(fresh: Sequence[PodSight], _: Sight, seen: Sequence[Sight], __: datetime) -> Reading:
    if not any(pod.is_running and not pod.is_ready for pod in fresh):
        return Reading(False, None, "no pod ran without being ready")
    outage = _outage(seen)
    said = "the pod that does not answer is not ready and is sent nothing"
    return Reading(not outage, None, f"{said}{outage or ', the others serve on'}")


def _outage(seen: Sequence[Sight]) -> str:
    """Return that for a while nothing served, "" where something always did."""
    return "; for a while nothing served" if any(not look.serving for look in seen) else ""


def _between(one: datetime, other: datetime) -> float:
    return max(0.0, (other - one).total_seconds())


_READERS = {
    Scenario.CRASH: _crash,
    Scenario.HANG: _hang,
    Scenario.MEMORY: _memory,
    Scenario.IMAGE: _image,
    Scenario.UNREADY: _unready,
}


def measured(drill: Drill, found: Reading, recovered: float | None) -> tuple[Measured, ...]:
    """Return each row of a drill beside what was measured.

    Args:
        drill: what was tried.
        found: what the looks show.
        recovered: seconds from when it was taken back until all was as before, None where it never was.

    """
    back = (
        ""
        if recovered is None
        else f"; all as before {recovered:.0f} s after it was taken back"
        if drill.broken
        else ""
    )
    rows = []
    for row in drill.promises:
        in_time = not row.seconds or (found.took is not None and found.took <= row.seconds)
        met = found.seen and in_time and recovered is not None
        rows.append(Measured(row.control, row.source, row.says, row.seconds, found.took, met, f"{found.said}{back}"))
    return tuple(rows)
