"""Which pods a selector selects, through an index over labels: every Service asks, and pods are many."""

from collections.abc import Mapping, Sequence

from agent.diagnose.fields import WORKLOADS, condition_is, is_terminal, metadata, template
from agent.diagnose.memo import per_graph
from agent.snapshot.graph import Graph, controller, covers, labels, ref
from agent.snapshot.record import Object

Pair = tuple[str, str, str]
"""Namespace, label, value."""


@per_graph
def _pods_by_pair(graph: Graph) -> Mapping[Pair, list[Object]]:
    index: dict[Pair, list[Object]] = {}
    for pod in graph.all("Pod"):
        namespace = (pod.get("metadata") or {}).get("namespace", "")
        for key, value in labels(pod).items():
            pair = (namespace, key, value)
            found = index.get(pair)
            if found is None:
                index[pair] = [pod]
            else:
                found.append(pod)
    return index


def selected(namespace: str, selector: Mapping[str, str], graph: Graph) -> Sequence[Object]:
    """Return the pods a plain selector selects; an empty selector selects nothing."""
    index = _pods_by_pair(graph)
    found = [index.get((namespace, key, value), []) for key, value in selector.items()]
    fewest = min(found, key=len, default=[])
    return [pod for pod in fewest if covers(selector, labels(pod))]


@per_graph
def _workloads(graph: Graph) -> Mapping[str, list[Object]]:
    """Return namespace -> workloads nobody else controls: what a person wrote."""
    found: dict[str, list[Object]] = {}
    for kind in WORKLOADS:
        for obj in graph.all(kind):
            if controller(obj) is None:
                found.setdefault(ref(obj).namespace, []).append(obj)
    return found


def workloads(namespace: str, graph: Graph) -> Sequence[Object]:
    """Return a namespace's topmost workloads (Deployments, StatefulSets, bare ReplicaSets, Jobs …)."""
    return _workloads(graph).get(namespace, ())


def behind(namespace: str, selector: Mapping[str, str], graph: Graph) -> list[Object]:
    """Return the workloads whose pod template a selector selects, whether or not they have pods."""
    return [obj for obj in workloads(namespace, graph) if covers(selector, labels(template(obj)))]


def is_ready(pod: Object) -> bool:
    """Return whether a Service would send the pod traffic."""
    return condition_is(pod, "Ready", "True") and not is_terminal(pod) and not metadata(pod).get("deletionTimestamp")
