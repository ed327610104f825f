"""Records an incident: `python -m tests.fakes.record NAME NAMESPACE [POD/CONTAINER[/previous]…]`, the latter logs.

Writes tests/fixtures/modes/NAME.json.gz: the namespace's lists, the cluster's own kinds, and of other namespaces only
what the scheduler counts (pods bound to a node, less their status and environment). Secrets keep no data. What to apply
first stands in tests/fakes/incidents/. KUBECONFIG and kubectl come from the environment.
"""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tests.fakes.objects import FIXTURES, KINDS

NOISE = ("managedFields", "selfLink")


def main() -> None:
    """Record one namespace."""
    name, namespace, *logs = sys.argv[1:]
    items = [_trimmed(item) for item in _items(namespace)]
    record: dict[str, Any] = {
        "kind": "List",
        "takenAt": datetime.now(UTC).isoformat(timespec="seconds"),
        "items": items,
    }
    record["logs"] = {key: _log(namespace, key) for key in logs}
    FIXTURES.mkdir(parents=True, exist_ok=True)
    data = json.dumps(record, separators=(",", ":"), sort_keys=True).encode()
    (FIXTURES / f"{name}.json.gz").write_bytes(gzip.compress(data, 9, mtime=0))
    print(f"{name}: {len(items)} objects")


def _items(namespace: str) -> Iterator[dict[str, Any]]:
    yield from _get("--namespace", namespace, ",".join(KINDS))
    for pod in _get("--all-namespaces", "Pod"):
        if pod["metadata"]["namespace"] != namespace and pod["spec"].get("nodeName"):
            yield _counted(pod)


def _get(*args: str) -> list[dict[str, Any]]:
    listed = json.loads(_kubectl("get", *args, "--output=json"))
    items: list[dict[str, Any]] = listed["items"]
    return items


def _counted(pod: dict[str, Any]) -> dict[str, Any]:
    """Return a pod of somebody else as the scheduler counts it."""
    spec = {"nodeName": pod["spec"]["nodeName"], "containers": []}
    for container in pod["spec"]["containers"]:
        spec["containers"].append({"name": container["name"], "resources": container.get("resources", {})})
    meta = {key: pod["metadata"][key] for key in ("name", "namespace", "uid")}
    healthy = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": healthy}


def _trimmed(item: dict[str, Any]) -> dict[str, Any]:
    for key in NOISE:
        item["metadata"].pop(key, None)
    item["metadata"].get("annotations", {}).pop("kubectl.kubernetes.io/last-applied-configuration", None)
    if item["kind"] == "Secret":
        item["keys"] = len(item.pop("data", None) or {})
        item.pop("stringData", None)
    if item["kind"] == "ConfigMap" and item["metadata"]["name"] == "kube-root-ca.crt":
        item["data"] = {"ca.crt": "shortened"}
    return item


def _log(namespace: str, key: str) -> str:
    pod, container, *previous = key.split("/")
    instance = ["--previous"] if previous else []
    return _kubectl("logs", "--namespace", namespace, pod, "--container", container, *instance)


def _kubectl(*args: str) -> str:
    return subprocess.run(["kubectl", *args], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
