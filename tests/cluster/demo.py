"""Records the capture of `make demo`: the chart installed by helm on the real cluster, with faults of several kinds.

todo-app      the backend leaks and is killed for memory at the blueprint's own limit; the frontend's readiness probe
              asks a port nobody listens on
todo-staging  the backend wants a key its ConfigMap does not have
todo-prod     nothing is wrong
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.cluster.binaries import program
from tests.cluster.client import helm, kubectl
from tests.cluster.layout import kubeconfig
from tests.cluster.processes import wait_for

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


def _capture() -> int:
    CAPTURE.unlink(missing_ok=True)
    tools = f"{program('helm').parent}:{program('kubectl').parent}"
    env = os.environ | {"KUBECONFIG": str(kubeconfig()), "BLUEHELM_PATH": tools}
    argv = [sys.executable, "-m", "agent", "bundle", "capture", "-A", "-f", str(CAPTURE), "--profile=dev"]
    return subprocess.run(argv, env=env, cwd=ROOT).returncode


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
