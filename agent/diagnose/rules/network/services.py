"""Services that lead nowhere: a selector no pod answers to, a target port nobody opens."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.registry import rule
from agent.kube.edits import edit, port_item
from agent.kube.endpoints import behind, chosen, namespaces, selected, services_of, slices, workloads
from agent.kube.fields import containers, is_terminal, metadata, spec, template, texts
from agent.kube.memo import per_graph
from agent.kube.nearby import COMMON, Nearby
from agent.kube.remedies import NeedsPerson, kubectl
from agent.kube.wording import closest, counted, listed, pairs, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, labels, ref
from agent.snapshot.record import Object

Key = TypeVar("Key", bound=Hashable)

ORDINALS = ("statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index")
"""Labels a StatefulSet's controller gives each pod: a Service for an ordinal that is scaled away is no mistake."""

PROXIES = ("istio-proxy", "linkerd-proxy", "envoy", "envoy-sidecar", "kuma-sidecar", "consul-dataplane")
"""Containers a mesh injects."""

OTHER = NeedsPerson("a label that the pods carry")


CLEAR = 3
"""Strength from which a workload is meant beyond doubt: it has the Service's name, or nearly the value it selects."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A workload whose pods a selector nearly selects."""

    workload: Object
    wrong: Mapping[str, str]
    """The selector's pairs its pods do not carry."""
    carried: Mapping[str, str]
    """What its pods carry under those labels instead; a label they lack is absent."""
    strength: int
    """How much speaks for it: names, shared labels, near values, the port the Service sends to."""


@rule(modes.SERVICE_SELECTOR_UNMATCHED, on="Service")
def selector_unmatched(service: Object, graph: Graph) -> Iterator[Finding]:
    """A Service's selector selects no pod and no workload's pods, and one comes near."""
    selector = chosen(service)
    namespace = ref(service).namespace
    if not selector or not graph.snapshot.knows("Pod") or any(key in selector for key in ORDINALS):
        return
    if selected(namespace, selector, graph) or behind(namespace, selector, graph):
        return
    near = _nearest(service, selector, graph)
    if near is not None:
        yield _selector_finding(service, selector, near, graph)


def _selector_finding(service: Object, selector: Mapping[str, str], near: Miss, graph: Graph) -> Finding:
    workload = ref(near.workload)
    carried = near.carried or {
        key: value for key, value in labels(template(near.workload)).items() if key not in selector
    }
    instead = (
        f"carry {pairs(near.carried)}" if near.carried else f"carry no {listed(near.wrong)} (only {pairs(carried)})"
    )
    return Finding(
        mode=modes.SERVICE_SELECTOR_UNMATCHED,
        subject=ref(service),
        cause=f"{said(ref(service))} selects {pairs(near.wrong)}, which no pod carries: the pods of {said(workload)} "
        f"{instead}, so the Service has no endpoint",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if near.strength >= CLEAR else Confidence.LIKELY,
        evidence=(
            Evidence(ref(service), "/spec/selector", pairs(selector)),
            Evidence(workload, "/spec/template/metadata/labels", pairs(labels(template(near.workload)))),
            *_endpoints(service, graph),
        ),
        fix=Fix(
            summary=f"Select the labels the pods carry{f': {pairs(near.carried)}' if near.carried else ''}",
            remedies=(
                *(edit(service, ("spec", "selector", key), near.carried.get(key) or OTHER) for key in near.wrong),
                kubectl("get", "pods", "-n", ref(service).namespace, "--show-labels"),
            ),
        ),
    )


def _nearest(service: Object, selector: Mapping[str, str], graph: Graph) -> Miss | None:
    """Return the workload the Service was most likely meant for, None when nothing comes near."""
    candidates = _selectable(graph).get(ref(service).namespace)
    found = (_miss(service, selector, obj, graph) for obj in (candidates.of(service, selector) if candidates else ()))
    misses = sorted((miss for miss in found if miss is not None), key=lambda miss: -miss.strength)
    if len(misses) > 1 and misses[0].strength == misses[1].strength < CLEAR:
        return None  # a guess among equals helps nobody
    return misses[0] if misses else None


