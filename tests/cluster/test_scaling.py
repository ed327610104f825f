"""What is foretold of an autoscaler, held against the real controller. Lost, `--at` is a number of our own making."""

import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.cluster.images import BUSYBOX
from tests.cluster.plugin import Cluster

pytestmark = pytest.mark.cluster

Told = dict[str, Any]

BURN = "while [ ! -f /tmp/rest ]; do :; done; sleep 3600"
"""Uses all it may, until somebody says that it is enough."""

USED = 200
"""Percent of its request that a container burns: its limit is twice that."""


def workload() -> dict[str, Any]:
    amounts = {"requests": {"cpu": "20m"}, "limits": {"cpu": "40m"}}
    container = {
        "name": "app",
        "image": BUSYBOX,
        "imagePullPolicy": "Never",
        "command": ["sh", "-c", BURN],
        "resources": amounts,
    }
    template = {
        "metadata": {"labels": {"app": "burn"}},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
    }
    selector = {"matchLabels": {"app": "burn"}}
    return _object("apps/v1", "Deployment", {"replicas": 1, "selector": selector, "template": template})


def autoscaler(**behavior: Any) -> dict[str, Any]:
    target = {"type": "Utilization", "averageUtilization": 70}
    spec: dict[str, Any] = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "burn"},
        "minReplicas": 1,
        "maxReplicas": 5,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
    return _object("autoscaling/v2", "HorizontalPodAutoscaler", spec | ({"behavior": behavior} if behavior else {}))


def _object(version: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "burn"}, "spec": spec}


def told(cluster: Cluster, namespace: str, *more: str) -> dict[str, Any]:
    """Return what `agent scaling` says of the one autoscaler there."""
    done = cluster.agent("scaling", "-n", namespace, "-o", "json", *more)
    (only,) = json.loads(done.stdout)["autoscalers"]
    assert isinstance(only, dict)
    return only


def until(
    read: Callable[[], dict[str, Any]], holds: Callable[[dict[str, Any]], bool], seconds: float
) -> dict[str, Any]:
    end = time.monotonic() + seconds
    found = read()
    while not holds(found):
        assert time.monotonic() < end, found
        time.sleep(2)
        found = read()
    return found


def made(cluster: Cluster, namespace: str, scaler: dict[str, Any]) -> None:
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": [workload(), scaler]})
    cluster.kubectl("apply", "--filename=-", f"--namespace={namespace}", stdin=document)
    cluster.kubectl("rollout", "status", "deployment/burn", f"--namespace={namespace}", "--timeout=90s")


def test_the_first_step_is_the_controllers_own(cluster: Cluster, namespace: str) -> None:
    made(cluster, namespace, autoscaler())
    before = until(lambda: told(cluster, namespace, "--at", f"{USED}%"), lambda it: it["replicas"]["current"] == 1, 30)
    (foretold,) = before["forecasts"]
    assert foretold["wanted"] == 3
    after = until(lambda: told(cluster, namespace), lambda it: it["rescales"] != [], 150)
    first = after["rescales"][0]
    assert (first["from"], first["to"]) == (1, foretold["steps"][0]["replicas"])
    assert any("cpu is at" in line for line in after["why"])


@pytest.mark.long
def test_pace_and_window_are_the_controllers_own(cluster: Cluster, namespace: str) -> None:
    """One pod in sixty seconds up, and down after thirty seconds of rest: as the scaling blueprint paces its own."""
    up = {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}], "stabilizationWindowSeconds": 0}
    made(cluster, namespace, autoscaler(scaleUp=up, scaleDown={"stabilizationWindowSeconds": 30}))
    paced = until(lambda: told(cluster, namespace), lambda it: it["replicas"]["current"] == 2, 180)
    held = until(lambda: told(cluster, namespace), lambda it: "paces it" in " ".join(it["why"]), 60)
    assert held["replicas"]["next"] == held["replicas"]["current"]
    third = until(lambda: told(cluster, namespace), lambda it: it["replicas"]["current"] == 3, 120)
    assert [item["to"] for item in third["rescales"]][:2] == [2, 3]
    assert _apart(third["rescales"]) >= 55
    for pod in cluster.kubectl("get", "pods", f"--namespace={namespace}", "-o", "name").stdout.split():
        cluster.kubectl("exec", pod, f"--namespace={namespace}", "--", "touch", "/tmp/rest")
    waiting = until(lambda: told(cluster, namespace), lambda it: "waits to scale down" in " ".join(it["why"]), 120)
    assert waiting["replicas"]["current"] > 1
    until(lambda: told(cluster, namespace), lambda it: it["replicas"]["current"] == 1, 150)
    assert paced["behavior"]["up"]["policies"] == [{"type": "Pods", "value": 1, "period_seconds": 60}]


def _apart(rescales: list[dict[str, Any]]) -> float:
    first, second = (datetime.fromisoformat(item["at"]) for item in rescales[:2])
    return (second - first).total_seconds()
