"""Thousands of pods that cost nothing, in namespaces of 250, and in each namespace five that fit on no node."""

import json
import sys

from tests.cluster import simulated
from tests.cluster.client import kubectl

IN_A_NAMESPACE, REPLICAS = 250, 5
BROKEN = "unplaceable"


def names(prefix: str, pods: int) -> list[str]:
    """Return the namespaces so many pods are in."""
    return [f"{prefix}{number}" for number in range(pods // IN_A_NAMESPACE)]


def clear(prefix: str, pods: int, *, wait: bool) -> None:
    """Delete those namespaces."""
    kubectl("delete", "namespaces", *names(prefix, pods), "--ignore-not-found", f"--wait={wait}".lower())


def fill(prefix: str, pods: int) -> None:
    """Make Deployments whose pods the simulated nodes run at once; what is there of a smaller crowd stays."""
    wanted = names(prefix, pods)
    for number, name in enumerate(wanted, 1):
        if kubectl("create", "namespace", name).returncode:
            continue  # of a smaller size
        items = [_deployment(f"web-{index}") for index in range(IN_A_NAMESPACE // REPLICAS - 1)]
        document = {"apiVersion": "v1", "kind": "List", "items": [*items, _deployment(BROKEN, {"disk": "none"})]}
        kubectl("apply", f"--namespace={name}", "--filename=-", stdin=json.dumps(document), check=True)
        print(f"\rmaking pods: namespace {number} of {len(wanted)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    for name in wanted:
        ready = ("--for=jsonpath={.status.readyReplicas}=5", "deployments", f"--selector=app!={BROKEN}")
        kubectl("wait", f"--namespace={name}", *ready, "--timeout=300s", check=True)


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
