"""Clients that call a Service by a wrong name or on a wrong port, or where its traffic policy lets nobody answer."""

import re
from collections.abc import Iterator

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity, finding
from agent.diagnose.logs import log_line, refused_probe, unready
from agent.diagnose.messages.network import NAMES, REFUSALS, TIMEOUTS, UNSURE
from agent.diagnose.registry import rule
from agent.diagnose.rules.program.messages import asked_host, match_of
from agent.kube.addresses import Call, calls, resolve
from agent.kube.containers import Container, end_log
from agent.kube.edits import edit, variable_edits
from agent.kube.endpoints import chosen, is_ready, selected
from agent.kube.fields import spec
from agent.kube.memo import per_graph
from agent.kube.places import asked_name
from agent.kube.remedies import Edit, NeedsPerson, kubectl
from agent.kube.wording import closest, listed, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object


@rule(modes.SERVICE_NAME_WRONG, on="Pod")
def wrong_name(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A container that cannot do its work is told to call a Service that does not exist."""
    for container in unready(pod, graph):
        told = list(_told_wrong(container, graph))
        yield from told
        asked = None if told else _asked(container, graph)
        if asked is not None:
            yield _asked_finding(container, *asked, graph)


def _told_wrong(container: Container, graph: Graph) -> Iterator[Finding]:
    """Yield the names it is told to connect to that are no Service's, where its log or its probe bears that out."""
    for call in calls(container.spec, ref(container.pod).namespace, graph):
        if call.of_pod or graph.exists("Service", call.namespace, call.name) is not False:
            continue
        proof = _unknown_name(container, call, graph)
        weak = None if proof else refused_probe(container, graph)
        near = _near(call, graph) if proof or weak else ""
        if proof or near:
            certain = proof is not None and bool(asked_name(proof.text))
            yield _name_finding(container, call, near, proof or weak, graph, certain=certain)


def _asked(container: Container, graph: Graph) -> tuple[Call, Evidence] | None:
    """Return the name that did not resolve by the log's end, where a Service would have to have it and none has."""
    found = match_of(container, graph)
    if found is None or found.mode is not modes.DEPENDENCY_UNREACHABLE:
        return None
    host = asked_host(container, found.line, graph)
    named = resolve(host, ref(container.pod).namespace, graph) if host else None
    if named is None or named[2] or graph.exists("Service", *named[:2]) is not False:
        return None
    call = Call("", "", host, named[0], named[1], None)
    return call, Evidence(ref(container.pod), end_log(container, graph)[0], found.line[:500])


def _asked_finding(container: Container, call: Call, proof: Evidence, graph: Graph) -> Finding:
    near, hint = _near(call, graph), _hint(call, graph)
    cause = (
        f"container {container.name} cannot resolve {call.host}: there is no Service {call.name} in namespace "
        f"{call.namespace}{hint}"
    )
    fix = Fix(
        f"Connect to {near}" if near else f"Create Service {call.name}, or connect to one that exists",
        (kubectl("get", "services", namespace=call.namespace),),
    )
    return finding(modes.SERVICE_NAME_WRONG, container, graph, cause, fix, (proof,), Confidence.LIKELY)


def _hint(call: Call, graph: Graph) -> str:
    """Return the Service most likely meant: one of the same name elsewhere, or one of a similar name."""
    elsewhere = _namespaces(graph).get(call.name, ())
    if elsewhere:
        return f"; one exists in namespace {listed(elsewhere)}: {call.name}.{elsewhere[0]}"
    near = _near(call, graph)
    return f" (there is one called {near})" if near else ""


@per_graph
def _namespaces(graph: Graph) -> dict[str, list[str]]:
    """Return Service name -> the namespaces that have one of that name."""
    found: dict[str, list[str]] = {}
    for service in graph.all("Service"):
        found.setdefault(ref(service).name, []).append(ref(service).namespace)
    return found


def _near(call: Call, graph: Graph) -> str:
    """Return the Service most likely meant; many replicas ask for one name."""
    answers, key = _meant(graph), (call.namespace, call.name)
    if key not in answers:
        known = (ref(found).name for found in graph.all("Service", call.namespace))
        answers[key] = closest(call.name, (name for name in known if name != "kubernetes"))
    return answers[key]


@per_graph
def _meant(graph: Graph) -> dict[tuple[str, str], str]:
    return {}


def _unknown_name(container: Container, call: Call, graph: Graph) -> Evidence | None:
    named = re.compile(rf"(?<![-\w]){re.escape(call.host)}(?![-\w])")
    found = log_line(container, graph, NAMES) or log_line(container, graph, UNSURE)
    return found if found is not None and (named.search(found.text) or not asked_name(found.text)) else None


def _name_finding(
    container: Container, call: Call, near: str, proof: Evidence | None, graph: Graph, *, certain: bool
) -> Finding:
    cause = (
        f"container {container.name} calls {call.host}, by {call.told}, and there is no Service "
        f"{call.name} in namespace {call.namespace}{_hint(call, graph)}"
    )
    other = call.value.replace(call.name, near) if near else NeedsPerson("the address of a Service that exists")
    fix = Fix(
        f"Call {near}" if near else f"Create Service {call.name}, or call one that exists",
        (*_told_otherwise(container, call, other, graph), kubectl("get", "services", namespace=call.namespace)),
        _where(container, call),
    )
    shown = (_variable(container, call), *([proof] if proof else []))
    confidence = Confidence.CERTAIN if certain else Confidence.LIKELY
    return finding(modes.SERVICE_NAME_WRONG, container, graph, cause, fix, shown, confidence)


def _told_otherwise(container: Container, call: Call, value: str | NeedsPerson, graph: Graph) -> tuple[Edit, ...]:
    """Return the edit of the variable that tells it; a command is a list of words, and only a person rewrites those."""
    return variable_edits(container, graph, call.variable, value) if call.variable else ()


def _where(container: Container, call: Call) -> tuple[str, ...]:
    return () if call.variable else (container.field("command"), container.field("args"))


@rule(modes.SERVICE_PORT_WRONG, on="Pod")
def wrong_port(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A container that cannot do its work calls a Service on a port it does not offer."""
    for container in unready(pod, graph):
        for call in calls(container.spec, ref(pod).namespace, graph):
            service = graph.get("Service", call.namespace, call.name)
            if service is None or call.port is None or call.of_pod or not _offers_others(service, call):
                continue
            proof = (
                log_line(container, graph, REFUSALS)
                or log_line(container, graph, TIMEOUTS)
                or refused_probe(container, graph)
            )
            if proof:
                yield _port_finding(container, call, service, proof, graph)


def _offers_others(service: Object, call: Call) -> bool:
    """Return whether the Service is reached through its own ports, and the called one is none of them."""
    wanted = spec(service)
    direct = wanted.get("clusterIP") == "None" or wanted.get("type") == "ExternalName"
    ports = {port.get("port") for port in wanted.get("ports") or ()}
    return bool(ports) and not direct and call.port not in ports


def _port_finding(container: Container, call: Call, service: Object, proof: Evidence, graph: Graph) -> Finding:
    ports = [str(port.get("port")) for port in spec(service).get("ports") or ()]
    cause = (
        f"container {container.name} calls {call.host} on port {call.port}, by {call.told}, and "
        f"{said(ref(service))} offers only {listed(ports)}"
    )
    new = ports[0] if len(ports) == 1 else ""
    value: str | NeedsPerson = NeedsPerson(f"the address with a port that {ref(service).name} offers")
    if new and f":{call.port}" in call.value:
        value = call.value.replace(f":{call.port}", f":{new}")
    fix = Fix(
        f"Call port {new}" if new else "Call a port it offers",
        _told_otherwise(container, call, value, graph),
        _where(container, call),
    )
    shown = (_variable(container, call), Evidence(ref(service), "/spec/ports", listed(ports)), proof)
    return finding(modes.SERVICE_PORT_WRONG, container, graph, cause, fix, shown, Confidence.CERTAIN)


@rule(modes.TRAFFIC_POLICY_LOCAL, on="Pod")
def local_only(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A client's node has no endpoint of a Service whose internalTrafficPolicy keeps traffic on the node."""
    node = spec(pod).get("nodeName")
    for container in unready(pod, graph):
        for call in calls(container.spec, ref(pod).namespace, graph):
            service = graph.get("Service", call.namespace, call.name)
            if service is None or spec(service).get("internalTrafficPolicy") != "Local":
                continue
            pods = [found for found in selected(call.namespace, chosen(service), graph) if is_ready(found)]
            places = sorted({str(spec(found).get("nodeName")) for found in pods})
            if places and node not in places:
                yield _local_finding(container, service, str(node), places, graph)


def _local_finding(container: Container, service: Object, node: str, places: list[str], graph: Graph) -> Finding:
    cause = (
        f"container {container.name} runs on node {node}, and {said(ref(service))} (internalTrafficPolicy Local) "
        f"answers only on {listed(places)}, where its pods are"
    )
    fix = Fix(
        "Let it lead to other nodes, or run a pod of it on every node (DaemonSet)",
        (edit(service, ("spec", "internalTrafficPolicy"), "Cluster"),),
    )
    shown = (
        Evidence(ref(service), "/spec/internalTrafficPolicy", "Local"),
        Evidence(ref(container.pod), "/spec/nodeName", node),
    )
    return finding(modes.TRAFFIC_POLICY_LOCAL, container, graph, cause, fix, shown, Confidence.CERTAIN)


@rule(modes.EXTERNAL_TRAFFIC_POLICY_LOCAL, on="Service")
def external_local(service: Object, graph: Graph) -> Iterator[Finding]:
    """A node port that answers only on the nodes that run a pod of the Service."""
    wanted = spec(service)
    if wanted.get("externalTrafficPolicy") != "Local" or wanted.get("type") != "NodePort":
        return
    pods = [found for found in selected(ref(service).namespace, chosen(service), graph) if is_ready(found)]
    places = sorted({str(spec(found).get("nodeName")) for found in pods})
    others = [ref(node).name for node in graph.all("Node") if ref(node).name not in places]
    if places and others:
        yield Finding(
            mode=modes.EXTERNAL_TRAFFIC_POLICY_LOCAL,
            subject=ref(service),
            cause=f"{said(ref(service))} (externalTrafficPolicy Local) answers on its node port only at "
            f"{listed(places)}, not at {listed(others)}",
            severity=Severity.INFO,
            confidence=Confidence.CERTAIN,
            evidence=(Evidence(ref(service), "/spec/externalTrafficPolicy", "Local"),),
            fix=Fix(
                "Let every node answer, if clients come by any of them",
                (edit(service, ("spec", "externalTrafficPolicy"), "Cluster"),),
            ),
        )


def _variable(container: Container, call: Call) -> Evidence:
    if not call.variable:
        return Evidence(ref(container.pod), f"{container.pointer}/command", call.value[:200])
    return Evidence(ref(container.pod), f"{container.pointer}/env", f"{call.variable}={call.value}")


RULES = (wrong_name, wrong_port, local_only, external_local)
