"""Services that lead to the wrong pods, over the wrong protocol, to no endpoint, or from nowhere outside."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.registry import rule
from agent.kube.containers import newest
from agent.kube.edits import edit, port_item
from agent.kube.endpoints import chosen, is_ready, selected, slices
from agent.kube.fields import condition, containers, is_terminal, metadata, seconds_since, spec, status
from agent.kube.ingresses import routed
from agent.kube.memo import per_graph
from agent.kube.remedies import kubectl
from agent.kube.wording import counted, duration, listed, pairs, said
from agent.snapshot.evidence import Evidence, event_evidence
from agent.snapshot.graph import Graph, controller, labels, ref
from agent.snapshot.record import Object, Ref

ENDPOINTS_DUE = 60
"""Seconds after which a ready pod must stand in its Service's EndpointSlices."""

MANAGER = "kube-controller-manager"

PROVISIONING = 180
"""Seconds a cloud takes for a load balancer."""

BARE = 20
"""Seconds one takes where no node has a cloud's id: only an address is handed out."""


@rule(modes.SERVICE_SELECTS_OTHERS, on="Service")
def selects_others(service: Object, graph: Graph) -> Iterator[Finding]:
    """A Service's selector also selects the pods another Service with the same selector is named after."""
    selector = chosen(service)
    twins = _twins(graph).get(_key(service), ()) if selector else ()
    if len(twins) < 2:
        return
    made = _workloads(service, graph)
    own = _namesake(service, list(made))
    theirs = {ref(twin).name: _namesake(twin, list(made)) for twin in twins if twin is not service}
    others = [name for name in theirs.values() if name is not None and name != own]
    if own is not None and others:
        yield _mixed_finding(service, own, others, made, selector)


@per_graph
def _twins(graph: Graph) -> Mapping[tuple[str, str], list[Object]]:
    """Return (namespace, selector) -> the Services with exactly that selector."""
    found: dict[tuple[str, str], list[Object]] = {}
    for service in graph.all("Service"):
        if chosen(service):
            found.setdefault(_key(service), []).append(service)
    return found


def _key(service: Object) -> tuple[str, str]:
    return ref(service).namespace, pairs(dict(sorted(chosen(service).items())))


def _workloads(service: Object, graph: Graph) -> Mapping[Ref, list[Object]]:
    """Return who made the pods a Service selects -> those pods; a controller nobody recorded counts by its name."""
    found: dict[Ref, list[Object]] = {}
    for pod in selected(ref(service).namespace, chosen(service), graph):
        if is_terminal(pod):
            continue
        top = graph.workload(pod)
        above = controller(top)
        name = ref(top) if above is None else Ref(above.get("kind", ""), ref(top).namespace, above.get("name", ""))
        found.setdefault(name, []).append(pod)
    return found


def _namesake(service: Object, made: Sequence[Ref]) -> Ref | None:
    """Return the one workload a Service is named after, None when none is, or several are."""
    name = ref(service).name
    same = [found for found in made if found.name == name]
    near = [found for found in made if found.name.startswith(f"{name}-") or name.startswith(f"{found.name}-")]
    return same[0] if len(same) == 1 else near[0] if not same and len(near) == 1 else None


def _mixed_finding(
    service: Object, own: Ref, others: list[Ref], made: Mapping[Ref, list[Object]], selector: Mapping[str, str]
) -> Finding:
    foreign = [pod for other in others for pod in made[other]]
    apart = _telling(made[own][0], foreign[0], selector)
    return Finding(
        mode=modes.SERVICE_SELECTS_OTHERS,
        subject=ref(service),
        cause=f"{said(ref(service))} selects {pairs(selector)}, which the pods of {listed(map(said, others))} carry "
        f"too, so {counted(len(foreign), 'pod')} of somebody else answer{'s' if len(foreign) == 1 else ''} for it",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(
            Evidence(ref(service), "/spec/selector", pairs(selector)),
            *(Evidence(ref(pod), "/metadata/labels", pairs(labels(pod))) for pod in foreign[:3]),
        ),
        fix=Fix(
            f"Select by {pairs(apart)} as well" if apart else "Give each pods a label of their own, and select it",
            tuple(edit(service, ("spec", "selector", key), value) for key, value in apart.items()),
        ),
    )


