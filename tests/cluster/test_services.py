"""The two services of the test bed: each switch does as its name says, or what is built on it proves nothing."""

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pytest

from tests.cluster.plugin import Cluster

pytestmark = pytest.mark.cluster

IMAGES = {"backend": ("todo-backend:latest", 8000), "frontend": ("todo-frontend:latest", 3000)}

PYTHON = "import urllib.request; print(urllib.request.urlopen('http://localhost:8000/').read())"
NODE = "fetch('http://localhost:3000/').then(reply => reply.text()).then(console.log)"
ASKING = {"backend": ("python3.11", "-c", PYTHON), "frontend": ("node", "-e", NODE)}
"""A program that asks a service from inside its own container."""


def pod(service: str, name: str, env: Mapping[str, str], **probes: object) -> dict[str, Any]:
    image, port = IMAGES[service]
    container: dict[str, Any] = {
        "name": "app",
        "image": image,
        "imagePullPolicy": "Never",
        "env": [{"name": key, "value": value} for key, value in env.items()],
        "resources": {"limits": {"memory": "160Mi"}},
        **{kind: _probe(path, port) for kind, path in probes.items()},
    }
    spec = {"containers": [container], "terminationGracePeriodSeconds": 3}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"{service}-{name}"}, "spec": spec}


def _probe(path: object, port: int) -> dict[str, Any]:
    """Return a probe that asks often and waits long: twenty programs start at once on two cores."""
    return {"httpGet": {"path": path, "port": port}, "periodSeconds": 1, "timeoutSeconds": 5}


State = Callable[[dict[str, Any]], bool]


def ends(status: dict[str, Any]) -> list[dict[str, Any]]:
    """Return how the container ended, now and the time before."""
    found = ((status.get(key) or {}).get("terminated") for key in ("state", "lastState"))
    return [item for item in found if item]


def ended(code: int, reason: str = "", after: int = 0) -> State:
    def check(status: dict[str, Any]) -> bool:
        return any(
            item.get("exitCode") == code and reason in (item.get("reason") or "") and lived(item) >= after
            for item in ends(status)
        )

    return check


def lived(end: dict[str, Any]) -> float:
    started, finished = (datetime.fromisoformat(end[key]) for key in ("startedAt", "finishedAt"))
    return (finished - started).total_seconds()


def is_ready(status: dict[str, Any]) -> bool:
    return bool(status.get("ready"))


def restarts(status: dict[str, Any]) -> bool:
    return int(status.get("restartCount") or 0) > 0


CASES: dict[str, tuple[dict[str, str], dict[str, str], State]] = {
    "well": ({}, {"readinessProbe": "/ready", "livenessProbe": "/health"}, is_ready),
    "slow": ({"START_DELAY": "3"}, {"readinessProbe": "/ready"}, is_ready),
    "crash": ({"CRASH": "3"}, {}, ended(3)),
    "later": ({"CRASH": "3", "CRASH_AFTER": "3"}, {}, ended(3, after=3)),
    "clean": ({"EXIT_CLEAN": "1"}, {}, ended(0)),
    "mute": ({"EXIT_CODE": "42"}, {}, ended(42)),
    "missing": ({"REQUIRE_ENV": "DATABASE_URL"}, {}, ended(1)),
    "leak": ({"MEMORY_LEAK_MB": "900"}, {}, ended(137, "OOMKilled")),
    "drip": ({"MEMORY_LEAK_MB": "900", "MEMORY_LEAK_RATE": "16"}, {}, ended(137, "OOMKilled", after=4)),
    "hung": ({"HANG": "1"}, {"livenessProbe": "/health"}, restarts),
    "unwell": ({"LIVE_FAIL_AFTER": "2"}, {"livenessProbe": "/health"}, restarts),
}

CRASHES = {
    "backend-crash": "Traceback (most recent call last)",
    "frontend-crash": "TypeError: Cannot read properties of undefined",
}


@pytest.mark.long
def test_every_end(cluster: Cluster, namespace: str) -> None:
    """What ends a container, and what kubelet says of it."""
    applied(
        cluster,
        namespace,
        *(pod(where, name, env, **probes) for where in IMAGES for name, (env, probes, _) in CASES.items()),
    )
    waiting = {f"{service}-{name}": state for service in IMAGES for name, (_, _, state) in CASES.items()}
    deadline = time.monotonic() + 240
    while waiting and time.monotonic() < deadline:
        for item in statuses(cluster, namespace):
            name = item["metadata"]["name"]
            if name in waiting and any(map(waiting[name], item["status"].get("containerStatuses") or ())):
                del waiting[name]
    assert not waiting, [(name, "never came to it") for name in waiting]
    until(lambda: crashed(cluster, namespace), "a crash in both logs: each may just have started anew")
    assert not any("Error" in log(cluster, namespace, f"{service}-mute") for service in IMAGES)


def crashed(cluster: Cluster, namespace: str) -> bool:
    return all(words in log(cluster, namespace, name) for name, words in CRASHES.items())


@pytest.mark.parametrize("service", IMAGES)
def test_readiness_is_lost_and_nothing_restarts(cluster: Cluster, namespace: str, service: str) -> None:
    applied(cluster, namespace, pod(service, "tired", {"READY_FAIL_AFTER": "5"}, readinessProbe="/ready"))
    until_ready(cluster, namespace, f"{service}-tired")
    until_ready(cluster, namespace, f"{service}-tired", "false")
    (status,) = statuses(cluster, namespace)[0]["status"]["containerStatuses"]
    assert (status["restartCount"], status["started"]) == (0, True)


