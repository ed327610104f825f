"""Where the test bed keeps what it builds and what it runs, and the addresses it uses."""

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

MODULES = Path(__file__).parent / "modules"
NODE = "bluehelm-node"
CONTEXT = "bluehelm-test"
DISPOSABLE = "bluehelm-disposable"
"""The ConfigMap in kube-system that says: this cluster may be broken. Nothing is tested on a cluster without it."""

POD_CIDR = "10.244.0.0/24"
SERVICE_CIDR = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
DNS_SERVICE = "10.96.0.10"
BRIDGE = "bluehelm0"

PORTS = {
    "etcd": 12379,
    "etcd-peer": 12380,
    "kube-apiserver": 16443,
    "kube-controller-manager": 10257,
    "kube-scheduler": 10259,
    "kubelet": 10250,
    "kubelet-health": 10248,
    "kube-proxy-health": 10256,
    "kube-proxy-metrics": 10249,
}


def cache_dir() -> Path:
    """Return the folder outside the checkout that survives it: binaries by version, images."""
    given = os.environ.get("BLUEHELM_CLUSTER_CACHE")
    return Path(given).absolute() if given else Path.home() / ".cache" / "bluehelm" / "cluster"


def run_dir() -> Path:
    """Return the folder of everything a running cluster owns; `down` removes it whole."""
    return Path(os.environ.get("BLUEHELM_CLUSTER_RUN", "/var/lib/bluehelm-cluster")).absolute()


def kubeconfig() -> Path:
    """Return the administrator's kubeconfig of the local cluster."""
    return run_dir() / "kubeconfig"


def audit_log() -> Path:
    """Return where the API server tells of every write that is not the cluster's own."""
    return run_dir() / "audit.log"


def containerd_socket() -> Path:
    """Return containerd's own socket."""
    return run_dir() / "containerd.sock"


@cache
def node_ip() -> str:
    """Return this machine's address on its default route; pods reach the API server through it."""
    device = next(route["dev"] for route in _ip("route") if route["dst"] == "default")
    return str(_ip("addr", "show", device)[0]["addr_info"][0]["local"])


def _ip(*args: str) -> list[dict[str, Any]]:
    shown = subprocess.run(["ip", "-j", "-4", *args], check=True, capture_output=True).stdout
    return list(json.loads(shown))
