"""What an autoscaler did lately, out of events: `New size: 3; reason: cpu resource utilization above target`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from agent.kube.fields import moment
from agent.scaling.algorithm import Change
from agent.snapshot.graph import Graph, event_time
from agent.snapshot.record import Object

RESCALED, SCALED = "SuccessfulRescale", "ScalingReplicaSet"
_SIZE = re.compile(r"New size: (\d+)(?:; reason: (.*))?", re.DOTALL)
_FROM = re.compile(r"Scaled (?:up|down) replica set \S+ from (\d+) to (\d+)")

NEAR = 10
"""Seconds between an autoscaler's event and its workload's about the same step."""


@dataclass(frozen=True, slots=True)
class Rescale:
    """One change of replicas."""

    at: datetime
    before: int | None
    """None where nothing says it."""
    size: int
    why: str


def rescales(scaler: Object, workload: Object | None, graph: Graph) -> Sequence[Rescale]:
    """Return the changes that events still tell of, the oldest first; of the same change again the newest alone."""
    steps = list(_steps(workload, graph)) if workload is not None else []
    told = [
        (at, found) for event in graph.events(scaler) if (at := moment(event_time(event))) and (found := _size(event))
    ]
    return _chained(sorted(told), steps)


def _size(event: Object) -> tuple[int, str] | None:
    found = _SIZE.match(str(event.get("message") or "")) if event.get("reason") == RESCALED else None
    return (int(found[1]), (found[2] or "").strip()) if found else None


def _steps(workload: Object, graph: Graph) -> Iterator[tuple[datetime, int, int]]:
    """Yield (when, from, to) of the workload's own events."""
    for event in graph.events(workload):
        found = _FROM.match(str(event.get("message") or "")) if event.get("reason") == SCALED else None
        at = moment(event_time(event))
        if found and at:
            yield at, int(found[1]), int(found[2])


def _chained(
    told: Sequence[tuple[datetime, tuple[int, str]]], steps: Sequence[tuple[datetime, int, int]]
) -> Sequence[Rescale]:
    first = [Rescale(at, _before(at, size, steps), size, why) for at, (size, why) in told[:1]]
    rest = [Rescale(at, earlier[0], size, why) for (_, earlier), (at, (size, why)) in pairwise(told)]
    return [*first, *rest]


def _before(at: datetime, size: int, steps: Sequence[tuple[datetime, int, int]]) -> int | None:
    near = (before for when, before, after in steps if after == size and abs((when - at).total_seconds()) <= NEAR)
    return next(near, None)


def changes(found: Sequence[Rescale], now: datetime) -> Sequence[Change]:
    """Return by how much each of them changed what there was, where that is known."""
    return [
        Change((now - item.at).total_seconds(), item.size - item.before) for item in found if item.before is not None
    ]
