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

SYNC = 15
"""Seconds from one look of an autoscaler to its next, by the controller manager's default."""

LATE = 120
"""Seconds after the time that a row names in which a way down still counts as seen: metrics are a minute old."""


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
    first, *others = (item for item in drill.promises if item.idle is None)
    asked = Reading(tally.asked > 0 and not tally.failed, None, tally.said)
    return (row(first, asked), *(row(item, found) for item in others))


def way_down(drill: Drill) -> tuple[Promise, ...]:
    """Return the rows of a drill that speak of the time after the load."""
    return tuple(item for item in drill.promises if item.idle is not None)


def patience(promises: Sequence[Promise]) -> int:
    """Return for how many seconds after a load its autoscaler is watched."""
    return max((item.idle or 0 for item in promises), default=0) + LATE


def shrunk(before: Scaling | None, seen: Sequence[Scaling | None], ended: datetime) -> Reading:
    """Return whether the autoscaler went down again after a load, and how long after its end."""
    looks = [item for item in seen if item is not None]
    most = max((item.wanted for item in looks), default=0)
    if before is None or most <= before.wanted:
        return Reading(False, None, "unknown: it asked for no more replicas, so there is no way down")
    less = next((item for item in looks if item.since and item.since > ended and item.wanted < most), None)
    if less is None or less.since is None:
        return Reading(False, None, f"it still asked for {looks[-1].wanted} replicas when nobody looked any longer")
    took = (less.since - ended).total_seconds()
    return Reading(
        True, took, f"after {took:.0f} s of idling the autoscaler asked for {less.wanted} of {most} replicas"
    )


def calmed(promises: Sequence[Promise], found: Reading) -> tuple[Measured, ...]:
    """Return each row of the way down beside what was measured: too early is no cooldown."""
    return tuple(_calmed(item, item.idle or 0, found) for item in promises)


def _calmed(promise: Promise, idle: int, found: Reading) -> Measured:
    in_time = found.took is not None and found.took >= idle - SYNC
    return Measured(promise.control, promise.source, promise.says, idle, found.took, found.seen and in_time, found.said)


def answered(drill: Drill, found: Reading) -> tuple[Measured, ...]:
    """Return each row of a drill that asked once, or that could not ask at all."""
    return tuple(row(item, found) for item in drill.promises)


def row(promise: Promise, found: Reading) -> Measured:
    """Return one row beside what was measured."""
    in_time = not promise.seconds or (found.took is not None and found.took <= promise.seconds)
    return Measured(
        promise.control, promise.source, promise.says, promise.seconds, found.took, found.seen and in_time, found.said
    )
