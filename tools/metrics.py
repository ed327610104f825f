"""Resource use, from the metrics API of the cluster or from one configured Prometheus."""

import http.client
import ipaddress
import json
import math
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from tools.cluster import Reader
from tools.deadline import Deadline
from tools.failure import Failure, FailureKind
from tools.kinds import METRICS
from tools.quantity import parse_quantity
from tools.redact import redact
from tools.text import clean

SECONDS = 5.0
LARGEST = 1 << 20
"""Bytes of a Prometheus answer at most."""


class PodUsage(NamedTuple):
    """One container's use: CPU in cores, memory (working set) in bytes."""

    namespace: str
    pod: str
    container: str
    cpu: float
    memory: int


def pod_usage(reader: Reader, namespace: str | None) -> list[PodUsage] | Failure:
    """Return what the metrics API knows of a namespace's containers, or of all for None."""
    path = f"{METRICS}/namespaces/{namespace}/pods" if namespace else f"{METRICS}/pods"
    found = reader.json(path)
    if isinstance(found, Failure):
        return found
    items = found.get("items") if isinstance(found, dict) else None
    if not isinstance(items, list):
        return Failure(FailureKind.MALFORMED, f"GET {path}", "the answer is no list")
    return [usage for item in items if isinstance(item, dict) for usage in _containers(item)]


class NodeUsage(NamedTuple):
    """One node's use, its system's included: CPU in cores, memory (working set) in bytes."""

    node: str
    cpu: float
    memory: int


def node_usage(reader: Reader) -> list[NodeUsage] | Failure:
    """Return what the metrics API knows of the nodes."""
    path = f"{METRICS}/nodes"
    found = reader.json(path)
    if isinstance(found, Failure):
        return found
    items = found.get("items") if isinstance(found, dict) else None
    if not isinstance(items, list):
        return Failure(FailureKind.MALFORMED, f"GET {path}", "the answer is no list")
    named = [(_name(item), item.get("usage")) for item in items if isinstance(item, dict)]
    read = [(name, _amounts(usage)) for name, usage in named if isinstance(usage, dict)]
    return [NodeUsage(name, *amounts) for name, amounts in read if name and amounts is not None]


def _name(item: Mapping[str, Any]) -> str:
    meta = item.get("metadata")
    return str(meta.get("name") or "") if isinstance(meta, dict) else ""


def _containers(item: Mapping[str, Any]) -> Iterator[PodUsage]:
    """Yield what one PodMetrics says; a container with an unreadable amount is unknown, not idle."""
    meta, containers = item.get("metadata"), item.get("containers")
    if not isinstance(meta, dict) or not isinstance(containers, list):
        return
    for container in containers:
        usage = container.get("usage") if isinstance(container, dict) else None
        amounts = _amounts(usage) if isinstance(usage, dict) else None
        if amounts is not None:
            namespace, pod, name = meta.get("namespace"), meta.get("name"), container.get("name")
            yield PodUsage(str(namespace or ""), str(pod or ""), str(name or ""), *amounts)


def _amounts(usage: Mapping[str, Any]) -> tuple[float, int] | None:
    cpu, memory = parse_quantity(usage.get("cpu", "")), parse_quantity(usage.get("memory", ""))
    return None if cpu is None or memory is None else (float(cpu), int(memory))


def prometheus_usage(origin: str, namespace: str | None, deadline: Deadline | None = None) -> list[PodUsage] | Failure:
    """Return what a Prometheus that scrapes the kubelets knows of a namespace's containers, or of all for None.

    Each of its two queries has until the deadline, and `SECONDS` at most. CPU is the mean of the last two minutes; a
    container without both figures is unknown, not idle.
    """
    chosen = f',namespace="{namespace}"' if namespace else ""
    which = f'{{container!="",container!="POD"{chosen}}}'
    by = "max by (namespace, pod, container)"  # not the sum: two jobs may scrape one kubelet
    memory = query(origin, f"{by} (container_memory_working_set_bytes{which})", deadline)
    if isinstance(memory, Failure):
        return memory
    cpu = query(origin, f"{by} (rate(container_cpu_usage_seconds_total{which}[2m]))", deadline)
    if isinstance(cpu, Failure):
        return cpu
    used, busy = _by_container(memory), _by_container(cpu)
    return [PodUsage(*name, busy[name], int(amount)) for name, amount in used.items() if name in busy]


def _by_container(found: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str, str], float]:
    """Return (namespace, pod, container) -> value of an instant query's samples, without what is no number."""
    values: dict[tuple[str, str, str], float] = {}
    for sample in found:
        labels, value = sample.get("metric"), sample.get("value")
        if not isinstance(labels, dict) or not isinstance(value, list) or len(value) != 2:
            continue
        with suppress(ValueError):
            amount = float(str(value[1]))
            if math.isfinite(amount):
                namespace, pod, container = (str(labels.get(key) or "") for key in ("namespace", "pod", "container"))
                values[namespace, pod, container] = amount
    return values


