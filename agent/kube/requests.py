"""What a pod asks for: the scheduler's arithmetic over init containers, sidecars, overhead and pod-level resources."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from agent.kube.fields import is_sidecar, spec
from agent.snapshot.graph import Graph
from agent.snapshot.record import Object
from tools.quantity import parse_quantity

Amounts = dict[str, Decimal]
"""Resource name to amount: `cpu` in cores, `memory` in bytes."""


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Decimal | None:
    return parse_quantity(text)


def amounts(listed: object) -> Amounts:
    """Return a resource list as numbers; entries that are no quantity are left out."""
    if not isinstance(listed, Mapping):
        return {}
    found = ((name, _parsed(str(value))) for name, value in listed.items())
    return {name: value for name, value in found if value is not None}


def requests(pod: Object, limit: bool = False) -> Amounts:
    """Return what one pod (or pod template) requests, or limits, in all.

    The larger of what runs together (containers and sidecars) and of any init container with the sidecars started
    before it, plus overhead; a pod-level request replaces the sum. A limit without request is a request, as the API
    server defaults it.
    """
    sidecars: Amounts = {}
    peak: Amounts = {}
    for container in spec(pod).get("initContainers") or ():
        wants = _container(container, limit)
        if is_sidecar(container):
            sidecars = _plus(sidecars, wants)
            peak = _most(peak, sidecars)
        else:
            peak = _most(peak, _plus(sidecars, wants))
    together = sidecars
    for container in spec(pod).get("containers") or ():
        together = _plus(together, _container(container, limit))
    total = _most(peak, together) | _container(spec(pod), limit)
    return _plus(total, amounts(spec(pod).get("overhead")))


def largest(pod: Object, resource: str) -> tuple[str, Mapping[str, Any], Decimal] | None:
    """Return (pointer, container, amount) of the container that requests most of a resource, None when none does."""
    found = [(where, item, _container(item, False).get(resource)) for where, item in _every(pod)]
    asking = [(where, item, amount) for where, item, amount in found if amount is not None]
    return max(asking, key=lambda entry: entry[2], default=None)


def _every(pod: Object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for part in ("containers", "initContainers"):
        for index, container in enumerate(spec(pod).get(part) or ()):
            yield f"/spec/{part}/{index}", container


def _container(container: Mapping[str, Any], limit: bool) -> Amounts:
    resources = container.get("resources")
    if not isinstance(resources, Mapping):
        return {}
    limits = amounts(resources.get("limits"))
    return limits if limit else limits | amounts(resources.get("requests"))


def _plus(one: Amounts, other: Amounts) -> Amounts:
    return {name: one.get(name, Decimal()) + other.get(name, Decimal()) for name in one | other}


def _most(one: Amounts, other: Amounts) -> Amounts:
    return {name: max(one.get(name, Decimal()), other.get(name, Decimal())) for name in one | other}


def with_defaults(pod: Mapping[str, Any], namespace: str, graph: Graph) -> Mapping[str, Any]:
    """Return a pod template with what the namespace's LimitRanges fill in."""
    defaults = _defaults(namespace, graph)
    if not defaults:
        return pod
    filled = {**spec(pod)}
    for part in ("initContainers", "containers"):
        filled[part] = [_filled(container, defaults) for container in spec(pod).get(part) or ()]
    return {"spec": filled}


def _filled(container: Mapping[str, Any], defaults: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    own = container.get("resources")
    resources: Mapping[str, Any] = own if isinstance(own, dict) else {}
    limits = {**defaults.get("default", {}), **(resources.get("limits") or {})}
    wanted = {
        **defaults.get("defaultRequest", {}),
        **(resources.get("limits") or {}),
        **(resources.get("requests") or {}),
    }
    return {**container, "resources": {"limits": limits, "requests": wanted}}


def _defaults(namespace: str, graph: Graph) -> Mapping[str, Mapping[str, Any]]:
    found: dict[str, dict[str, object]] = {}
    for limits in graph.all("LimitRange", namespace):
        for item in spec(limits).get("limits") or ():
            if item.get("type") == "Container":
                for part in ("default", "defaultRequest"):
                    found.setdefault(part, {}).update(item.get(part) or {})
    return found