@pytest.mark.parametrize(
    ("service", "words"), [("backend", "RuntimeError: database migration"), ("frontend", "TypeError: Cannot read")]
)
def test_an_exception_in_the_log_ends_nothing(cluster: Cluster, namespace: str, service: str, words: str) -> None:
    applied(cluster, namespace, pod(service, "loud", {"LOG_EXCEPTION": "1"}, readinessProbe="/ready"))
    until_ready(cluster, namespace, f"{service}-loud")
    until(lambda: words in log(cluster, namespace, f"{service}-loud"), "an exception in the log")
    assert not restarts(statuses(cluster, namespace)[0]["status"]["containerStatuses"][0])


@pytest.mark.parametrize("service", IMAGES)
def test_one_that_refuses_to_end(cluster: Cluster, namespace: str, service: str) -> None:
    """Both are asked to end; when the willing one has, the stubborn one still answers."""
    names = {"willing": {}, "stubborn": {"IGNORE_TERM": "1"}}
    applied(cluster, namespace, *(pod(service, name, env, readinessProbe="/ready") for name, env in names.items()))
    for name in names:
        until_ready(cluster, namespace, f"{service}-{name}")
    for name in ("stubborn", "willing"):
        inside(cluster, namespace, f"{service}-{name}", "kill", "-TERM", "1")
    until(lambda: restarted(cluster, namespace, f"{service}-willing"), "the end of the willing one")
    assert inside(cluster, namespace, f"{service}-stubborn", *ASKING[service])
    assert not restarted(cluster, namespace, f"{service}-stubborn")


@pytest.mark.parametrize("service", IMAGES)
def test_a_core_is_burnt_and_requests_are_answered(cluster: Cluster, namespace: str, service: str) -> None:
    applied(cluster, namespace, pod(service, "busy", {"BURN_CPU": "1"}, readinessProbe="/ready"))
    until_ready(cluster, namespace, f"{service}-busy")
    before = cpu_seconds(cluster, namespace, f"{service}-busy")
    until(lambda: cpu_seconds(cluster, namespace, f"{service}-busy") > before + 3, "3 s of CPU more")
    assert inside(cluster, namespace, f"{service}-busy", *ASKING[service])


def test_the_page_shows_what_the_backend_says(cluster: Cluster, namespace: str) -> None:
    """The frontend calls http://backend:8000 as the blueprint says, through a real Service and real DNS."""
    applied(cluster, namespace, pod("frontend", "page", {"FOLLOW_BACKEND": "1"}, readinessProbe="/ready"), SERVICE)
    until(lambda: refused(cluster, namespace, "frontend-page"), "a readiness probe that fails without the backend")
    backend = pod("backend", "api", {}, readinessProbe="/ready")
    backend["metadata"]["labels"] = {"app": "api"}
    applied(cluster, namespace, backend)
    until_ready(cluster, namespace, "frontend-page")
    assert "install the chart" in inside(cluster, namespace, "frontend-page", *ASKING["frontend"])


SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "backend"},
    "spec": {"selector": {"app": "api"}, "ports": [{"port": 8000}]},
}


def applied(cluster: Cluster, namespace: str, *objects: dict[str, Any]) -> None:
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    cluster.kubectl("apply", "--filename=-", f"--namespace={namespace}", stdin=document)


def until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < end, f"no {what} within 120 s"
        time.sleep(0.3)


def until_ready(cluster: Cluster, namespace: str, name: str, wanted: str = "true") -> None:
    argv = ("wait", f"pod/{name}", f"--for=condition=Ready={wanted}", f"--namespace={namespace}", "--timeout=120s")
    cluster.kubectl(*argv)


def statuses(cluster: Cluster, namespace: str) -> list[dict[str, Any]]:
    found = cluster.json("get", "pods", f"--namespace={namespace}")["items"]
    assert isinstance(found, list)
    return found


def restarted(cluster: Cluster, namespace: str, name: str) -> bool:
    """Return whether a pod's container ended, and maybe began anew."""
    pods = {item["metadata"]["name"]: item for item in statuses(cluster, namespace)}
    (status,) = pods[name]["status"]["containerStatuses"]
    return restarts(status) or bool(ends(status))


def refused(cluster: Cluster, namespace: str, name: str) -> bool:
    """Return whether kubelet's readiness probe was answered with 503."""
    chosen = f"--field-selector=reason=Unhealthy,involvedObject.name={name}"
    found = cluster.json("get", "events", f"--namespace={namespace}", chosen)["items"]
    return "statuscode: 503" in repr(found)


def inside(cluster: Cluster, namespace: str, name: str, *command: str) -> str:
    return cluster.kubectl("exec", name, f"--namespace={namespace}", "--", *command).stdout


def cpu_seconds(cluster: Cluster, namespace: str, name: str) -> float:
    """Return what the container's first process used so far, in seconds."""
    fields = inside(cluster, namespace, name, "cat", "/proc/1/stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def log(cluster: Cluster, namespace: str, name: str) -> str:
    for previous in ("--previous=false", "--previous=true"):
        done: subprocess.CompletedProcess[str] = cluster.kubectl(
            "logs", name, f"--namespace={namespace}", previous, check=False
        )
        if done.returncode == 0 and done.stdout:
            return done.stdout
    return ""
