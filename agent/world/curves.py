"""The last minutes of what autoscalers scale, asked of the Prometheus that the settings name."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from agent.kube.usage import asked
from agent.scaling.curve import SPAN, STEP, Curve
from agent.scaling.engine import Autoscaler
from agent.snapshot.graph import Graph
from agent.snapshot.record import Ref
from tools.failure import Failure
from tools.metrics import query_range

MOST = 10
"""Autoscalers whose last minutes are asked for: two queries each."""

PODS: Mapping[str, str] = {"Deployment": "-[a-z0-9]+-[a-z0-9]+", "ReplicaSet": "-[a-z0-9]+", "StatefulSet": "-[0-9]+"}
"""What comes behind a workload's name in those of its pods."""


def curves(scalers: Sequence[Autoscaler], graph: Graph, origin: str) -> Mapping[Ref, Sequence[Curve]] | Failure:
    """Return autoscaler -> its replicas and its CPU over the last minutes; a Failure without an answer."""
    found: dict[Ref, Sequence[Curve]] = {}
    for scaler in [item for item in scalers if item.target.kind in PODS][:MOST]:
        told = list(_curves(scaler, graph, origin))
        failed = next((item for item in told if isinstance(item, Failure)), None)
        if failed is not None:
            return failed
        found[scaler.name] = [item for item in told if isinstance(item, Curve) and item.points]
    return found


def _curves(scaler: Autoscaler, graph: Graph, origin: str) -> Iterator[Curve | Failure]:
    chosen = _chosen(scaler)
    count = f"count(count by (pod) (container_memory_working_set_bytes{{{chosen}}}))"
    yield _curve("replicas", "", count, graph, origin)
    request = _request(scaler, graph)
    if request:
        used = f"sum(rate(container_cpu_usage_seconds_total{{{chosen}}}[2m]))"
        yield _curve("cpu", "%", f"100 * {used} / {count} / {request}", graph, origin)


def _chosen(scaler: Autoscaler) -> str:
    """Return the labels of a workload's containers; names are escaped, though none has a quote."""
    name = re.escape(scaler.target.name).replace("\\", "\\\\")
    space = scaler.target.namespace.replace("\\", "").replace('"', "")
    return f'namespace="{space}",pod=~"{name}{PODS[scaler.target.kind]}",container!="",container!="POD"'


def _request(scaler: Autoscaler, graph: Graph) -> float:
    """Return the CPU that one pod requests, 0 where none does."""
    workload = graph.get(*scaler.target)
    pods = list(graph.pods(workload)) if workload is not None else []
    return max((float(asked(pod, "cpu") or 0) for pod in pods), default=0.0)


def _curve(name: str, unit: str, expression: str, graph: Graph, origin: str) -> Curve | Failure:
    end = graph.snapshot.taken_at
    found = query_range(origin, expression, (end - SPAN).timestamp(), end.timestamp(), STEP.total_seconds())
    return found if isinstance(found, Failure) else Curve(name, unit, "prometheus", tuple(_points(found)))


def _points(found: Sequence[Mapping[str, Any]]) -> Iterator[tuple[datetime, float]]:
    values = found[0].get("values") if found else None
    for item in values if isinstance(values, list) else ():
        try:
            at, amount = datetime.fromtimestamp(float(item[0]), UTC), float(item[1])
        except (TypeError, ValueError, IndexError, KeyError, OverflowError, OSError):
            continue
        if math.isfinite(amount):
            yield at, amount
