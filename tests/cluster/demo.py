"""Records the capture of `make demo`: the chart installed by helm on the real cluster, with faults of several kinds.

todo-app      the backend leaks and is killed for memory at the blueprint's own limit; the frontend's readiness probe
              asks a port nobody listens on
todo-staging  the backend wants a key its ConfigMap does not have
todo-prod     nothing is broken; somebody raised the frontend's memory limit by hand, which the audit finds
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.snapshot.bundle import load, save
from agent.snapshot.record import Snapshot
from tests.cluster.binaries import program
from tests.cluster.client import helm, kubectl
from tests.cluster.layout import NODE, kubeconfig
from tests.cluster.processes import wait_for
from tests.cluster.trouble import Trouble
from tools.failure import Failure

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "todo-app"
CAPTURE = ROOT / "agent" / "captures" / "demo.tgz"

MISSING_KEY = {"configMapKeyRef": {"name": "todo-config", "key": "FEATURE_FLAGS"}}

NAMESPACES: dict[str, dict[str, Any]] = {
    "todo-app": {
        "backend": {"env": {"MEMORY_LEAK_MB": "900"}},
        "frontend": {"probes": {"readiness": {"port": 3001}}},
    },
    "todo-staging": {"backend": {"env": {"FEATURES": MISSING_KEY}}},
    "todo-prod": {},
}


def main() -> int:
    """Install, wait until every fault shows, capture, take everything down again."""
    try:
        for namespace, values in NAMESPACES.items():
            _install(namespace, values)
        _wait()
        return _capture()
    finally:
        for namespace in NAMESPACES:
            kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=false")


def _install(namespace: str, values: dict[str, Any]) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(values, file)
        file.flush()
        target = (f"--namespace={namespace}", "--create-namespace")
        helm("install", "todo", str(CHART), *target, f"--values={file.name}", check=True)
    print(f"installed {namespace}", file=sys.stderr)


def _wait() -> None:
    wait_for("three OOM kills of the backend", lambda: _restarts("todo-app", "backend") >= 3, 240)
    wait_for("the missing key", lambda: "CreateContainerConfigError" in _states("todo-staging"), 120)
    wait_for("the refused readiness probe", lambda: _refused("todo-app") >= 10, 240)
    wait_for("the healthy release", lambda: _ready("todo-prod") == 2, 240)
    edited = ("deployment/todo-frontend", "--namespace=todo-prod")
    kubectl("set", "resources", *edited, "--limits=memory=768Mi", check=True)
    kubectl("rollout", "status", *edited, "--timeout=180s", check=True)


def _capture() -> int:
    """Capture everything, and keep what is the demo's: others may use the cluster at the same time."""
    tools = f"{program('helm').parent}:{program('kubectl').parent}"
    env = os.environ | {"KUBECONFIG": str(kubeconfig()), "BLUEHELM_PATH": tools}
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.tgz"
        argv = [sys.executable, "-m", "agent", "bundle", "capture", "-A", "-f", str(whole), "--profile=dev"]
        subprocess.run(argv, env=env, cwd=ROOT, check=True)
        found = load(whole)
    if isinstance(found, Failure):
        raise Trouble(str(found))
    CAPTURE.unlink(missing_ok=True)
    failure = save(_own(found), CAPTURE)
    return 0 if failure is None else 1


def _own(found: Snapshot) -> Snapshot:
    objects = {kind: [obj for obj in listed if _is_own(obj)] for kind, listed in found.objects.items()}
    return replace(
        found,
        objects=objects,
        parts=[replace(part, count=len(objects.get(part.name, ())) or part.count) for part in found.parts],
        logs={key: text for key, text in found.logs.items() if key.namespace in NAMESPACES},
        usage=[item for item in found.usage if item.namespace in NAMESPACES],
        releases=[item for item in found.releases if item.namespace in NAMESPACES],
    )


def _is_own(obj: Mapping[str, Any]) -> bool:
    """Return whether an object is in a namespace of ours, or the cluster's own: its node, not a simulated one."""
    meta = obj.get("metadata") or {}
    if obj.get("kind") == "Node":
        return meta.get("name") == NODE
    name = meta.get("name") if obj.get("kind") == "Namespace" else meta.get("namespace")
    about = (obj.get("involvedObject") or {}).get("kind")
    return name in (None, *NAMESPACES) and not (obj.get("kind") == "Event" and about == "Node")


def _pods(namespace: str) -> list[dict[str, Any]]:
    found = kubectl("get", "pods", f"--namespace={namespace}", "--output=json")
    return list(json.loads(found.stdout or '{"items": []}')["items"])


def _containers(namespace: str) -> list[dict[str, Any]]:
    return [status for pod in _pods(namespace) for status in pod["status"].get("containerStatuses", [])]


def _restarts(namespace: str, name: str) -> int:
    return max((status["restartCount"] for status in _containers(namespace) if status["name"] == name), default=0)


def _states(namespace: str) -> str:
    return json.dumps([status["state"] for status in _containers(namespace)])


def _refused(namespace: str) -> int:
    found = kubectl("get", "events", f"--namespace={namespace}", "--field-selector=reason=Unhealthy", "--output=json")
    events = json.loads(found.stdout or '{"items": []}')["items"]
    return max((event.get("count") or 1 for event in events if "3001" in event["message"]), default=0)


def _ready(namespace: str) -> int:
    return sum(bool(status["ready"]) for status in _containers(namespace))


if __name__ == "__main__":
    sys.exit(main())