@per_graph
def _selectable(graph: Graph) -> Mapping[str, "_Selectable"]:
    """Return namespace -> what a Service there could have been meant for: workloads, and pods nobody controls."""
    bare = (pod for pod in graph.all("Pod") if not metadata(pod).get("ownerReferences") and not is_terminal(pod))
    found: dict[str, list[Object]] = {}
    for obj in (*(obj for namespace in namespaces(graph) for obj in workloads(namespace, graph)), *bare):
        found.setdefault(ref(obj).namespace, []).append(obj)
    return {namespace: _Selectable(objects, graph) for namespace, objects in found.items()}


class _Selectable:
    """What a Service of one namespace could have been meant for; of many, those worth a full comparison."""

    def __init__(self, objects: Sequence[Object], graph: Graph) -> None:
        self.objects, self.graph = objects, graph

    def of(self, service: Object, selector: Mapping[str, str]) -> Iterable[Object]:
        """Return the objects to compare a Service with: all of a few, else those that something tells apart."""
        if len(self.objects) <= COMMON:
            return self.objects
        found = [*self._named(ref(service).name), *self._labelled(selector), *self._opening(service)]
        return {ref(obj): obj for obj in found}.values()

    def _named(self, name: str) -> Iterator[Object]:
        for near in {name, self._names.closest(name)}:
            yield from self._by_name.get(near, ())

    def _labelled(self, selector: Mapping[str, str]) -> Iterator[Object]:
        """Yield who carries a pair that few carry, or nearly one."""
        for key, value in selector.items():
            if key in self._values:
                for near in {value, self._values[key].closest(value)}:
                    yield from _few(self._by_pair.get((key, near), ()))

    def _opening(self, service: Object) -> Iterator[Object]:
        for port in spec(service).get("ports") or ():
            yield from _few(self._by_port.get(_target(port), ()))

    @cached_property
    def _by_name(self) -> Mapping[str, Sequence[Object]]:
        return _index((ref(obj).name, obj) for obj in self.objects)

    @cached_property
    def _names(self) -> Nearby:
        return Nearby(self._by_name)

    @cached_property
    def _by_pair(self) -> Mapping[tuple[str, str], Sequence[Object]]:
        return _index((pair, obj) for obj in self.objects for pair in labels(template(obj)).items())

    @cached_property
    def _values(self) -> Mapping[str, Nearby]:
        found: dict[str, list[str]] = {}
        for key, value in self._by_pair:
            found.setdefault(key, []).append(value)
        return {key: Nearby(values) for key, values in found.items()}

    @cached_property
    def _by_port(self) -> Mapping[object, Sequence[Object]]:
        """Return port -> who opens it and has no Service yet: the others are spoken for."""
        free = (obj for obj in self.objects if not services_of(obj, self.graph))
        return _index((port, obj) for obj in free for port in _opened_ports(obj))


def _few(objects: Sequence[Object]) -> Sequence[Object]:
    """Return the objects, none where so many share something that it tells nothing."""
    return objects if len(objects) <= COMMON else ()


def _index(pairs: Iterable[tuple[Key, Object]]) -> Mapping[Key, Sequence[Object]]:
    found: dict[Key, list[Object]] = {}
    for key, obj in pairs:
        found.setdefault(key, []).append(obj)
    return found


def _miss(service: Object, selector: Mapping[str, str], workload: Object, graph: Graph) -> Miss | None:
    found = labels(template(workload))
    wrong = {key: value for key, value in selector.items() if found.get(key) != value}
    carried = {key: found[key] for key in wrong if key in found}
    if not _template_decides(wrong, workload, graph):
        return None
    near_value = any(closest(value, [carried[key]]) for key, value in wrong.items() if key in carried)
    same_name = ref(service).name == ref(workload).name
    near_name = bool(closest(ref(service).name, [ref(workload).name]))
    shared = min(len(selector) - len(wrong), 2)
    strength = 3 * same_name + near_name + shared + 2 * near_value + _opens_a_target(service, workload)
    if services_of(workload, graph) and not same_name and not near_value:
        return None  # somebody else leads there; a Service for what is not deployed here shares a release's labels
    return Miss(workload, wrong, carried, strength) if strength >= 2 else None