def _telling(mine: Object, yours: Object, selector: Mapping[str, str]) -> Mapping[str, str]:
    """Return a label that tells the own pods from the others."""
    fixed = {key: value for key, value in labels(mine).items() if "hash" not in key and key not in selector}
    return dict([(key, value) for key, value in fixed.items() if labels(yours).get(key) != value][:1])


@rule(modes.SERVICE_WITHOUT_ENDPOINTS, on="Service")
def without_endpoints(service: Object, graph: Graph) -> Iterator[Finding]:
    """A Service leads nowhere although its pods are ready, or because nobody gave it pods or addresses."""
    if spec(service).get("type") == "ExternalName" or not graph.snapshot.knows("EndpointSlice"):
        return
    reached = any(endpoint for found in slices(service, graph) for endpoint in found.get("endpoints") or ())
    if reached:
        return
    if chosen(service):
        yield from _forgotten(service, graph)
    elif not _is_written_elsewhere(service):
        cause = "has no selector, and nobody made an EndpointSlice for it, so it leads nowhere"
        fix = Fix("Give it a selector, or an EndpointSlice", concerns=("service.selector",))
        shown = Evidence(ref(service), "/spec/selector", "not set")
        severity = Severity.WARNING if routed(service, graph) else Severity.INFO
        yield _no_endpoint_finding(service, cause, fix, shown, severity)


def _is_written_elsewhere(service: Object) -> bool:
    """Return whether a controller fills the endpoints in when it is ready to: a leader election's, an operator's."""
    return bool(metadata(service).get("ownerReferences")) or spec(service).get("clusterIP") == "None"


def _forgotten(service: Object, graph: Graph) -> Iterator[Finding]:
    pods = [pod for pod in selected(ref(service).namespace, chosen(service), graph) if is_ready(pod)]
    since = [seconds_since(graph.snapshot, _ready_since(pod)) for pod in pods]
    waited = [seconds for seconds in since if seconds is not None and seconds > ENDPOINTS_DUE]
    if pods and len(waited) == len(pods) and spec(service).get("ports"):
        cause = f"has no endpoint though {counted(len(pods), 'pod')} it selects {'is' if len(pods) == 1 else 'are'} "
        cause += f"ready for {duration(min(waited))}: the controller manager does not write EndpointSlices"
        fix = Fix("Look at the controller manager", (kubectl("get", "lease", MANAGER, namespace="kube-system"),))
        shown = Evidence(ref(pods[0]), "/status/conditions", "Ready")
        yield _no_endpoint_finding(service, cause, fix, shown, Severity.ERROR)


def _ready_since(pod: Object) -> str | None:
    found = condition(pod, "Ready")
    return found[1].get("lastTransitionTime") if found else None


def _no_endpoint_finding(service: Object, cause: str, fix: Fix, shown: Evidence, severity: Severity) -> Finding:
    return Finding(
        mode=modes.SERVICE_WITHOUT_ENDPOINTS,
        subject=ref(service),
        cause=f"{said(ref(service))} {cause}",
        severity=severity,
        confidence=Confidence.LIKELY,
        evidence=(shown,),
        fix=fix,
    )


