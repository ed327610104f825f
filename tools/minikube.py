"""minikube: what it says of its clusters, and the commands that start one and enable what it needs."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.failure import Failure, FailureKind
from tools.run import run, run_json
from tools.sandbox import Sandbox

DOWN = tuple(range(8))
"""Exit statuses of `minikube status`: the sum of 1, 2 and 4 for host, cluster and Kubernetes when they are down."""


def home() -> str:
    """Return the folder of the user's clusters, for the sandbox: with a private HOME alone minikube knows none."""
    return os.environ.get("MINIKUBE_HOME") or str(Path.home() / ".minikube")


def version(box: Sandbox) -> str | Failure:
    """Return minikube's version."""
    found = _mapping(run_json(["minikube", "version", "--output=json"], box), "minikube version")
    return found if isinstance(found, Failure) else str(found.get("minikubeVersion") or "")


def status(box: Sandbox, profile: str) -> Mapping[str, Any] | Failure:
    """Return the state of the control plane's parts: `{"Host": "Running", "Kubelet": "Stopped", …}`."""
    found = run_json(["minikube", "status", f"--profile={profile}", "--output=json"], box, answers=DOWN)
    first = found[0] if isinstance(found, list) and found else found  # one mapping for one node, a list for several
    return _mapping(first, "minikube status")


def profiles(box: Sandbox) -> Sequence[Mapping[str, Any]] | Failure:
    """Return the valid profiles with their configuration (driver, CPUs, memory, Kubernetes version)."""
    found = _mapping(run_json(["minikube", "profile", "list", "--output=json"], box), "minikube profile list")
    if isinstance(found, Failure):
        return found
    return [item for item in found.get("valid") or () if isinstance(item, dict)]


def addons(box: Sandbox, profile: str) -> Mapping[str, bool] | Failure:
    """Return addon name -> whether it is enabled."""
    asked = ["minikube", "addons", "list", f"--profile={profile}", "--output=json"]
    found = _mapping(run_json(asked, box), "minikube addons list")
    if isinstance(found, Failure):
        return found
    return {name: isinstance(item, dict) and item.get("Status") == "enabled" for name, item in found.items()}


def address(box: Sandbox) -> str | Failure:
    """Return the node's address."""
    found = run(["minikube", "ip"], box)
    return found if isinstance(found, Failure) else found.stdout.strip()


def start(profile: str, options: Mapping[str, str]) -> tuple[str, ...]:
    """Return the command that starts a cluster; the options make it, and are left out for one that is there."""
    return ("minikube", "start", f"--profile={profile}", *(f"--{name}={value}" for name, value in options.items()))


def addon(profile: str, name: str, *, on: bool) -> tuple[str, ...]:
    """Return the command that enables an addon, or disables it again."""
    return ("minikube", "addons", "enable" if on else "disable", name, f"--profile={profile}")


def _mapping(found: Any, what: str) -> Mapping[str, Any] | Failure:
    if isinstance(found, (dict, Failure)):
        return found
    return Failure(FailureKind.MALFORMED, what, "printed no mapping")
