"""What pods use beside what they request: the sums of the metrics API's figures, as the HPA controller takes them."""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from agent.kube.fields import is_sidecar, spec
from agent.kube.memo import per_graph
from agent.kube.requests import Amounts, amounts
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object


@per_graph
def used_by_pod(graph: Graph) -> Mapping[tuple[str, str], Amounts]:
    """Return (namespace, pod) -> what its containers use: `cpu` in cores, `memory` in bytes. No entry: not known."""
    used: dict[tuple[str, str], Amounts] = defaultdict(lambda: defaultdict(Decimal))
    for item in graph.snapshot.usage:
        pod = used[item.namespace, item.pod]
        pod["cpu"] += Decimal(str(item.cpu))
        pod["memory"] += item.memory
    return used


def asked(pod: Object, resource: str, *, limit: bool = False) -> Decimal | None:
    """Return what the containers that keep running request of a resource, or are limited to, in all.

    None where one of them names no amount: then there is no whole to take a share of, as the HPA controller decides
    ("missing request for memory"). A limit without a request is a request.
    """
    found = [_amount(item.get("resources") or {}, resource, limit=limit) for item in _lasting(pod)]
    named = [amount for amount in found if amount is not None]
    return sum(named, Decimal()) if named and len(named) == len(found) else None


def _lasting(pod: Object) -> list[Mapping[str, object]]:
    sidecars = [item for item in spec(pod).get("initContainers") or () if is_sidecar(item)]
    return [*sidecars, *(spec(pod).get("containers") or ())]


def _amount(resources: object, resource: str, *, limit: bool) -> Decimal | None:
    told = resources if isinstance(resources, Mapping) else {}
    limits = amounts(told.get("limits"))
    return (limits if limit else limits | amounts(told.get("requests"))).get(resource)


def share(pod: Object, resource: str, graph: Graph) -> Decimal | None:
    """Return what a pod uses as a percentage of its request, None where either is not known."""
    name, whole = ref(pod), asked(pod, resource)
    used = used_by_pod(graph).get((name.namespace, name.name))
    return used[resource] / whole * 100 if used is not None and whole else None
