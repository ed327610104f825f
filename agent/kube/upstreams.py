"""What a workload depends on: the Services it names in its environment, command and arguments."""

import re
from collections.abc import Iterator

from agent.kube.addresses import HOLDS_PLACE
from agent.kube.commands import places
from agent.kube.containers import containers_of, last_end
from agent.kube.endpoints import behind, is_ready, selected
from agent.kube.environment import environment
from agent.kube.fields import containers, spec, template, texts
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref

_HOST = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_LOCATED = re.compile(r"://|:\d{2,5}\b|\.svc\b")


def upstreams(workload: Object, graph: Graph) -> Iterator[Ref]:
    """Yield what a workload depends on and cannot count on: Services without a lasting pod, and what is behind them."""
    for service in called(workload, graph):
        if is_dead(service, graph):
            yield from chain_of(service, graph)


def called(workload: Object, graph: Graph) -> Iterator[Object]:
    """Yield the Services a workload names as places to call, but for its own."""
    for home, name in _named(workload, graph):
        service = graph.get("Service", home, name)
        if service is not None and ref(workload) not in set(_makers(service, graph)):
            yield service


def chain_of(service: Object, graph: Graph) -> Iterator[Ref]:
    """Yield what a Service's answers depend on: itself, the workloads behind it, their pods and nodes."""
    yield ref(service)
    yield from sorted(_makers(service, graph))
    yield from _under(service, graph)


def _makers(service: Object, graph: Graph) -> Iterator[Ref]:
    chosen = spec(service).get("selector") or {}
    return (ref(obj) for obj in behind(ref(service).namespace, chosen, graph))


def _under(service: Object, graph: Graph) -> Iterator[Ref]:
    """Yield a Service's pods and the nodes they are on: what keeps a pod down may be said of either."""
    for pod in selected(ref(service).namespace, spec(service).get("selector") or {}, graph):
        yield ref(pod)
        if spec(pod).get("nodeName"):
            yield Ref("Node", "", spec(pod)["nodeName"])


def is_dead(service: Object, graph: Graph) -> bool:
    """Return whether only pods that end again and again stand behind a Service: between two ends one looks well."""
    selector = spec(service).get("selector") or {}
    pods = selected(ref(service).namespace, selector, graph) if selector else []
    return bool(selector) and not any(is_ready(pod) and not _flaps(pod, graph) for pod in pods)


def _flaps(pod: Object, graph: Graph) -> bool:
    return any(container.restarts > 1 and last_end(container, graph) is not None for container in containers_of(pod))


def _named(workload: Object, graph: Graph) -> Iterator[tuple[str, str]]:
    """Yield (namespace, name) of every host name a workload's containers speak of."""
    home = ref(workload).namespace
    seen = set()
    for text in _spoken(template(workload), home, graph):
        for host in _HOST.findall(text.lower()):
            name, _, rest = host.partition(".")
            namespace = rest.split(".")[0] if rest else home
            if (namespace, name) not in seen:
                seen.add((namespace, name))
                yield namespace, name


def _spoken(pod: Object, namespace: str, graph: Graph) -> Iterator[str]:
    """Yield the texts of a pod that name places: what its commands ask for, and values by their form or name."""
    for _, container in containers(pod):
        known = environment(container, namespace, graph)
        words = [known.shell(word) for word in (*texts(container.get("command")), *texts(container.get("args")))]
        yield from (place.host for place in places(words))
        for name, value in known.values.items():
            if HOLDS_PLACE.search(name) or _LOCATED.search(value):
                yield value
