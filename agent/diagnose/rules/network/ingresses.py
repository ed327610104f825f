"""Ingresses that lead nowhere: a class nobody serves, a Service or port that is not there, a path to the wrong one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.registry import rule
from agent.kube.edits import edit
from agent.kube.fields import metadata, seconds_since, spec, status
from agent.kube.ingresses import backends
from agent.kube.memo import per_graph
from agent.kube.paths import keyed
from agent.kube.remedies import Edit, NeedsPerson, kubectl
from agent.kube.wording import closest, listed, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

LEGACY = "kubernetes.io/ingress.class"
"""The annotation that named a class before ingressClassName did; controllers read it still."""

DEFAULT = "ingressclass.kubernetes.io/is-default-class"

ISSUERS = ("cert-manager.io/", "acme.cert-manager.io/", "kubernetes.io/tls-acme", "certmanager.k8s.io/")
"""Annotations by which somebody is asked to issue the certificate."""

ISSUING = 600
"""Seconds an issuer may take."""


@dataclass(frozen=True, slots=True)
class Route:
    """One path of an Ingress, or its default backend, and the Service it leads to."""

    host: str
    path: str
    pointer: str
    service: str
    port: int | str | None

    @property
    def said(self) -> str:
        """`shop.example.com/api`, `the default backend`."""
        return f"{self.host}{self.path}" if self.path else "the default backend"


def routes(ingress: Object) -> Iterator[Route]:
    """Yield every path of an Ingress that leads to a Service."""
    default = spec(ingress).get("defaultBackend")
    if default:
        yield from _route("", "", "/spec/defaultBackend", default)
    for number, entry in enumerate(spec(ingress).get("rules") or ()):
        for place, path in enumerate((entry.get("http") or {}).get("paths") or ()):
            pointer = f"/spec/rules/{number}/http/paths/{place}/backend"
            yield from _route(
                str(entry.get("host") or ""), str(path.get("path") or "/"), pointer, path.get("backend") or {}
            )


def _route(host: str, path: str, pointer: str, backend: Mapping[str, Any]) -> Iterator[Route]:
    service = backend.get("service") or {}
    port = service.get("port") or {}
    if service.get("name"):
        yield Route(host, path, f"{pointer}/service", str(service["name"]), port.get("number") or port.get("name"))


@rule(modes.INGRESS_CLASS_MISSING, on="Ingress")
def class_missing(ingress: Object, graph: Graph) -> Iterator[Finding]:
    """An Ingress names a class that does not exist, or none where there is no default: no controller serves it."""
    if _is_served(ingress) or not graph.snapshot.knows("IngressClass"):
        return
    classes = {ref(found).name: found for found in graph.all("IngressClass")}
    wanted = spec(ingress).get("ingressClassName")
    if wanted and wanted not in classes:
        near = closest(wanted, classes) or (next(iter(classes)) if len(classes) == 1 else "")
        has = f"there is {listed(classes)}" if classes else "there is none at all"
        cause = f"asks for IngressClass {wanted}, which does not exist ({has}), so no controller serves it"
        yield _class_finding(ingress, cause, wanted, near, Severity.ERROR)
    elif not wanted and classes and not _asks_by_annotation(ingress) and not _default(classes):
        cause = (
            f"names no class, and none of the cluster's ({listed(classes)}) is the default, so no controller serves it"
        )
        only = next(iter(classes)) if len(classes) == 1 else ""
        yield _class_finding(ingress, cause, "", only, Severity.WARNING)


def _asks_by_annotation(ingress: Object) -> bool:
    return bool((metadata(ingress).get("annotations") or {}).get(LEGACY))


def _default(classes: Mapping[str, Object]) -> bool:
    return any((metadata(found).get("annotations") or {}).get(DEFAULT) == "true" for found in classes.values())


def _is_served(ingress: Object) -> bool:
    """Return whether a controller gave the Ingress an address."""
    return bool((status(ingress).get("loadBalancer") or {}).get("ingress"))


def _class_finding(ingress: Object, cause: str, old: str, new: str, severity: Severity) -> Finding:
    return Finding(
        mode=modes.INGRESS_CLASS_MISSING,
        subject=ref(ingress),
        cause=f"{said(ref(ingress))} {cause}",
        severity=severity,
        confidence=Confidence.CERTAIN if severity is Severity.ERROR else Confidence.LIKELY,
        evidence=(Evidence(ref(ingress), "/spec/ingressClassName", old or "not set"),),
        fix=Fix(
            f"Ask for {new}" if new else "Install a controller for this class, or name one that exists",
            (
                *((edit(ingress, ("spec", "ingressClassName"), new),) if new else ()),
                kubectl("get", "ingressclasses"),
            ),
            ("ingress.ingressClassName",),
        ),
    )


@rule(modes.INGRESS_BACKEND_MISSING, on="Ingress")
def backend_missing(ingress: Object, graph: Graph) -> Iterator[Finding]:
    """An Ingress sends requests to a Service that does not exist."""
    namespace = ref(ingress).namespace
    for name, found in _by_service(ingress).items():
        if graph.exists("Service", namespace, name) is not False or _is_mesh_route(found):
            continue
        near = closest(name, (ref(service).name for service in graph.all("Service", namespace)))
        hint = f" (there is one called {near})" if near else ""
        yield Finding(
            mode=modes.INGRESS_BACKEND_MISSING,
            subject=ref(ingress),
            cause=f"{said(ref(ingress))} sends {listed(route.said for route in found)} to Service {name}, which does "
            f"not exist in namespace {namespace}{hint}",
            severity=Severity.ERROR,
            confidence=Confidence.CERTAIN,
            evidence=tuple(Evidence(ref(ingress), f"{route.pointer}/name", name) for route in found),
            fix=Fix(
                f"Send it to {near}" if near else f"Create Service {name}, or send it to one that exists",
                (*_renamed(ingress, found, near), kubectl("get", "services", namespace=namespace)),
            ),
        )


def _renamed(ingress: Object, found: Sequence[Route], name: str) -> Iterator[Edit]:
    """Yield the edits that send these routes to the Service of that name, none for no name."""
    for route in found if name else ():
        yield edit(ingress, keyed(ingress, f"{route.pointer}/name"), name)


def _by_service(ingress: Object) -> Mapping[str, list[Route]]:
    found: dict[str, list[Route]] = {}
    for route in routes(ingress):
        found.setdefault(route.service, []).append(route)
    return found


def _is_mesh_route(found: list[Route]) -> bool:
    """Return whether the backend is an action of the AWS controller, which only looks like a Service."""
    return all(route.port == "use-annotation" for route in found)


@rule(modes.INGRESS_PORT_MISMATCH, on="Ingress")
def port_mismatch(ingress: Object, graph: Graph) -> Iterator[Finding]:
    """An Ingress sends requests to a port its Service does not offer."""
    for route in routes(ingress):
        service = graph.get("Service", ref(ingress).namespace, route.service)
        if service is None or route.port in (None, "use-annotation") or spec(service).get("type") == "ExternalName":
            continue
        offered = spec(service).get("ports") or ()
        if any(route.port in (port.get("port"), port.get("name")) for port in offered):
            continue
        yield _port_finding(ingress, route, service, list(offered))


def _port_finding(ingress: Object, route: Route, service: Object, offered: list[Mapping[str, Any]]) -> Finding:
    by_name = isinstance(route.port, str)
    field = "name" if by_name else "number"
    names = [str(port.get("name") if by_name else port.get("port")) for port in offered]
    shown = listed(f"{port.get('port')}{' (' + port['name'] + ')' if port.get('name') else ''}" for port in offered)
    near = closest(str(route.port), names) or (names[0] if len(names) == 1 and names[0] != "None" else "")
    right = NeedsPerson(f"one of {shown}") if not near else near if by_name else int(near)
    return Finding(
        mode=modes.INGRESS_PORT_MISMATCH,
        subject=ref(ingress),
        cause=f"{said(ref(ingress))} sends {route.said} to port {route.port} of {said(ref(service))}, which offers "
        f"only {shown or 'none'}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(
            Evidence(ref(ingress), f"{route.pointer}/port/{field}", str(route.port)),
            Evidence(ref(service), "/spec/ports", shown),
        ),
        fix=Fix(
            f"Send to port {near}" if near else "Send to a port the Service offers",
            (edit(ingress, keyed(ingress, f"{route.pointer}/port/{field}"), right),),
        ),
        affected=(ref(service),),
    )


@rule(modes.INGRESS_WRONG_SERVICE, on="Ingress")
def wrong_service(ingress: Object, graph: Graph) -> Iterator[Finding]:
    """A path named after a Service leads elsewhere, where the rest goes anyway, and nothing leads to that Service."""
    namespace, known = ref(ingress).namespace, list(routes(ingress))
    for route in known:
        word = route.path.strip("/").split("/")[0].lower()
        better = _named(word, route.service, namespace, graph)
        if not better or better in _reached(graph).get(namespace, ()) or not _adds_nothing(route, known):
            continue
        yield Finding(
            mode=modes.INGRESS_WRONG_SERVICE,
            subject=ref(ingress),
            cause=f"{said(ref(ingress))} sends {route.said} to Service {route.service}, where everything else goes "
            f"anyway, while no path leads to Service {better}",
            severity=Severity.WARNING,
            confidence=Confidence.POSSIBLE,
            evidence=(Evidence(ref(ingress), f"{route.pointer}/name", route.service),),
            fix=Fix(
                f"Send {route.said} to {better}",
                tuple(_renamed(ingress, [route], better)),
            ),
        )


def _named(word: str, taken: str, namespace: str, graph: Graph) -> str:
    """Return the Service a path's first word names: `api`, or the only one that ends in `-api`."""
    if len(word) < 2 or word in taken.split("-"):
        return ""
    if graph.get("Service", namespace, word) is not None:
        return word
    ending = [ref(found).name for found in graph.all("Service", namespace) if ref(found).name.endswith(f"-{word}")]
    return ending[0] if len(ending) == 1 and ending[0] != taken else ""


