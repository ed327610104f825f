"""Nodes and pods that only the API knows: kwok plays the kubelet, so that thousands of pods cost nothing."""

import json
import subprocess
from pathlib import Path

import yaml

from tests.cluster import parts
from tests.cluster.binaries import go
from tests.cluster.client import kubectl
from tests.cluster.layout import MODULES, run_dir
from tests.cluster.processes import pid, wait_for
from tests.cluster.trouble import Trouble

MARK = {"kwok.x-k8s.io/node": "fake"}
LABEL = {"type": "kwok"}
TAINT = {"key": "kwok.x-k8s.io/node", "value": "fake", "effect": "NoSchedule"}

STAGES = (
    "node/fast/node-initialize",
    "node/heartbeat/node-heartbeat",
    "pod/fast/pod-ready",
    "pod/fast/pod-complete",
    "pod/fast/pod-delete",
)
"""Of kwok's own stage files: nodes get ready and stay so, pods run at once, finish when Jobs, and go when deleted.

The heartbeat is the one in the node's status, every 20 s: kwok renews a lease only when told for how long, and
without either a node is lost after 50 s and comes back with pods that nobody calls ready again.
"""


def nodes(count: int) -> None:
    """Make simulated nodes 0 to count-1, tainted so that nothing lands there unasked, and wait until they are ready."""
    start()
    documents = "\n".join(json.dumps(_node(number)) for number in range(count))
    kubectl("apply", "--server-side", "--force-conflicts", "--filename=-", stdin=documents, check=True)
    wait_for(f"{count} simulated nodes", lambda: _ready() >= count, 60, "kwok")


def start() -> None:
    """Start kwok where it does not run: nodes that carry its annotation become ready."""
    if not pid("kwok"):
        parts.kwok(_stages())


def _node(number: int) -> dict[str, object]:
    name = f"kwok-{number}"
    size = {"cpu": "32", "memory": "256Gi", "pods": "500"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": MARK | {"node.alpha.kubernetes.io/ttl": "0"},
            "labels": LABEL | {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"},
        },
        "spec": {"taints": [TAINT]},
        "status": {"allocatable": size, "capacity": size},
    }


def _ready() -> int:
    path = '{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}'
    return kubectl("get", "nodes", "--selector=type=kwok", f"--output=jsonpath={path}").stdout.count("True")


def _stages() -> list[str]:
    """Return kwok's own stage files in Go's module cache; fetched anew where only the binaries were kept."""
    argv = [go(), "mod", "download", "-json", "sigs.k8s.io/kwok"]
    done = subprocess.run(argv, cwd=MODULES / "kwok", capture_output=True, text=True)
    if done.returncode:
        raise Trouble(f"kwok's stage files cannot be had: {done.stderr.strip()[-200:]}")
    folder = Path(json.loads(done.stdout)["Dir"])
    return [_stage(folder / "kustomize" / "stage" / f"{name}.yaml") for name in STAGES]


def _stage(path: Path) -> str:
    """Write a stage of kwok's own, a node's for nodes that still carry its mark: taken away, the node falls silent."""
    stage = yaml.safe_load(path.read_text())
    if stage["spec"]["resourceRef"]["kind"] == "Node":
        stage["spec"]["selector"]["matchAnnotations"] = MARK
    ours = run_dir() / "kwok" / path.name
    ours.parent.mkdir(exist_ok=True)
    ours.write_text(yaml.safe_dump(stage))
    return str(ours)
