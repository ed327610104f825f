"""Which pods a selector selects, through an index over labels: every Service asks, and pods are many."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from agent.kube.fields import WORKLOADS, condition_is, is_terminal, metadata, spec, template
from agent.kube.memo import per_graph
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


def namespaces(graph: Graph) -> Iterable[str]:
    """Return the namespaces that have workloads."""
    return _workloads(graph)


def workloads(namespace: str, graph: Graph) -> Sequence[Object]:
    """Return a namespace's topmost workloads (Deployments, StatefulSets, bare ReplicaSets, Jobs …)."""
    return _workloads(graph).get(namespace, ())


@per_graph
def _templates_by_pair(graph: Graph) -> Mapping[Pair, list[Object]]:
    index: dict[Pair, list[Object]] = {}
    for namespace, found in _workloads(graph).items():
        for obj in found:
            for key, value in labels(template(obj)).items():
                index.setdefault((namespace, key, value), []).append(obj)
    return index


def behind(namespace: str, selector: Mapping[str, str], graph: Graph) -> list[Object]:
    """Return the workloads whose pod template a selector selects, whether or not they have pods."""
    index = _templates_by_pair(graph)
    found = [index.get((namespace, key, value), []) for key, value in selector.items()]
    return [obj for obj in min(found, key=len, default=[]) if covers(selector, labels(template(obj)))]


def chosen(service: Object) -> Mapping[str, str]:
    """Return a Service's selector; empty for one that selects nothing (ExternalName, or endpoints made by hand)."""
    wanted = spec(service)
    return {} if wanted.get("type") == "ExternalName" else wanted.get("selector") or {}


@per_graph
def _services_by_pair(graph: Graph) -> Mapping[Pair, list[Object]]:
    """Return the Services by the pair of their selector that fewest Services select by: `app`, not the release's."""
    pairs = {id(service): _pairs(service) for service in graph.all("Service")}
    common = Counter(pair for found in pairs.values() for pair in found)
    index: dict[Pair, list[Object]] = {}
    for service in graph.all("Service"):
        rarest = min(pairs[id(service)], key=lambda pair: common[pair], default=None)
        if rarest is not None:
            index.setdefault(rarest, []).append(service)
    return index


def _pairs(service: Object) -> list[Pair]:
    return [(ref(service).namespace, key, value) for key, value in chosen(service).items()]


def services_of(workload: Object, graph: Graph) -> list[Object]:
    """Return the Services that select the pods of a workload, by its template."""
    index, carried, namespace = _services_by_pair(graph), labels(template(workload)), ref(workload).namespace
    near = (service for key, value in carried.items() for service in index.get((namespace, key, value), ()))
    return [service for service in near if covers(chosen(service), carried)]


def is_ready(pod: Object) -> bool:
    """Return whether a Service would send the pod traffic."""
    return condition_is(pod, "Ready", "True") and not is_terminal(pod) and not metadata(pod).get("deletionTimestamp")


@per_graph
def _slices(graph: Graph) -> Mapping[tuple[str, str], list[Object]]:
    index: dict[tuple[str, str], list[Object]] = {}
    for found in graph.all("EndpointSlice"):
        name = labels(found).get("kubernetes.io/service-name", "")
        index.setdefault((ref(found).namespace, name), []).append(found)
    return index


def slices(service: Object, graph: Graph) -> Sequence[Object]:
    """Return a Service's EndpointSlices, through an index: every Service asks."""
    return _slices(graph).get((ref(service).namespace, ref(service).name), ())


def addresses(service: Object, graph: Graph) -> tuple[int, int]:
    """Return how many endpoints of a Service are ready, and how many there are: pods, not addresses of each family.

    A slice without ports, of a Service that has some, holds pods that open no port of that name: it leads nowhere.
    """
    found: dict[str, bool] = {}
    for item in slices(service, graph):
        if spec(service).get("ports") and not item.get("ports"):
            continue
        for place, endpoint in enumerate(item.get("endpoints") or ()):
            name = (endpoint.get("targetRef") or {}).get("name") or f"{ref(item).name}/{place}"
            found[name] = found.get(name, False) or (endpoint.get("conditions") or {}).get("ready") is not False
    return sum(found.values()), len(found)
