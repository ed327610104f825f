"""What load shows: whether everything was answered, and when the autoscaler asked for more replicas. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from agent.audit.fields import read
from agent.change.measure import Measured, Reading
from agent.change.plan import Drill, Promise
from agent.kube.fields import condition, moment, number, spec, status
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref, Snapshot


@dataclass(frozen=True, slots=True)
class Scaling:
    """An autoscaler at one look."""

    wanted: int
    most: int
    since: datetime | None
    """When it last changed that, by its own clock."""
    used: int | None
    """CPU in use, in percent of the requests; None where nobody told it."""
    target: int | None
    """Above which it acts."""
    blind: str
    """Why it cannot act, "" where it can."""


class Tally(NamedTuple):
    """How many requests there were, and how many of them failed for which reason."""

    seconds: float
    asked: int
    failed: Mapping[str, int]

    @property
    def said(self) -> str:
        """Return it in words."""
        why = "".join(f"; {count} times {what}" for what, count in self.failed.items())
        return f"{self.asked} requests in {self.seconds:.0f} s{why or ', all of them answered'}"


def scaling(snapshot: Snapshot, workload: Ref) -> Scaling | None:
    """Return how the autoscaler of a workload stands in a look, None where it has none."""
    found = Graph(snapshot).all("HorizontalPodAutoscaler", workload.namespace)
    hpa = next((item for item in found if _scales(item, workload)), None)
    return None if hpa is None else _scaling(hpa)


def _scales(hpa: Object, workload: Ref) -> bool:
    aim = spec(hpa).get("scaleTargetRef") or {}
    return (aim.get("kind"), aim.get("name")) == (workload.kind, workload.name)


def _scaling(hpa: Object) -> Scaling:
    active, now = condition(hpa, "ScalingActive"), status(hpa)
    is_active = active is not None and active[1].get("status") == "True"
    why = str(active[1].get("reason") or "") if active else f"{ref(hpa).name} has not been looked at yet"
    target = read("hpa.metrics.cpu", hpa, "")[0].value
    return Scaling(
        number(now.get("desiredReplicas")),
        number(spec(hpa).get("maxReplicas")),
        moment(now.get("lastScaleTime")),
        _used(hpa),
        None if target is None else number(target),
        "" if is_active else why,
    )


def _used(hpa: Object) -> int | None:
    told = [item.get("resource") or {} for item in status(hpa).get("currentMetrics") or ()]
    used = [(item.get("current") or {}).get("averageUtilization") for item in told if item.get("name") == "cpu"]
    return number(used[0]) if used and used[0] is not None else None


def grown(before: Scaling | None, seen: Sequence[Scaling | None], began: datetime) -> Reading:
    """Return whether the autoscaler asked for more replicas, and how long after the load began."""
    looks = [item for item in seen if item is not None]
    if before is None or not looks:
        return Reading(False, None, "unknown: no autoscaler of it was seen")
    more = next((item for item in looks if item.wanted > before.wanted), None)
    if more is None:
        return Reading(False, None, _why_not(before, looks))
    took = max(0.0, (more.since - began).total_seconds()) if more.since else None
    after = "" if took is None else f"after {took:.0f} s "
    return Reading(True, took, f"{after}the autoscaler asked for {more.wanted} replicas instead of {before.wanted}")


def _why_not(before: Scaling, looks: Sequence[Scaling]) -> str:
    """Return why it asked for no more: of what could not have made it act nobody learns whether it would."""
    now, used = looks[-1], [item.used for item in looks if item.used is not None]
    if now.blind or not used:
        return f"unknown: the autoscaler has no metrics{f' ({now.blind})' if now.blind else ''}"
    if before.wanted >= before.most:
        return f"unknown: it asked for its most, {before.most} replicas, before there was any load"
    if now.target is not None and max(used) <= now.target:
        return f"unknown: the load took {max(used)}% CPU at most, and the autoscaler acts above {now.target}%"
    return f"the autoscaler asked for no more replicas at {max(used)}% CPU"


def measured(drill: Drill, tally: Tally, found: Reading) -> tuple[Measured, ...]:
    """Return each row of a drill beside what was measured: the first is the line that puts on the load."""
    first, *others = drill.promises
    asked = Reading(tally.asked > 0 and not tally.failed, None, tally.said)
    return (row(first, asked), *(row(item, found) for item in others))


def answered(drill: Drill, found: Reading) -> tuple[Measured, ...]:
    """Return each row of a drill that asked once, or that could not ask at all."""
    return tuple(row(item, found) for item in drill.promises)


def row(promise: Promise, found: Reading) -> Measured:
    """Return one row beside what was measured."""
    in_time = not promise.seconds or (found.took is not None and found.took <= promise.seconds)
    return Measured(
        promise.control, promise.source, promise.says, promise.seconds, found.took, found.seen and in_time, found.said
    )