@rule(modes.SERVICE_PROTOCOL_MISMATCH, on="Service")
def protocol_mismatch(service: Object, graph: Graph) -> Iterator[Finding]:
    """A Service forwards one protocol to a port its containers declare for another."""
    if not chosen(service):
        return
    pods = [pod for pod in selected(ref(service).namespace, chosen(service), graph) if not is_terminal(pod)]
    for place, port in enumerate(spec(service).get("ports") or ()):
        target, wanted = port.get("targetPort") or port.get("port"), port.get("protocol") or "TCP"
        speaks = protocols(target, pods[:1])
        if speaks and wanted not in speaks:
            yield _protocol_finding(service, place, port, sorted(speaks)[0], pods[0])


def protocols(target: object, pods: Sequence[Object]) -> set[str]:
    """Return the protocols pods declare a port for, by its name or number."""
    ports = [port for pod in pods for _, container in containers(pod) for port in container.get("ports") or ()]
    return {port.get("protocol") or "TCP" for port in ports if target in (port.get("name"), port.get("containerPort"))}


def _protocol_finding(service: Object, place: int, port: Mapping[str, Any], speaks: str, pod: Object) -> Finding:
    wanted, target = port.get("protocol") or "TCP", port.get("targetPort") or port.get("port")
    return Finding(
        mode=modes.SERVICE_PROTOCOL_MISMATCH,
        subject=ref(service),
        cause=f"{said(ref(service))} forwards {wanted} on port {port.get('port')}, but its pods speak {speaks} "
        f"on {target}",
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY,
        evidence=(
            Evidence(ref(service), f"/spec/ports/{place}/protocol", wanted),
            Evidence(ref(pod), "/spec/containers", f"port {target} is {speaks}"),
        ),
        fix=Fix(
            f"Forward {speaks}",
            (edit(service, ("spec", "ports", port_item(port), "protocol"), speaks),),
        ),
    )


@rule(modes.LOAD_BALANCER_PENDING, on="Service")
def load_balancer_pending(service: Object, graph: Graph) -> Iterator[Finding]:
    """A Service of type LoadBalancer was given no address."""
    if spec(service).get("type") != "LoadBalancer" or (status(service).get("loadBalancer") or {}).get("ingress"):
        return
    failed = newest([event for event in _of_provider(service, graph) if event.get("type") == "Warning"])
    age = seconds_since(graph.snapshot, metadata(service).get("creationTimestamp")) or 0.0
    if failed is None and age < patience(service, graph):
        return
    shown = (event_evidence(failed, service),) if failed else ()
    yield Finding(
        mode=modes.LOAD_BALANCER_PENDING,
        subject=ref(service),
        cause=f"{said(ref(service))} is of type LoadBalancer and has had no address for {duration(age)}: "
        f"{_no_address(service, failed, graph)}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if failed else Confidence.LIKELY,
        evidence=(Evidence(ref(service), "/status/loadBalancer", "{}"), *shown),
        fix=Fix(
            "Give the provider what it says it lacks"
            if failed
            else "Install a provider (MetalLB, kube-vip, the cloud's controller), or use another type with an Ingress",
            concerns=("service.type",),
        ),
    )


def _no_address(service: Object, failed: Object | None, graph: Graph) -> str:
    """Return why there is no address: in the words of whoever provides load balancers, where anybody does."""
    if failed:
        return str(failed.get("message") or failed.get("reason"))
    if patience(service, graph) == PROVISIONING:
        return "its provider has not made one"
    return "nothing in this cluster provides load balancers" if graph.all("Node") else "nobody has provided one"


def _of_provider(service: Object, graph: Graph) -> list[Object]:
    """Return the events by which whoever provides load balancers speaks about a Service: all but the endpoints'."""
    return [event for event in graph.events(service) if "Endpoint" not in str(event.get("reason"))]


def patience(service: Object, graph: Graph) -> float:
    """Return the seconds a load balancer's address may take: long where a cloud's nodes or an event show a provider."""
    provided = any(spec(node).get("providerID") for node in graph.all("Node")) or bool(_of_provider(service, graph))
    return PROVISIONING if provided else BARE


RULES = (selects_others, without_endpoints, protocol_mismatch, load_balancer_pending)
