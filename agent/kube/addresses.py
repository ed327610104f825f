"""Where a container connects to: hosts and ports in its environment and command, as the cluster's DNS resolves them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent.kube import commands
from agent.kube.environment import environment
from agent.kube.fields import spec, status, texts
from agent.kube.memo import per_graph
from agent.kube.places import places_in
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

SCHEMES = {"http": 80, "https": 443}
"""Schemes whose port may be left out."""

HOLDS_PLACE = re.compile(
    r"(HOST|ADDR|ADDRESS|URL|URI|SERVICE|SERVER|ENDPOINT|BACKEND|UPSTREAM|BROKER|DSN)S?$", re.IGNORECASE
)
"""Names of variables that hold a place."""

_PLACE = re.compile(r"(?P<host>[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?)(?::(?P<port>\d{1,5}))?(?:[/?#]|$)")
_PORT_ALONE = re.compile(r"\bport[ =:]+(\d{2,5})\b", re.IGNORECASE)
_STEM = re.compile(r"_?(?:HOST|HOSTNAME|ADDR|ADDRESS|SERVICE|SERVER)(?:_NAME)?$", re.IGNORECASE)
_NO_HOST = re.compile(r"^(?:localhost|true|false|yes|no|none|null|on|off|[\d.]+)$")


@dataclass(frozen=True, slots=True)
class Call:
    """One place inside the cluster that a container is told to connect to."""

    variable: str
    """The variable that says so, "" for the command and its arguments."""
    value: str
    host: str
    """As written: `backend`, `backend.shop.svc.cluster.local`."""
    namespace: str
    name: str
    """The Service's."""
    port: int | None
    """None where nothing says it."""
    of_pod: bool = False
    """It names one pod of the Service (`db-0.db`)."""

    @property
    def told(self) -> str:
        """`its variable DB_HOST`, `its command`: what tells the container so."""
        return f"its variable {self.variable}" if self.variable else "its command"


def calls(container: Mapping[str, Any], namespace: str, graph: Graph) -> Iterator[Call]:
    """Yield where a container is told to connect to; names outside the cluster and addresses are left out."""
    known = environment(container, namespace, graph)
    given = known.values
    told: set[tuple[str, str]] = set()
    for variable, value in given.items():
        for host, port in _places(variable, value.lower()):
            resolved = resolve(host, namespace, graph)
            if resolved is not None:
                beside = port if port is not None else _sibling(variable, given)
                told.add(resolved[:2])
                yield Call(variable, value, host, *resolved[:2], beside, resolved[2])
    words = [known.shell(word) for word in (*texts(container.get("command")), *texts(container.get("args")))]
    for place in commands.places(words):
        resolved = None if _NO_HOST.match(place.host) else resolve(place.host, namespace, graph)
        once = resolved is not None and (resolved[:2] not in told or graph.exists("Service", *resolved[:2]))
        if resolved is not None and once:  # a script that says $DB_HOST asks what its variable says
            yield Call("", " ".join(words), place.host, *resolved[:2], place.port, resolved[2])


def astray(container: Mapping[str, Any], namespace: str, graph: Graph) -> bool:
    """Return whether a container is told to connect to a place that no Service has."""
    found = calls(container, namespace, graph)
    return any(not call.of_pod and graph.exists("Service", call.namespace, call.name) is False for call in found)


def resolve(host: str, home: str, graph: Graph) -> tuple[str, str, bool] | None:
    """Return (namespace, Service name, of one pod) of a host as a pod of `home` means it, None outside the cluster."""
    parts = host.split(".")
    if len(parts) == 1:
        return home, host, False
    if "svc" in parts[2:4]:
        place = parts.index("svc", 2)
        return parts[place - 1], parts[place - 2], place == 3
    if len(parts) == 2 and graph.get("Service", home, parts[1]) is not None:
        return home, parts[1], True
    if len(parts) == 2 and graph.get("Namespace", "", parts[1]) is not None:
        return parts[1], parts[0], False
    return None


def mentions(line: str, service: Object, graph: Graph) -> bool:
    """Return whether a log line speaks of a Service: by its name as a host, its address, or that of one of its pods.

    A line that names no host speaks of it by its port (`giving up on port 5432`).
    """
    name, named = ref(service), list(places_in(line))
    if not named:
        return not _ports(service).isdisjoint(_PORT_ALONE.findall(line))
    for place in named:
        if place.host in _addresses(service, graph):
            return True
        found = resolve(place.host, name.namespace, graph)
        if found is not None and found[:2] == (name.namespace, name.name):
            return True
    return False


def _ports(service: Object) -> set[str]:
    return {str(port.get(key)) for port in spec(service).get("ports") or () for key in ("port", "targetPort")}


def service_at(host: str, home: str, graph: Graph) -> Object | None:
    """Return the Service that a host or address in a log means to a pod of `home`, None for nobody's."""
    if host.replace(".", "").isdigit():
        return _by_address(graph).get(host)
    found = resolve(host, home, graph)
    return graph.get("Service", found[0], found[1]) if found is not None else None


@per_graph
def _by_address(graph: Graph) -> Mapping[str, Object]:
    return {address: service for service in graph.all("Service") for address in _cluster_addresses(service)}


def _cluster_addresses(service: Object) -> Iterator[str]:
    wanted = spec(service)
    for address in (*(wanted.get("clusterIPs") or ()), wanted.get("clusterIP"), *(wanted.get("externalIPs") or ())):
        if address and address != "None":
            yield str(address)


def _addresses(service: Object, graph: Graph) -> set[str]:
    pods = graph.selected(service) if spec(service).get("selector") else []
    return {*_cluster_addresses(service), *(str(status(pod).get("podIP")) for pod in pods if status(pod).get("podIP"))}


def _places(variable: str, value: str) -> Iterator[tuple[str, int | None]]:
    for token in re.split(r"[,;\s]+", value):
        scheme, _, rest = token.rpartition("://")
        found = _PLACE.match(rest.rsplit("@", 1)[-1])
        if found is None or _NO_HOST.match(found["host"]):
            continue
        if scheme or found["port"] or HOLDS_PLACE.search(variable):
            default = SCHEMES.get(scheme.rpartition(":")[2])
            yield found["host"], int(found["port"]) if found["port"] else default


def _sibling(variable: str, given: Mapping[str, str]) -> int | None:
    """Return the port in a variable of the same stem: DB_PORT for DB_HOST."""
    stem = _STEM.sub("", variable)
    port = given.get(f"{stem}_PORT", "") if stem != variable else ""
    return int(port) if port.isdigit() else None
