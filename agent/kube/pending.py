"""Pods that wait for a node: whether they do, which nodes they may use, and what the scheduler says about it."""

from collections.abc import Iterator

from agent.kube.fields import condition, is_unscheduled, metadata, seconds_since
from agent.kube.scheduling import Fit, fits
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, event_time, ref
from agent.snapshot.record import Object

PATIENCE = 30
"""Seconds a pod may be unscheduled without the scheduler having said anything about it."""


def waits(pod: Object, graph: Graph) -> bool:
    """Return whether the pod is unscheduled and the scheduler has said so, or has had time to."""
    if not is_unscheduled(pod):
        return False
    if message(pod, graph):
        return True
    age = seconds_since(graph.snapshot, metadata(pod).get("creationTimestamp"))
    return age is not None and age > PATIENCE


def message(pod: Object, graph: Graph) -> str:
    """Return what the scheduler says now about a pod, "" when it has not spoken."""
    return next((item.text for item in verdict(pod, graph)), "")


def verdict(pod: Object, graph: Graph) -> Iterator[Evidence]:
    """Yield what the scheduler says now: its condition, or else its newest event."""
    found = condition(pod, "PodScheduled")
    if found is not None and found[1].get("reason") == "Unschedulable" and found[1].get("message"):
        yield Evidence(ref(pod), f"{found[0]}/message", found[1]["message"])
        return
    events = [event for event in graph.events(pod) if event.get("reason") == "FailedScheduling"]
    if events:
        newest = max(events, key=event_time)
        yield Evidence(ref(pod), "event FailedScheduling", newest.get("message") or "")


def eligible(pod: Object, graph: Graph) -> list[Fit]:
    """Return the nodes the pod's selector and affinity allow; empty when nodes are not known."""
    return [fit for fit in fits(pod, graph) if fit.eligible] if graph.snapshot.knows("Node") else []


def usable(pod: Object, graph: Graph) -> list[Fit]:
    """Return the nodes the pod may use that no taint and no cordon keeps from it, full or not."""
    return [fit for fit in eligible(pod, graph) if not fit.taints and not fit.cordoned]
