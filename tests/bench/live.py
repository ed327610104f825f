"""The real cluster with 5,000 simulated pods and their events, against a bare fetch and parse of the same lists."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import Line, cost
from tests.cluster import lifecycle, simulated
from tests.cluster.binaries import program
from tests.cluster.client import kubectl
from tests.cluster.layout import kubeconfig
from tests.cluster.processes import wait_for

PODS, NODES, NAMESPACES = 5_000, 60, 20
PREFIX = "bench-"
FETCH = Path(__file__).with_name("fetch.py")
AGENT = Path(sys.executable).parent / "agent"
KINDS = "pods,events,replicasets,deployments,services,endpointslices,configmaps,serviceaccounts,nodes"


def lines() -> Iterator[Line]:
    """Fill the cluster, yield the measurements, take everything away again."""
    lifecycle.up(NODES)
    try:
        _fill()
        yield from _measured()
    finally:
        for number in range(NAMESPACES):
            kubectl("delete", "namespace", f"{PREFIX}{number}", "--wait=false")
        kubectl("delete", "nodes", "--selector=type=kwok", "--wait=false")


def _measured() -> Iterator[Line]:
    env = {"KUBECONFIG": str(kubeconfig()), "BLUEHELM_PATH": str(program("helm").parent)}
    floor = cost([sys.executable, FETCH], runs=3, env=env)
    found = cost([AGENT, "diagnose", "-A"], runs=3, env=env)
    beside = cost([program("kubectl"), "get", KINDS, "-A", "-o", "json"], runs=1, env=env)
    yield Line("agent diagnose -A, 5,000 live pods", found.seconds, floor.seconds, "s ", 3)
    ratio = beside.seconds / floor.seconds
    print(f"{'(kubectl get of the same kinds as JSON)':<46} {beside.seconds:9.3f} s  = {ratio:.1f} x the same floor")


def _fill() -> None:
    """Make Deployments whose pods the simulated nodes run at once, as healthy pods do."""
    for number in range(NAMESPACES):
        name = f"{PREFIX}{number}"
        kubectl("create", "namespace", name)
        items = [_deployment(index) for index in range(PODS // NAMESPACES // 5)]
        document = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
        kubectl("apply", f"--namespace={name}", "--filename=-", stdin=document, check=True)
        print(f"\rmaking pods: namespace {number + 1} of {NAMESPACES}", end="", file=sys.stderr, flush=True)
    wait_for(f"{PODS} ready pods", lambda: _ready() >= PODS, 600)
    print(file=sys.stderr)


def _ready() -> int:
    found = kubectl("get", "deployments", "-A", "-o", "jsonpath={.items[*].status.readyReplicas}")
    return sum(map(int, found.stdout.split()))


def _deployment(index: int) -> dict[str, object]:
    labels = {"app": f"web-{index}"}
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
        "nodeSelector": simulated.LABEL,
        "tolerations": [{"key": simulated.TAINT["key"], "operator": "Exists", "effect": "NoSchedule"}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"web-{index}", "labels": labels},
        "spec": {
            "replicas": 5,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }
