"""Who runs where: the pods a term of affinity means, the domains they are in, and the ports taken on each node."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from agent.kube.endpoints import Pair, selected
from agent.kube.fields import is_terminal, spec
from agent.kube.memo import per_graph
from agent.kube.scheduling import Fit
from agent.kube.selectors import matches
from agent.snapshot.graph import Graph, labels, ref
from agent.snapshot.record import Object

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"

Term = Mapping[str, Any]

ANY: Pair = ("", "", "")
"""Where the terms stand that no single label finds."""


class Port(NamedTuple):
    """A port of a node that a pod holds or wants."""

    number: int
    protocol: str
    address: str
    """"" for all addresses."""

    def clashes(self, other: "Port") -> bool:
        """Return whether two pods cannot hold both on one node."""
        same = self.number == other.number and self.protocol == other.protocol
        return same and (self.address == other.address or not self.address or not other.address)


def terms(pod: Object, kind: str) -> Sequence[Term]:
    """Return the required terms of `podAffinity` or `podAntiAffinity`."""
    return ((spec(pod).get("affinity") or {}).get(kind) or {}).get(REQUIRED) or ()


def domain(fit: Fit, key: str) -> str | None:
    """Return the domain a node is in by a topology key, None when it says none."""
    return labels(fit.node).get(key)


def meant(pod: Object, term: Term, graph: Graph) -> Sequence[Object] | None:
    """Return the placed pods a term of one pod means; None where they could not all be seen."""
    namespaces = _namespaces(pod, term, graph)
    if namespaces is None or not all(graph.in_scope(name) for name in namespaces):
        return None
    selector = term.get("labelSelector")
    key = repr((sorted(namespaces), selector))
    known = _answers(graph)
    if key not in known:
        placed = (found for name in namespaces for found in _near(name, selector or {}, graph))
        known[key] = [found for found in placed if selector is not None and matches(selector, labels(found))]
    return known[key]


def _near(namespace: str, selector: Term, graph: Graph) -> Sequence[Object]:
    """Return the placed pods a selector may mean: by an index over labels where it names any."""
    pairs = selector.get("matchLabels") or {}
    if not pairs:
        return _placed(graph).get(namespace, ())
    return [
        found for found in selected(namespace, pairs, graph) if spec(found).get("nodeName") and not is_terminal(found)
    ]


def _namespaces(pod: Object, term: Term, graph: Graph) -> set[str] | None:
    """Return the namespaces a term looks in: its own pod's, unless it says otherwise."""
    names, selector = set(term.get("namespaces") or ()), term.get("namespaceSelector")
    if selector is None:
        return names or {ref(pod).namespace}
    if not graph.snapshot.knows("Namespace"):
        return None
    return names | {ref(found).name for found in graph.all("Namespace") if matches(selector, labels(found))}


@per_graph
def _answers(graph: Graph) -> dict[str, Sequence[Object]]:
    return {}


@per_graph
def _placed(graph: Graph) -> Mapping[str, Sequence[Object]]:
    """Return namespace -> the pods that are on a node and have not ended."""
    found: dict[str, list[Object]] = defaultdict(list)
    for pod in graph.all("Pod"):
        if spec(pod).get("nodeName") and not is_terminal(pod):
            found[ref(pod).namespace].append(pod)
    return found


@dataclass(frozen=True, slots=True)
class Shunning:
    """Placed pods of one namespace with the same required anti-affinity term: they keep others away."""

    namespace: str
    term: Term
    holders: list[Object]

    def means(self, pod: Object) -> bool:
        """Return whether the term means this pod, by labels and plain namespaces."""
        names = set(self.term.get("namespaces") or ()) or {self.namespace}
        near = self.term.get("namespaceSelector") == {} or ref(pod).namespace in names
        selector = self.term.get("labelSelector")
        return near and selector is not None and matches(selector, labels(pod))


@per_graph
def _shunning(graph: Graph) -> Mapping[Pair, list[Shunning]]:
    """Return who keeps others away, by a label they mean; under no label those that have to be asked about each pod."""
    found: dict[Pair, list[Shunning]] = defaultdict(list)
    for group in _groups(graph):
        pairs = (group.term.get("labelSelector") or {}).get("matchLabels") or {}
        plain = not group.term.get("namespaces") and group.term.get("namespaceSelector") is None
        pair = next(((group.namespace, key, value) for key, value in pairs.items()), ANY) if plain else ANY
        found[pair].append(group)
    return found


def shunning(pod: Object, graph: Graph) -> list[Shunning]:
    """Return the groups of placed pods that keep this one away."""
    index = _shunning(graph)
    near = [group for key, value in labels(pod).items() for group in index.get((ref(pod).namespace, key, value), ())]
    return [group for group in (*near, *index.get(ANY, ())) if group.means(pod)]


def _groups(graph: Graph) -> Sequence[Shunning]:
    """Return every required anti-affinity term of placed pods; pods of one template are one entry."""
    found: dict[tuple[str, str], Shunning] = {}
    for namespace, pods in _placed(graph).items():
        for pod in pods:
            for term in terms(pod, "podAntiAffinity"):
                found.setdefault((namespace, repr(term)), Shunning(namespace, term, [])).holders.append(pod)
    return list(found.values())


def domain_of(pod: Object, key: str, graph: Graph) -> str | None:
    """Return the domain a placed pod is in by a topology key, None when its node says none."""
    node = graph.get("Node", "", spec(pod).get("nodeName") or "")
    return labels(node).get(key) if node is not None else None


def rivals(pod: Object, graph: Graph) -> Mapping[tuple[str, str | None], Object]:
    """Return (topology key, domain) -> a pod there that this one refuses, or that refuses it."""
    found: dict[tuple[str, str | None], Object] = {}
    for term in terms(pod, "podAntiAffinity"):
        key = str(term.get("topologyKey"))
        for other in meant(pod, term, graph) or ():
            found.setdefault((key, domain_of(other, key, graph)), other)
    for group in shunning(pod, graph):
        key = str(group.term.get("topologyKey"))
        for holder in group.holders:
            found.setdefault((key, domain_of(holder, key, graph)), holder)
    return found


def host_ports(pod: Object) -> list[Port]:
    """Return the ports of its node a pod holds; with the node's own network, all that its containers declare."""
    own = spec(pod).get("hostNetwork")
    found = []
    for part in ("initContainers", "containers"):
        for container in spec(pod).get(part) or ():
            for port in container.get("ports") or ():
                number = port.get("hostPort") or (port.get("containerPort") if own else None)
                if number and (part == "containers" or container.get("restartPolicy") == "Always"):
                    address = port.get("hostIP") or ""
                    found.append(
                        Port(int(number), port.get("protocol") or "TCP", "" if address == "0.0.0.0" else address)  # noqa: S104
                    )
    return found


@per_graph
def held_ports(graph: Graph) -> Mapping[str, Sequence[tuple[Port, Object]]]:
    """Return node -> (port, pod that holds it)."""
    found: dict[str, list[tuple[Port, Object]]] = defaultdict(list)
    for pods in _placed(graph).values():
        for pod in pods:
            for port in host_ports(pod):
                found[spec(pod)["nodeName"]].append((port, pod))
    return found
