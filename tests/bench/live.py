"""The real cluster with up to 5,000 simulated pods and their events, some broken: a curve against a bare fetch."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import Line, cost
from tests.cluster import lifecycle, simulated
from tests.cluster.binaries import program
from tests.cluster.client import kubectl
from tests.cluster.layout import kubeconfig

SIZES = (500, 1_500, 5_000)
IN_A_NAMESPACE, REPLICAS, NODES = 250, 5, 12
PREFIX, BROKEN = "bench-", "unplaceable"
FETCH = Path(__file__).with_name("fetch.py")
AGENT = Path(sys.executable).parent / "agent"
KINDS = "pods,events,replicasets,deployments,services,endpointslices,configmaps,serviceaccounts,nodes"
FOUND = (1,)
"""Some of the pods are broken; 3 would mean that part of the cluster was not read."""

MEGABYTE = 1 << 20


def lines() -> Iterator[Line]:
    """Fill the cluster step by step, yield the measurements of each, take everything away again."""
    lifecycle.up(NODES)
    _clear(wait=True)  # of a run that was cut short
    try:
        for size in SIZES:
            _fill(size)
            yield from _measured(size)
    finally:
        _clear(wait=False)
        kubectl("delete", "nodes", "--selector=type=kwok", "--wait=false")


def _clear(*, wait: bool) -> None:
    names = [f"{PREFIX}{number}" for number in range(SIZES[-1] // IN_A_NAMESPACE)]
    kubectl("delete", "namespaces", *names, "--ignore-not-found", f"--wait={wait}".lower())


def _measured(size: int) -> Iterator[Line]:
    """Yield time against a bare fetch and parse, and memory against the size of the same JSON."""
    env = {"KUBECONFIG": str(kubeconfig()), "BLUEHELM_PATH": str(program("helm").parent)}
    floor = cost([sys.executable, FETCH], runs=3, env=env)
    found = cost([AGENT, "diagnose", "-A"], runs=3, env=env, answers=FOUND)
    fetched = subprocess.run([sys.executable, FETCH], capture_output=True, text=True, env=os.environ | env, check=True)
    content = int(fetched.stdout)
    yield Line(f"agent diagnose -A, {size} live pods", found.seconds, floor.seconds, "s ", 3)
    health = cost([AGENT, "health"], runs=3, env=env, answers=FOUND)
    yield Line(f"agent health, {size} live pods, beside that", health.seconds, found.seconds, "s ", 1.5)
    yield Line(f"its peak memory, beside {size} pods as JSON", found.memory / MEGABYTE, content / MEGABYTE, "MB", 30)
    if size == SIZES[-1]:
        beside = cost([program("kubectl"), "get", KINDS, "-A", "-o", "json"], runs=1, env=env).seconds
        told = f"{beside:9.3f} s  = {beside / floor.seconds:.1f} x the same floor"
        print(f"{'(kubectl get of the same kinds as JSON)':<46} {told}")


def _fill(size: int) -> None:
    """Make Deployments whose pods the simulated nodes run at once, and in each namespace one that fits on no node."""
    for number in range(size // IN_A_NAMESPACE):
        name = f"{PREFIX}{number}"
        if kubectl("create", "namespace", name).returncode:
            continue  # of a smaller size
        items = [_deployment(f"web-{index}") for index in range(IN_A_NAMESPACE // 5 - 1)] + [
            _deployment(BROKEN, {"disk": "none"})
        ]
        document = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
        kubectl("apply", f"--namespace={name}", "--filename=-", stdin=document, check=True)
        print(f"\rmaking pods: namespace {number + 1} of {size // IN_A_NAMESPACE}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    for number in range(size // IN_A_NAMESPACE):
        where = f"--namespace={PREFIX}{number}"
        ready = (
            "--for=jsonpath={.status.readyReplicas}=5",
            "deployments",
            f"--selector=app!={BROKEN}",
            "--timeout=300s",
        )
        kubectl("wait", where, *ready, check=True)


def _deployment(name: str, selector: dict[str, str] = simulated.LABEL) -> dict[str, object]:
    labels = {"app": name}
    container = {
        "name": "web",
        "image": "registry.example/shop/web:1.2.3",
        "ports": [{"containerPort": 8080}],
        "env": [{"name": f"SETTING_{n}", "value": f"value-{n}"} for n in range(8)],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
    }
    spec = {
        "containers": [container],
        "nodeSelector": selector,
        "tolerations": [{"key": simulated.TAINT["key"], "operator": "Exists", "effect": "NoSchedule"}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": REPLICAS,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }
