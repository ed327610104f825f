"""How the control plane stands: its own checks, who still asks for APIs that go, what nodes use, when certificates end.

Asked for a report of health alone, beside the lists; nothing an answer needs, so that each may be denied by itself.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from agent.snapshot.record import NodeUsage, Object, Part, Ref, Requested, Serving, Shown, State
from tools.certificates import lifetime
from tools.cluster import Reader
from tools.failure import Failure, FailureKind
from tools.handshake import Door, shown
from tools.metrics import node_usage
from tools.redact import redact
from tools.text import clean

METRICS = "/metrics"

MOST_DOORS = 64
"""Servers that are asked for their certificate at most."""

AT_ONCE = 16

HTTPS, KUBELET = 443, 10250

_CHECK = re.compile(r"^\[([+-])\](\S+)", re.MULTILINE)
_REQUESTED = re.compile(rb"^apiserver_requested_deprecated_apis\{([^}\n]*)\} 1$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')

Wanted = tuple[Ref, Door]


def serving(reader: Reader, objects: Mapping[str, Sequence[Object]]) -> tuple[Serving, list[Part]]:
    """Return how the control plane stands, and how whole each part of that is.

    Args:
        reader: the open cluster.
        objects: what was listed of it: nodes, Ingresses, webhooks and Services say where certificates are shown.

    """
    with ThreadPoolExecutor(AT_ONCE) as workers:
        checks = workers.submit(reader.checks)
        asked = workers.submit(reader.get, METRICS, accept="text/plain")
        used = workers.submit(node_usage, reader)
        doors = list(islice(_doors(reader, objects), MOST_DOORS))
        certificates = [*workers.map(lambda wanted: _shown(wanted[0], wanted[1], reader), doors), *_own(reader)]
    read = (checks.result(), asked.result(), used.result())
    return (
        Serving(
            checks={} if isinstance(read[0], Failure) else _checks(read[0]),
            nodes=() if isinstance(read[2], Failure) else [NodeUsage(*item) for item in read[2]],
            certificates=certificates,
            requested=() if isinstance(read[1], Failure) else list(_requested(read[1])),
        ),
        [_part(*item) for item in zip(("readyz", "requested APIs", "metrics of nodes"), read, strict=True)],
    )


def _part(name: str, found: object) -> Part:
    if not isinstance(found, Failure):
        return Part(name, name, State.COMPLETE, needed=False)
    denied = found.kind in (FailureKind.FORBIDDEN, FailureKind.UNAUTHORIZED)
    state = State.DENIED if denied else State.NOT_SERVED if found.kind is FailureKind.NOT_SERVED else State.FAILED
    return Part(name, found.what, state, 0, found.detail, found.hint, needed=False)


def _checks(said: str) -> Mapping[str, bool]:
    return {clean(name, 80): sign == "+" for sign, name in _CHECK.findall(said)}


def _requested(metrics: bytes) -> Iterator[Requested]:
    for labels in _REQUESTED.findall(metrics):
        told = dict(_LABEL.findall(clean(redact(labels.decode("utf-8", errors="replace")), 500)))
        names = (told.get(key, "") for key in ("group", "version", "resource", "removed_release"))
        yield Requested(*names)


def _shown(subject: Ref, door: Door, reader: Reader) -> Shown:
    found = shown(door, reader.deadline)
    if isinstance(found, Failure):
        return Shown(subject, str(door), None, None, found.detail)
    return _dated(subject, str(door), found)


def _dated(subject: Ref, door: str, certificate: bytes) -> Shown:
    found = lifetime(certificate)
    if found is None:
        return Shown(subject, door, None, None, "it is no certificate that can be read")
    return Shown(subject, door, found.begins, found.ends)


def _own(reader: Reader) -> Iterator[Shown]:
    """Yield this look's own client certificate, when it shows one."""
    if reader.access.certificate:
        yield _dated(Ref("User", "", reader.access.context), "kubeconfig", reader.access.certificate)


def _doors(reader: Reader, objects: Mapping[str, Sequence[Object]]) -> Iterator[Wanted]:
    """Yield whose certificates are asked for and where, what most depends on first."""
    server = urlsplit(reader.host)
    if server.scheme == "https" and server.hostname:
        name = reader.access.tls_server_name or server.hostname
        yield Ref("Cluster", "", reader.access.context), Door(server.hostname, server.port or HTTPS, name)
    yield from _of_ingresses(objects.get("Ingress", ()))
    yield from _of_services(objects)
    yield from _of_nodes(objects.get("Node", ()))


def _of_ingresses(ingresses: Sequence[Object]) -> Iterator[Wanted]:
    for item in ingresses:
        balancers = ((item.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
        address = next((found for found in map(_address, balancers) if found), "")
        hosts = [host for tls in (item.get("spec") or {}).get("tls") or () for host in tls.get("hosts") or ()]
        if address:
            yield from ((_ref(item), Door(address, HTTPS, host)) for host in dict.fromkeys(hosts))


def _address(balancer: Mapping[str, Any]) -> str:
    return str(balancer.get("ip") or balancer.get("hostname") or "")


def _of_services(objects: Mapping[str, Sequence[Object]]) -> Iterator[Wanted]:
    """Yield the Services that answer for the API server: webhooks and aggregated APIs, by their cluster address."""
    known = {_ref(item)[1:]: item for item in objects.get("Service", ())}
    for subject, wanted in _answering(objects):
        place = (wanted.get("namespace") or "", wanted.get("name") or "")
        address = ((known.get(place) or {}).get("spec") or {}).get("clusterIP")
        if address and address != "None":
            yield subject, Door(address, int(wanted.get("port") or HTTPS), f"{place[1]}.{place[0]}.svc")


def _answering(objects: Mapping[str, Sequence[Object]]) -> Iterator[tuple[Ref, Mapping[str, Any]]]:
    for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
        for item in objects.get(kind, ()):
            services = [(hook.get("clientConfig") or {}).get("service") for hook in item.get("webhooks") or ()]
            yield from ((_ref(item), found) for found in _distinct(services))
    for item in objects.get("APIService", ()):
        found = (item.get("spec") or {}).get("service")
        if found:
            yield _ref(item), found


def _distinct(services: Sequence[Mapping[str, Any] | None]) -> list[Mapping[str, Any]]:
    named = {(found.get("namespace"), found.get("name"), found.get("port")): found for found in services if found}
    return list(named.values())


def _of_nodes(nodes: Sequence[Object]) -> Iterator[Wanted]:
    for item in nodes:
        addresses = (item.get("status") or {}).get("addresses") or ()
        inside = next((found.get("address") for found in addresses if found.get("type") == "InternalIP"), None)
        port = (((item.get("status") or {}).get("daemonEndpoints") or {}).get("kubeletEndpoint") or {}).get("Port")
        if inside:
            yield _ref(item), Door(str(inside), int(port or KUBELET))


def _ref(obj: Object) -> Ref:
    meta = obj.get("metadata") or {}
    return Ref(str(obj.get("kind")), meta.get("namespace", ""), meta.get("name", ""))