def _adds_nothing(route: Route, known: list[Route]) -> bool:
    """Return whether a shorter path of the same host leads to the same port of the same Service."""
    same = (route.host, route.service, route.port)
    shorter = (other for other in known if (other.host, other.service, other.port) == same)
    return any(other.path != route.path and route.path.startswith(other.path) for other in shorter if other.path)


@per_graph
def _reached(graph: Graph) -> Mapping[str, set[str]]:
    """Return namespace -> the Services Ingresses lead to."""
    found: dict[str, set[str]] = {}
    for ingress in graph.all("Ingress"):
        found.setdefault(ref(ingress).namespace, set()).update(backends(ingress))
    return found


@rule(modes.INGRESS_TLS_SECRET_MISSING, on="Ingress")
def certificate_missing(ingress: Object, graph: Graph) -> Iterator[Finding]:
    """An Ingress takes its certificate from a Secret that does not exist, or that is of another type."""
    namespace = ref(ingress).namespace
    for number, entry in enumerate(spec(ingress).get("tls") or ()):
        name = entry.get("secretName")
        if not name or _is_being_issued(ingress, graph):
            continue
        problem = _problem(namespace, name, graph)
        if problem:
            yield _certificate_finding(ingress, number, entry, problem)


def _problem(namespace: str, name: str, graph: Graph) -> str:
    if graph.exists("Secret", namespace, name) is False:
        return f"does not exist in namespace {namespace}"
    found = graph.get("Secret", namespace, name)
    if found is not None and found.get("keys") == 0:
        return "is empty"
    return ""


