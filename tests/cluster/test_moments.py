"""What is said right after a fault, at 0 to 60 seconds: never nothing, and never an alarm about what is well."""

import json
import os
import subprocess
import sys
import time
from typing import Any

import pytest

from tests.cluster.plugin import Cluster

pytestmark = [pytest.mark.cluster, pytest.mark.long]

MOMENTS = (0, 5, 15, 30, 60)
"""Seconds after everything was applied."""

SHELL = "registry.local/busybox:1"
SERVE = "mkdir -p /tmp/w && echo ok > /tmp/w/ok && exec httpd -f -p 8080 -h /tmp/w"


def shell(script: str, **more: Any) -> dict[str, Any]:
    return {"name": "app", "image": SHELL, "imagePullPolicy": "Never", "command": ["sh", "-c", script], **more}


def probe(path: str, **more: Any) -> dict[str, Any]:
    scheme = more.pop("scheme", "HTTP")
    return {"httpGet": {"path": path, "port": 8080, "scheme": scheme}, "periodSeconds": 3, **more}


LEAK = {
    "name": "app",
    "image": "docker.io/library/todo-backend:latest",
    "imagePullPolicy": "Never",
    "env": [{"name": "MEMORY_LEAK_MB", "value": "256"}],
    "resources": {"limits": {"memory": "64Mi"}},
}
ONCE = f"if [ -e /d/x ]; then {SERVE}; fi; touch /d/x; sleep 1; echo 'cannot connect to db: connection refused'; exit 1"

FAULTS: dict[str, dict[str, Any]] = {
    "crash": shell("echo 'ValueError: negative price'; exit 1"),
    "crash-late": shell("sleep 4; echo 'KeyError: 7'; exit 1"),
    "exit-zero": shell("echo done"),
    "ready-404": shell(SERVE, readinessProbe=probe("/health")),
    "live-404": shell(SERVE, livenessProbe=probe("/health", initialDelaySeconds=2)),
    "tls-on-plain": shell(SERVE, readinessProbe=probe("/ok", scheme="HTTPS")),
    "live-tls": shell(SERVE, livenessProbe=probe("/ok", scheme="HTTPS")),
    "bad-image": shell(SERVE) | {"image": "registry.local/nothing:9"},
    "no-config": shell(SERVE, envFrom=[{"configMapRef": {"name": "absent"}}]),
    "oom": LEAK,
}
WELL: dict[str, dict[str, Any]] = {
    "slow": shell(f"sleep 25; {SERVE}", readinessProbe=probe("/ok", failureThreshold=20)),
    "once": shell(ONCE, volumeMounts=[{"name": "d", "mountPath": "/d"}]),
    "rolling": shell(SERVE, readinessProbe=probe("/ok", initialDelaySeconds=8)),
}
SURE = {"ready-404": 60, "live-404": 30, "crash-late": 30, "oom": 30}
"""Seconds from which a fault must be a finding, 15 for the others (a busy node probes late); before, unsettled."""


def deployment(name: str, container: dict[str, Any], **annotations: str) -> dict[str, Any]:
    pod = {"containers": [container], "volumes": [{"name": "d", "emptyDir": {}}], "terminationGracePeriodSeconds": 1}
    meta = {"labels": {"app": name}, "annotations": annotations}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": {"metadata": meta, "spec": pod}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def test_every_moment_after_a_fault_says_something_of_it_and_nothing_of_what_is_well(
    cluster: Cluster, namespace: str
) -> None:
    """Someone who asks right after a deploy reads `nothing is wrong` otherwise, and goes home."""
    apply(cluster, namespace, deployment("rolling", WELL["rolling"]))
    cluster.kubectl("rollout", "status", "deployment/rolling", f"--namespace={namespace}", "--timeout=60s")
    everything = [deployment(name, container) for name, container in (FAULTS | WELL).items() if name != "rolling"]
    apply(cluster, namespace, *everything, deployment("rolling", WELL["rolling"], changed="yes"))
    began = time.monotonic()
    for moment in MOMENTS:
        time.sleep(max(0.0, began + moment - time.monotonic()))
        broken, waiting, document = said(cluster, namespace)
        print(f"\n{moment:>3} s " + ", ".join(f"{n}: {state(n, broken, waiting)}" for n in (*FAULTS, *WELL)))
        assert set(FAULTS) <= broken | waiting, (moment, document)
        assert not broken & set(WELL), (moment, document)
        assert moment != 5 or {"slow", "rolling"} <= waiting, document
        due = {name for name in FAULTS if SURE.get(name, 15) <= moment}
        assert due <= broken, (moment, due - broken, document)
    settled(cluster, namespace)


def apply(cluster: Cluster, namespace: str, *objects: dict[str, Any]) -> None:
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    cluster.kubectl("apply", f"--namespace={namespace}", "--filename=-", stdin=document)


def state(name: str, broken: set[str], waiting: set[str]) -> str:
    return "finding" if name in broken else "unsettled" if name in waiting else "well"


def said(cluster: Cluster, namespace: str, *subject: str) -> tuple[set[str], set[str], dict[str, Any]]:
    """Return the names of Deployments that findings and unsettled things are about, and the whole answer."""
    argv = [sys.executable, "-m", "agent", "diagnose", *subject, f"--namespace={namespace}", "--output=json"]
    env = os.environ | {"KUBECONFIG": str(cluster.kubeconfig)}
    done = subprocess.run([*argv, f"--context={cluster.context}"], capture_output=True, text=True, env=env, timeout=60)
    document: dict[str, Any] = json.loads(done.stdout)
    broken = {name for item in document["findings"] for name in names(item)}
    return broken, {name for item in document["unsettled"] for name in names(item)}, document


def names(item: dict[str, Any]) -> set[str]:
    told = {line.partition(":")[0].split("/")[-1].split(" ")[-1] for line in item.get("symptoms", ())}
    return {item["subject"]["name"], *told}


def settled(cluster: Cluster, namespace: str) -> None:
    """The proof of health is for what is well, and names what was counted."""
    for name in WELL:
        _, _, document = said(cluster, namespace, f"deploy/{name}")
        assert document["findings"] == document["unsettled"] == [], document
        assert "1 of 1 replica ready, updated and available" in document["about"]["sentences"][0]