def _template_decides(wrong: Mapping[str, str], workload: Object, graph: Graph) -> bool:
    """Return whether the labels in question come from the template: an operator moves `role=primary` between pods."""
    fixed = labels(template(workload))
    return not any(key in labels(pod) and key not in fixed for pod in graph.pods(workload) for key in wrong)


def _opens_a_target(service: Object, workload: Object) -> bool:
    return not _opened_ports(workload).isdisjoint({_target(port) for port in spec(service).get("ports") or ()})


def _opened_ports(workload: Object) -> Set[object]:
    """Return the numbers and names of the ports a workload's containers declare."""
    return {
        value
        for _, container in containers(template(workload))
        for port in container.get("ports") or ()
        for value in (port.get("containerPort"), port.get("name"))
        if value is not None
    }


def _endpoints(service: Object, graph: Graph) -> Iterator[Evidence]:
    for found in slices(service, graph)[:1]:
        count = len(found.get("endpoints") or ())
        if count and not found.get("ports"):
            yield Evidence(ref(found), "/ports", f"none, with {counted(count, 'endpoint')}")
        else:
            yield Evidence(ref(found), "/endpoints", f"{count or 'no'} endpoint{'' if count == 1 else 's'}")


@rule(modes.TARGET_PORT_UNMATCHED, on="Service")
def target_port_unmatched(service: Object, graph: Graph) -> Iterator[Finding]:
    """A Service sends to a port, by name or number, that none of its pods opens."""
    selector = chosen(service)
    if not selector:
        return
    pods = [pod for pod in selected(ref(service).namespace, selector, graph) if not is_terminal(pod)]
    shapes = _shapes(pods)
    wrong = [port for port in spec(service).get("ports") or () if shapes and not _opened(port, shapes)]
    for port in wrong:
        named = isinstance(_target(port), str)
        if named or _is_stray(service, port, wrong, shapes):
            yield _port_finding(service, port, pods, shapes, graph)


def _shapes(pods: Sequence[Object]) -> list[Object]:
    """Return one pod per controller: pods of one ReplicaSet open the same ports."""
    found: dict[str, Object] = {}
    for pod in pods:
        owners = (pod.get("metadata") or {}).get("ownerReferences") or [{}]
        found.setdefault(owners[0].get("uid") or owners[0].get("name") or ref(pod).name, pod)
    return list(found.values())


def _target(port: Mapping[str, Any]) -> int | str:
    """Return where a Service port leads: `targetPort`, or the port itself when that is absent."""
    target = port.get("targetPort")
    if target is None or target in (0, ""):
        target = port.get("port")
    text = str(target)
    return int(text) if text.isdigit() else text


def _opened(port: Mapping[str, Any], pods: Sequence[Object]) -> bool:
    return any(_opens(pod, port) for pod in pods)


def _opens(pod: Object, port: Mapping[str, Any]) -> bool:
    target, protocol = _target(port), port.get("protocol") or "TCP"
    if isinstance(target, str):
        return any(item.get("name") == target and (item.get("protocol") or "TCP") == protocol for item in _ports(pod))
    return (
        not any(_own_ports(pod))
        or any(item.get("containerPort") == target for item in _ports(pod))
        or _mentions(pod, target)
    )


def _ports(pod: Object) -> Iterator[Mapping[str, Any]]:
    for _, container in containers(pod):
        yield from container.get("ports") or ()


def _own_ports(pod: Object) -> Iterator[Mapping[str, Any]]:
    """Yield the ports of the main containers, injected proxies aside: those say nothing of what the others open."""
    for _, container in containers(pod, init=False):
        if container.get("name") not in PROXIES:
            yield from container.get("ports") or ()


