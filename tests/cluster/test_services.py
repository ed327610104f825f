"""The two services of the test bed: each switch does as its name says, or what is built on it proves nothing."""

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.cluster.plugin import Cluster

pytestmark = pytest.mark.cluster

IMAGES = {"backend": ("todo-backend:latest", 8000), "frontend": ("todo-frontend:latest", 3000)}


def pod(service: str, name: str, env: Mapping[str, str], **probes: object) -> dict[str, Any]:
    image, port = IMAGES[service]
    container: dict[str, Any] = {
        "name": "app",
        "image": image,
        "imagePullPolicy": "Never",
        "env": [{"name": key, "value": value} for key, value in env.items()],
        "resources": {"limits": {"memory": "160Mi"}},
        **{kind: {"httpGet": {"path": path, "port": port}, "periodSeconds": 1} for kind, path in probes.items()},
    }
    spec = {"containers": [container], "terminationGracePeriodSeconds": 3}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"{service}-{name}"}, "spec": spec}


State = Callable[[dict[str, Any]], bool]


def ended(code: int, reason: str = "") -> State:
    def check(status: dict[str, Any]) -> bool:
        found = [(status.get(key) or {}).get("terminated") or {} for key in ("state", "lastState")]
        return any(item.get("exitCode") == code and reason in (item.get("reason") or "") for item in found)

    return check


def is_ready(status: dict[str, Any]) -> bool:
    return bool(status.get("ready"))


def restarts(status: dict[str, Any]) -> bool:
    return int(status.get("restartCount") or 0) > 0


CASES: dict[str, tuple[dict[str, str], dict[str, str], State]] = {
    "well": ({}, {"readinessProbe": "/ready", "livenessProbe": "/health"}, is_ready),
    "slow": ({"START_DELAY": "3"}, {"readinessProbe": "/ready"}, is_ready),
    "crash": ({"CRASH": "3"}, {}, ended(3)),
    "clean": ({"EXIT_CLEAN": "1"}, {}, ended(0)),
    "missing": ({"REQUIRE_ENV": "DATABASE_URL"}, {}, ended(1)),
    "leak": ({"MEMORY_LEAK_MB": "900"}, {}, ended(137, "OOMKilled")),
    "hung": ({"HANG": "1"}, {"livenessProbe": "/health"}, restarts),
    "unwell": ({"LIVE_FAIL_AFTER": "2"}, {"livenessProbe": "/health"}, restarts),
}


def test_every_switch(cluster: Cluster, namespace: str) -> None:
    pods = [pod(service, name, env, **probes) for service in IMAGES for name, (env, probes, _) in CASES.items()]
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": pods})
    cluster.kubectl("apply", "--filename=-", f"--namespace={namespace}", stdin=document)
    waiting = {f"{service}-{name}": state for service in IMAGES for name, (_, _, state) in CASES.items()}
    deadline = time.monotonic() + 180
    while waiting and time.monotonic() < deadline:
        for item in statuses(cluster, namespace):
            name = item["metadata"]["name"]
            if name in waiting and any(map(waiting[name], item["status"].get("containerStatuses") or ())):
                del waiting[name]
    assert not waiting, [(name, "never came to it") for name in waiting]
    assert "Traceback (most recent call last)" in log(cluster, namespace, "backend-crash")
    assert "TypeError: Cannot read properties of undefined" in log(cluster, namespace, "frontend-crash")


def statuses(cluster: Cluster, namespace: str) -> list[dict[str, Any]]:
    found = cluster.json("get", "pods", f"--namespace={namespace}")["items"]
    assert isinstance(found, list)
    return found


def log(cluster: Cluster, namespace: str, name: str) -> str:
    for previous in ("--previous=false", "--previous=true"):
        done: subprocess.CompletedProcess[str] = cluster.kubectl(
            "logs", name, f"--namespace={namespace}", previous, check=False
        )
        if done.returncode == 0 and done.stdout:
            return done.stdout
    return ""


def test_the_page_shows_what_the_backend_says(cluster: Cluster, namespace: str) -> None:
    """The frontend calls http://backend:8000 as the blueprint says, through a real Service and real DNS."""
    backend, frontend = pod("backend", "api", {}, readinessProbe="/ready"), pod("frontend", "page", {})
    backend["metadata"]["labels"] = {"app": "api"}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "backend"},
        "spec": {"selector": {"app": "api"}, "ports": [{"port": 8000}]},
    }
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": [backend, frontend, service]})
    where = f"--namespace={namespace}"
    cluster.kubectl("apply", "--filename=-", where, stdin=document)
    cluster.kubectl("wait", "pods", "--all", "--for=condition=Ready", where, "--timeout=120s")
    ask = "fetch('http://localhost:3000/').then(r => r.text()).then(console.log)"
    for _ in range(30):
        done = cluster.kubectl("exec", "frontend-page", where, "--", "node", "-e", ask)
        if "install the chart" in done.stdout:
            return
    pytest.fail(f"the page never showed the list: {done.stdout}", pytrace=False)