def _is_being_issued(ingress: Object, graph: Graph) -> bool:
    asked = any(key.startswith(ISSUERS) for key in metadata(ingress).get("annotations") or {})
    age = seconds_since(graph.snapshot, metadata(ingress).get("creationTimestamp"))
    return asked and age is not None and age < ISSUING


def _certificate_finding(ingress: Object, number: int, entry: Mapping[str, Any], problem: str) -> Finding:
    name, hosts = str(entry["secretName"]), listed(entry.get("hosts") or ["its hosts"])
    return Finding(
        mode=modes.INGRESS_TLS_SECRET_MISSING,
        subject=ref(ingress),
        cause=f"{said(ref(ingress))} takes the certificate for {hosts} from Secret {name}, which {problem}, so HTTPS "
        "is served with a certificate nobody trusts, or not at all",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(Evidence(ref(ingress), f"/spec/tls/{number}/secretName", name),),
        fix=Fix(
            f"Issue the certificate into Secret {name}, or name the one that holds it",
            (kubectl("get", "secrets", "-n", ref(ingress).namespace, "--field-selector", "type=kubernetes.io/tls"),),
            ("ingress.tls[].secretName",),
        ),
    )


RULES = (class_missing, backend_missing, port_mismatch, wrong_service, certificate_missing)
