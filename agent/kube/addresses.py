"""Whom a container calls: hosts and ports in its environment, resolved the way the cluster's DNS would."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent.kube.upstreams import PLACE, variables
from agent.snapshot.graph import Graph

SCHEMES = {"http": 80, "https": 443}
"""Schemes whose port may be left out."""

_PLACE = re.compile(r"(?P<host>[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?)(?::(?P<port>\d{1,5}))?(?:[/?#]|$)")
_STEM = re.compile(r"_?(?:HOST|HOSTNAME|ADDR|ADDRESS|SERVICE|SERVER)(?:_NAME)?$", re.IGNORECASE)
_NO_HOST = re.compile(r"^(?:localhost|true|false|yes|no|none|null|on|off|[\d.]+)$")


@dataclass(frozen=True, slots=True)
class Call:
    """One place a container is told to call, inside the cluster."""

    variable: str
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


def calls(container: Mapping[str, Any], namespace: str, graph: Graph) -> Iterator[Call]:
    """Yield whom a container calls, by its environment; names outside the cluster and addresses are left out."""
    given = dict(variables(container, namespace, graph))
    for variable, value in given.items():
        for host, port in _places(variable, value.lower()):
            resolved = _resolved(host, namespace, graph)
            if resolved is not None:
                beside = port if port is not None else _sibling(variable, given)
                yield Call(variable, value, host, *resolved[:2], beside, resolved[2])


def _places(variable: str, value: str) -> Iterator[tuple[str, int | None]]:
    for token in re.split(r"[,;\s]+", value):
        scheme, _, rest = token.rpartition("://")
        found = _PLACE.match(rest.rsplit("@", 1)[-1])
        if found is None or _NO_HOST.match(found["host"]):
            continue
        if scheme or found["port"] or PLACE.search(variable):
            default = SCHEMES.get(scheme.rpartition(":")[2])
            yield found["host"], int(found["port"]) if found["port"] else default


def _resolved(host: str, home: str, graph: Graph) -> tuple[str, str, bool] | None:
    """Return (namespace, Service name, of one pod), None for a name outside the cluster."""
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


def _sibling(variable: str, given: Mapping[str, str]) -> int | None:
    """Return the port in a variable of the same stem: DB_PORT for DB_HOST."""
    stem = _STEM.sub("", variable)
    port = given.get(f"{stem}_PORT", "") if stem != variable else ""
    return int(port) if port.isdigit() else None
