"""NetworkPolicies evaluated: which of them keep one pod from another, as the API means them."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from agent.kube.fields import containers, number, spec, status
from agent.kube.memo import per_graph
from agent.kube.selectors import matches
from agent.snapshot.graph import Graph, labels, ref
from agent.snapshot.record import Object

EGRESS, INGRESS = "Egress", "Ingress"
PEERS = {EGRESS: "to", INGRESS: "from"}

DNS = {"metadata": {"namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}}}
"""The cluster's DNS, as policies see it where its pods were not looked at."""


@per_graph
def _policies(graph: Graph) -> Mapping[str, list[Object]]:
    found: dict[str, list[Object]] = {}
    for policy in graph.all("NetworkPolicy"):
        found.setdefault(ref(policy).namespace, []).append(policy)
    return found


def blocking(direction: str, pod: Object, peer: Object, port: int, protocol: str, graph: Graph) -> Sequence[Object]:
    """Return the policies that isolate a pod in a direction, when none of them allows this peer and port; else none."""
    found = list(isolating(direction, pod, graph))
    return () if any(_allows(policy, direction, pod, peer, port, protocol, graph) for policy in found) else found


def isolating(direction: str, pod: Object, graph: Graph) -> Iterator[Object]:
    """Yield the policies that select a pod for a direction: with one of them, only what is allowed passes."""
    for policy in _policies(graph).get(ref(pod).namespace, ()):
        if direction in directions(policy) and matches(spec(policy).get("podSelector") or {}, labels(pod)):
            yield policy


def directions(policy: Object) -> Sequence[str]:
    """Return what a policy is about; left out, it is ingress, and egress where rules for it are given."""
    given = spec(policy).get("policyTypes")
    return given or [INGRESS, *([EGRESS] if spec(policy).get("egress") else [])]


def _allows(policy: Object, direction: str, pod: Object, peer: Object, port: int, protocol: str, graph: Graph) -> bool:
    target = peer if direction == EGRESS else pod
    for rule in spec(policy).get(direction.lower()) or ():
        peers = rule.get(PEERS[direction])
        if _has_port(rule.get("ports"), port, protocol, target) and (
            not peers or any(_is_peer(one, peer, ref(policy).namespace, graph) for one in peers)
        ):
            return True
    return False


def _has_port(ports: Sequence[Mapping[str, Any]] | None, port: int, protocol: str, target: Object) -> bool:
    return not ports or any(_is_port(one, port, protocol, target) for one in ports)


def _is_port(one: Mapping[str, Any], port: int, protocol: str, target: Object) -> bool:
    if (one.get("protocol") or "TCP") != protocol:
        return False
    wanted = one.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, str) and not wanted.isdigit():
        return not containers_known(target) or port in _numbers(target, wanted)
    return number(wanted) <= port <= number(one.get("endPort"), number(wanted))


def containers_known(pod: Object) -> bool:
    """Return whether the pod was looked at, so that its ports' names are known."""
    return bool(spec(pod).get("containers"))


def _numbers(pod: Object, name: str) -> set[int]:
    ports = [port for _, container in containers(pod) for port in container.get("ports") or ()]
    return {number(port.get("containerPort")) for port in ports if port.get("name") == name}


def _is_peer(one: Mapping[str, Any], peer: Object, home: str, graph: Graph) -> bool:
    if one.get("ipBlock"):
        return _in_block(one["ipBlock"], peer)
    namespace, pods = one.get("namespaceSelector"), one.get("podSelector")
    where = ref(peer).namespace
    near = where == home if namespace is None else matches(namespace, _namespace_labels(where, graph))
    return near and (pods is None or matches(pods, labels(peer)))


def _namespace_labels(name: str, graph: Graph) -> Mapping[str, str]:
    found = graph.get("Namespace", "", name)
    return {"kubernetes.io/metadata.name": name} | dict(labels(found) if found is not None else {})


def _in_block(block: Mapping[str, Any], peer: Object) -> bool:
    """Return whether a peer's address is in a block; one whose address nobody knows may be."""
    address = status(peer).get("podIP")
    if not address:
        return True
    try:
        inside = ip_address(address) in ip_network(str(block.get("cidr")), strict=False)
        return inside and not any(ip_address(address) in ip_network(part) for part in block.get("except") or ())
    except ValueError:
        return True
