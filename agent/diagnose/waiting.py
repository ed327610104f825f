"""Pods that wait for a node: whether they do, which nodes they may use, and what the scheduler says about it."""

from collections.abc import Iterator
from dataclasses import replace

from agent.diagnose.fields import condition, is_unscheduled, metadata, seconds_since, spec
from agent.diagnose.finding import Evidence, Finding
from agent.diagnose.memo import per_graph
from agent.diagnose.nodes import Fit, fits, shape
from agent.diagnose.registry import Rule, Test
from agent.snapshot.graph import Graph, event_time, ref
from agent.snapshot.record import Object, Ref

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


def once_per_shape(rule: Rule) -> Rule:
    """Ask about one pod of many equal ones: hundreds of replicas wait for one reason."""

    @per_graph
    def answers(graph: Graph) -> dict[tuple[Ref, str, str], list[Finding]]:
        return {}

    def asked(pod: Object, graph: Graph) -> Iterator[Finding]:
        if not is_unscheduled(pod):
            return
        key = _key(pod, graph)
        known = answers(graph).get(key) if key[2] else None
        if known is None:
            known = answers(graph)[key] = list(rule.test(pod, graph))
            yield from known
        else:
            yield from (replace(finding, affected=(ref(pod),), evidence=()) for finding in known)

    test: Test = asked
    return replace(rule, test=test)


def _key(pod: Object, graph: Graph) -> tuple[Ref, str, str]:
    """Return what pods that wait for one reason share: their workload, what they ask for, what they are told."""
    known, name = _keys(graph), ref(pod)
    if name not in known:
        known[name] = (ref(graph.workload(pod)), _seen(pod), message(pod, graph))
    return known[name]


@per_graph
def _keys(graph: Graph) -> dict[Ref, tuple[Ref, str, str]]:
    return {}


def _seen(pod: Object) -> str:
    """Return what the filters here see of a pod: equal for equal pods, different for those with claims of their own."""
    wanted = spec(pod)
    volumes = [volume for volume in wanted.get("volumes") or () if volume.get("persistentVolumeClaim")]
    affinity = wanted.get("affinity") or {}
    neighbours = (affinity.get("podAffinity"), affinity.get("podAntiAffinity"), wanted.get("topologySpreadConstraints"))
    return f"{shape(pod)}{volumes!r}{neighbours!r}"
