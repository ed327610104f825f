"""Resource use, from the metrics API of the cluster or from one configured Prometheus."""

import http.client
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from tools.cluster import Reader
from tools.failure import Failure, FailureKind
from tools.kinds import METRICS
from tools.quantity import parse_quantity
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


def _containers(item: Mapping[str, Any]) -> Sequence[PodUsage]:
    meta = item.get("metadata") or {}
    return [
        PodUsage(meta.get("namespace", ""), meta.get("name", ""), container.get("name", ""), *_amounts(container))
        for container in item.get("containers") or ()
    ]


def _amounts(container: Mapping[str, Any]) -> tuple[float, int]:
    usage = container.get("usage") or {}
    cpu, memory = parse_quantity(usage.get("cpu") or "0"), parse_quantity(usage.get("memory") or "0")
    return float(cpu or 0), int(memory or 0)


def query(origin: str, expression: str) -> Sequence[Mapping[str, Any]] | Failure:
    """Return the result of one instant query: `[{"metric": {…}, "value": [time, "text"]}, …]`.

    Args:
        origin: `http://host:9090`, from the user's own configuration and nowhere else.
        expression: PromQL.

    """
    return _asked(origin, "/api/v1/query", {"query": expression})


def query_range(
    origin: str, expression: str, start: float, end: float, step: float
) -> Sequence[Mapping[str, Any]] | Failure:
    """Return the result of one range query; times are seconds since the epoch."""
    return _asked(origin, "/api/v1/query_range", {"query": expression, "start": start, "end": end, "step": step})


def _asked(origin: str, path: str, parameters: Mapping[str, object]) -> Sequence[Mapping[str, Any]] | Failure:
    what = f"GET {origin}{path}"
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return Failure(FailureKind.CONFIG, what, "not an http or https origin", "set `prometheus` to http://host:9090")
    body = _body(parts.scheme, parts.netloc, f"{path}?{urlencode(parameters)}", what)
    return body if isinstance(body, Failure) else _result(body, what)


def _body(scheme: str, place: str, target: str, what: str) -> bytes | Failure:
    """Return one answer; redirects are answers that are not 200, so they are never followed."""
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    connection = kind(place, timeout=SECONDS)
    try:
        connection.request("GET", target, headers={"Accept": "application/json"})
        answer = connection.getresponse()
        body = answer.read(LARGEST + 1)
    except TimeoutError:
        return Failure(FailureKind.TIMEOUT, what, f"no answer within {SECONDS:.0f} s")
    except (OSError, http.client.HTTPException) as error:
        return Failure(FailureKind.UNREACHABLE, what, clean(str(error)))
    finally:
        connection.close()
    if answer.status != 200:
        return Failure(FailureKind.SERVER, what, f"status {answer.status}; redirects are not followed")
    return Failure(FailureKind.TRUNCATED, what, "more than 1 MiB") if len(body) > LARGEST else body


def _result(body: bytes, what: str) -> Sequence[Mapping[str, Any]] | Failure:
    try:
        found = json.loads(body)["data"]["result"]
    except (ValueError, KeyError, TypeError):
        return Failure(FailureKind.MALFORMED, what, "not a Prometheus answer")
    return found if isinstance(found, list) else Failure(FailureKind.MALFORMED, what, "not a Prometheus answer")