def _mentions(pod: Object, number: int) -> bool:
    """Return whether a container speaks of the number in its arguments, environment or probes: then it may listen."""
    wanted = str(number)
    for _, container in containers(pod):
        said_so = [*texts(container.get("command")), *texts(container.get("args"))]
        said_so += [str(env.get("value") or "") for env in container.get("env") or ()]
        if any(wanted in _digits(text) for text in said_so) or _is_probed(container, number):
            return True
    return False


def _digits(text: str) -> list[str]:
    return "".join(char if char.isdigit() else " " for char in text).split()


def _is_probed(container: Mapping[str, Any], number: int) -> bool:
    probes = [container.get(kind) or {} for kind in ("livenessProbe", "readinessProbe", "startupProbe")]
    ports = [(probe.get(way) or {}).get("port") for probe in probes for way in ("httpGet", "tcpSocket", "grpc")]
    return number in ports or str(number) in ports


def _is_stray(
    service: Object, port: Mapping[str, Any], wrong: Sequence[Mapping[str, Any]], pods: Sequence[Object]
) -> bool:
    """Return whether an undeclared number is a mistake: declaring ports is optional, so something must speak for it.

    Every port of the Service is off, or a declared port is left that no port of the Service leads to.
    """
    ports = spec(service).get("ports") or ()
    if len(wrong) == len(ports):
        return True
    reached = {_target(item) for item in ports}
    declared = {(item.get("containerPort"), item.get("name")) for pod in pods for item in _ports(pod)}
    return any(number not in reached and name not in reached for number, name in declared)


def _port_finding(
    service: Object, port: Mapping[str, Any], pods: Sequence[Object], shapes: Sequence[Object], graph: Graph
) -> Finding:
    target = _target(port)
    workload = ref(graph.workload(shapes[0]))
    opened = [_port_said(item) for pod in shapes for item in _ports(pod)]
    named = isinstance(target, str)
    has = f"open {listed(opened)}" if opened else "declare no port at all"
    index = list(spec(service).get("ports") or ()).index(port)
    leads = f"the port named {target}" if named else f"port {target}"
    so = "it has no endpoint" if named else "connections are refused"
    return Finding(
        mode=modes.TARGET_PORT_UNMATCHED,
        subject=ref(service),
        cause=f"{said(ref(service))} sends port {port.get('port')} to {leads}, but the containers of {said(workload)} "
        f"{has}, so {so}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if named else Confidence.LIKELY,
        evidence=(
            Evidence(ref(service), f"/spec/ports/{index}/targetPort", str(target)),
            *_port_evidence(shapes[0]),
            *_endpoints(service, graph),
        ),
        fix=_port_fix(service, port, shapes),
    )


def _port_said(item: Mapping[str, Any]) -> str:
    name = f" ({item['name']})" if item.get("name") else ""
    return f"{item.get('containerPort')}{name}"


def _port_evidence(pod: Object) -> Iterator[Evidence]:
    for where, container in containers(pod):
        for index, item in enumerate(container.get("ports") or ()):
            yield Evidence(ref(pod), f"{where}/ports/{index}/containerPort", _port_said(item))


def _port_fix(service: Object, port: Mapping[str, Any], pods: Sequence[Object]) -> Fix:
    target = _target(port)
    listed_ports = [item for pod in pods for item in _ports(pod)]
    numbers = {str(item.get("containerPort")): item for item in listed_ports}
    names = [item["name"] for item in listed_ports if item.get("name")]
    proposed = closest(str(target), names) if isinstance(target, str) else ""
    if not proposed and len(numbers) == 1:
        only = next(iter(numbers.values()))
        proposed = (
            str(only.get("name") or only.get("containerPort")) if isinstance(target, str) else next(iter(numbers))
        )
    right = int(proposed) if proposed.isdigit() else proposed or NeedsPerson("the port the container listens on")
    return Fix(
        summary=f"Send to {proposed or 'a port the container listens on'}",
        remedies=(edit(service, ("spec", "ports", port_item(port), "targetPort"), right),),
    )


RULES = (selector_unmatched, target_port_unmatched)
