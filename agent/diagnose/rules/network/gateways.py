"""Gateways and HTTPRoutes their controller does not accept, or that lead to a Service that is not there."""

from collections.abc import Iterator, Mapping
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.registry import rule
from agent.kube.edits import edit
from agent.kube.fields import metadata, number, seconds_since, spec, status
from agent.kube.remedies import NeedsPerson, Path
from agent.kube.wording import closest, listed, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

PENDING = 120
"""Seconds a controller may take to look at a new Gateway or route."""


@rule(modes.GATEWAY_NOT_ACCEPTED, on="Gateway")
def gateway_refused(gateway: Object, graph: Graph) -> Iterator[Finding]:
    """A Gateway of a class that does not exist, or with a condition or a listener its controller calls false."""
    wanted = str(spec(gateway).get("gatewayClassName") or "")
    if graph.exists("GatewayClass", "", wanted) is False:
        names = [ref(found).name for found in graph.all("GatewayClass")]
        near = closest(wanted, names) or (names[0] if len(names) == 1 else "")
        cause = f"asks for GatewayClass {wanted}, which does not exist (there is {listed(names) or 'none'})"
        edits = (edit(gateway, ("spec", "gatewayClassName"), near),) if near else ()
        fix = Fix(f"Ask for {near}" if near else "Install a controller for this class", edits)
        yield _finding(gateway, cause, fix, Evidence(ref(gateway), "/spec/gatewayClassName", wanted))
        return
    for pointer, found in _conditions(gateway):
        if found.get("status") == "False" and _is_telling(found, gateway, graph):
            yield _condition_finding(gateway, pointer, found)
            return


def _conditions(gateway: Object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for place, found in enumerate(status(gateway).get("conditions") or ()):
        if found.get("type") in ("Accepted", "Programmed"):
            yield f"/status/conditions/{place}", found
    for number_, listener in enumerate(status(gateway).get("listeners") or ()):
        for place, found in enumerate(listener.get("conditions") or ()):
            if found.get("type") in ("Accepted", "Programmed", "ResolvedRefs"):
                yield f"/status/listeners/{number_}/conditions/{place}", found


def _is_telling(found: Mapping[str, Any], obj: Object, graph: Graph) -> bool:
    """Return whether a false condition is about this generation, and not just not looked at yet."""
    seen = number(found.get("observedGeneration"), number(metadata(obj).get("generation")))
    age = seconds_since(graph.snapshot, found.get("lastTransitionTime"))
    pending = found.get("reason") == "Pending" and age is not None and age < PENDING
    return seen >= number(metadata(obj).get("generation")) and not pending


def _condition_finding(obj: Object, pointer: str, found: Mapping[str, Any]) -> Finding:
    told = ": ".join(str(part) for part in (found.get("reason"), found.get("message")) if part)
    words = {
        "Accepted": "is not accepted",
        "Programmed": "is not programmed",
        "ResolvedRefs": "refers to what is not there",
    }
    cause = f"{words.get(str(found.get('type')), 'is refused')} by its controller ({told})"
    return _finding(obj, cause, Fix("Correct what the controller objects to"), Evidence(ref(obj), pointer, told))


@rule(modes.ROUTE_NOT_ACCEPTED, on="HTTPRoute")
def route_refused(route: Object, graph: Graph) -> Iterator[Finding]:
    """A route to a Service, a port or a Gateway that is not there, or that its Gateway does not accept."""
    found = [*_missing_backends(route, graph), *_missing_parents(route, graph)]
    yield from found
    if found:
        return
    for pointer, state in _route_conditions(route):
        if state.get("status") == "False" and _is_telling(state, route, graph):
            yield _condition_finding(route, pointer, state)
            return


def _route_conditions(route: Object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for place, parent in enumerate(status(route).get("parents") or ()):
        for index, state in enumerate(parent.get("conditions") or ()):
            if state.get("type") in ("Accepted", "ResolvedRefs"):
                yield f"/status/parents/{place}/conditions/{index}", state


def _missing_backends(route: Object, graph: Graph) -> Iterator[Finding]:
    for number_, entry in enumerate(spec(route).get("rules") or ()):
        for place, backend in enumerate(entry.get("backendRefs") or ()):
            if (backend.get("kind") or "Service") != "Service" or backend.get("group"):
                continue
            where = Evidence(ref(route), f"/spec/rules/{number_}/backendRefs/{place}", str(backend.get("name")))
            yield from _backend(route, backend, ("spec", "rules", number_, "backendRefs", place), where, graph)


def _backend(route: Object, backend: Mapping[str, Any], path: Path, where: Evidence, graph: Graph) -> Iterator[Finding]:
    namespace, name = backend.get("namespace") or ref(route).namespace, str(backend.get("name"))
    service = graph.get("Service", namespace, name)
    if service is None and graph.exists("Service", namespace, name) is False:
        near = closest(name, (ref(found).name for found in graph.all("Service", namespace)))
        cause = f"sends to Service {name}, which does not exist in namespace {namespace}"
        cause += f" (there is one called {near})" if near else ""
        edits = (edit(route, (*path, "name"), near),) if near else ()
        yield _finding(route, cause, Fix(f"Send to {near}" if near else f"Create Service {name}", edits), where)
    ports = [number(port.get("port")) for port in spec(service or {}).get("ports") or ()]
    if ports and backend.get("port") and number(backend["port"]) not in ports:
        cause = f"sends to port {backend['port']} of Service {name}, which offers only {listed(map(str, ports))}"
        only = len(ports) == 1
        value = ports[0] if only else NeedsPerson(f"one of {listed(map(str, ports))}")
        fix = Fix(
            f"Send to port {ports[0]}" if only else "Send to a port it offers", (edit(route, (*path, "port"), value),)
        )
        yield _finding(route, cause, fix, where)


def _missing_parents(route: Object, graph: Graph) -> Iterator[Finding]:
    for place, parent in enumerate(spec(route).get("parentRefs") or ()):
        namespace, name = parent.get("namespace") or ref(route).namespace, str(parent.get("name"))
        if (parent.get("kind") or "Gateway") == "Gateway" and graph.exists("Gateway", namespace, name) is False:
            near = closest(name, (ref(found).name for found in graph.all("Gateway")))
            cause = f"belongs to Gateway {name}, which does not exist in namespace {namespace}"
            edits = (edit(route, ("spec", "parentRefs", place, "name"), near),) if near else ()
            shown = Evidence(ref(route), f"/spec/parentRefs/{place}/name", name)
            yield _finding(route, cause, Fix(f"Name {near}" if near else f"Create Gateway {name}", edits), shown)


def _finding(obj: Object, cause: str, fix: Fix, shown: Evidence) -> Finding:
    return Finding(
        mode=modes.GATEWAY_NOT_ACCEPTED if ref(obj).kind == "Gateway" else modes.ROUTE_NOT_ACCEPTED,
        subject=ref(obj),
        cause=f"{said(ref(obj))} {cause}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(shown,),
        fix=fix,
    )


RULES = (gateway_refused, route_refused)
