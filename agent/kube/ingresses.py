"""Which Services an Ingress sends requests to."""

from agent.kube.fields import (
    spec,
)
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object


def routed(service: Object, graph: Graph) -> list[Object]:
    """Return the Ingresses that send requests to a Service."""
    name = ref(service)
    return [found for found in graph.all("Ingress", name.namespace) if name.name in backends(found)]


def backends(ingress: Object) -> set[str]:
    """Return the names of the Services an Ingress sends requests to."""
    wanted = [spec(ingress).get("defaultBackend") or {}]
    for entry in spec(ingress).get("rules") or ():
        wanted += [path.get("backend") or {} for path in (entry.get("http") or {}).get("paths") or ()]
    return {(backend.get("service") or {}).get("name") or "" for backend in wanted} - {""}