def query(origin: str, expression: str, deadline: Deadline | None = None) -> Sequence[Mapping[str, Any]] | Failure:
    """Return the result of one instant query: `[{"metric": {…}, "value": [time, "text"]}, …]`.

    Args:
        origin: `http://host:9090`, from the user's own configuration and nowhere else.
        expression: PromQL.
        deadline: when the command must have ended, None where only `SECONDS` count.

    """
    return _asked(origin, "/api/v1/query", {"query": expression}, deadline)


def query_range(
    origin: str, expression: str, start: float, end: float, step: float
) -> Sequence[Mapping[str, Any]] | Failure:
    """Return the result of one range query; times are seconds since the epoch."""
    return _asked(origin, "/api/v1/query_range", {"query": expression, "start": start, "end": end, "step": step})


def _asked(
    origin: str, path: str, parameters: Mapping[str, object], deadline: Deadline | None = None
) -> Sequence[Mapping[str, Any]] | Failure:
    place = _place(origin)
    if isinstance(place, Failure):
        return place
    scheme, host, port = place
    what = f"GET {scheme}://{host}:{port}{path}"
    until = deadline.no_later(SECONDS) if deadline else Deadline.after(SECONDS)
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    connection = kind(host, port, timeout=SECONDS)
    try:
        body = until.wait(lambda: _closing(connection, f"{path}?{urlencode(parameters)}", what))
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, TimeoutError) or until.is_over():
            return Failure(FailureKind.TIMEOUT, what, f"no answer within {until.seconds:.0f} s")
        return Failure(FailureKind.UNREACHABLE, what, clean(redact(str(error))))
    finally:
        with suppress(OSError, AttributeError):  # closed already, unless the thread that asks was left behind
            connection.sock.shutdown(socket.SHUT_RDWR)
    return body if isinstance(body, Failure) else _result(body, what)


def _place(origin: str) -> tuple[str, str, int] | Failure:
    """Return scheme, host and port: an origin has nothing else, so that no path or password rides along."""
    try:
        parts = urlsplit(origin)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    bare = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in ("http", "https") or not host or not bare:
        hint = "set `prometheus` to http://host:9090"
        return Failure(FailureKind.CONFIG, "prometheus", "its setting is no plain http or https origin", hint)
    return parts.scheme, host, port or (443 if parts.scheme == "https" else 80)


def _closing(connection: http.client.HTTPConnection, target: str, what: str) -> bytes | Failure:
    try:
        return _body(connection, target, what)
    finally:
        connection.close()


def _body(connection: http.client.HTTPConnection, target: str, what: str) -> bytes | Failure:
    """Return one answer; redirects are answers that are not 200, so they are never followed."""
    connection.connect()
    if _is_link_local(connection.sock):
        return Failure(FailureKind.DENIED, what, "a link-local address: it may be the cloud's metadata service")
    connection.request("GET", target, headers={"Accept": "application/json"})
    with connection.getresponse() as answer:
        body = answer.read(LARGEST + 1)
    if len(body) > LARGEST:
        return Failure(FailureKind.TRUNCATED, what, "more than 1 MiB")
    if answer.length:
        raise http.client.IncompleteRead(body)
    return body if answer.status == 200 else _refused(answer.status, body, what)


def _is_link_local(connected: socket.socket) -> bool:
    return ipaddress.ip_address(connected.getpeername()[0].partition("%")[0]).is_link_local


def _refused(status: int, body: bytes, what: str) -> Failure:
    if 300 <= status < 400:
        return Failure(FailureKind.MALFORMED, what, f"redirects ({status}) are not followed", "name the origin itself")
    kind = {401: FailureKind.UNAUTHORIZED, 403: FailureKind.FORBIDDEN}.get(status, FailureKind.SERVER)
    return Failure(kind, what, f"status {status} {clean(redact(_error(body)), 200)}".strip())


def _error(body: bytes) -> str:
    """Return Prometheus's own words: `parse error: unexpected character`."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return str(found.get("error") or "") if isinstance(found, dict) else ""


def _result(body: bytes, what: str) -> Sequence[Mapping[str, Any]] | Failure:
    try:
        found = json.loads(body)["data"]["result"]
    except (ValueError, KeyError, TypeError, RecursionError):
        found = None
    if isinstance(found, list) and all(isinstance(item, dict) for item in found):
        return found
    return Failure(FailureKind.MALFORMED, what, "not a Prometheus answer")
