"""minikube, read only: what the cluster blueprint's checks ask."""

from collections.abc import Mapping, Sequence
from typing import Any

from tools.failure import Failure, FailureKind
from tools.run import Sandbox, run, run_json


def version(box: Sandbox) -> str | Failure:
    """Return minikube's version."""
    found = run_json(["minikube", "version", "--output=json"], box)
    return found if isinstance(found, Failure) else str(found.get("minikubeVersion") or "")


def status(box: Sandbox) -> Mapping[str, str] | Failure:
    """Return the state of host, kubelet and apiserver: `{"Host": "Running", …}`; a Failure where one is down."""
    found = run_json(["minikube", "status", "--output=json"], box)
    return found if isinstance(found, Failure) else _first(found, "minikube status")


def profiles(box: Sandbox) -> Sequence[Mapping[str, Any]] | Failure:
    """Return the valid profiles with their configuration (driver, CPUs, memory, Kubernetes version)."""
    found = run_json(["minikube", "profile", "list", "--output=json"], box)
    return found if isinstance(found, Failure) else list(found.get("valid") or ())


def addons(box: Sandbox) -> Mapping[str, bool] | Failure:
    """Return addon name -> whether it is enabled."""
    found = run_json(["minikube", "addons", "list", "--output=json"], box)
    if isinstance(found, Failure):
        return found
    return {name: (item or {}).get("Status") == "enabled" for name, item in found.items()}


def address(box: Sandbox) -> str | Failure:
    """Return the node's address."""
    found = run(["minikube", "ip"], box)
    return found if isinstance(found, Failure) else found.stdout.strip()


def _first(found: Any, what: str) -> Mapping[str, str] | Failure:
    """Return the control plane's record: one mapping for one node, a list of them for several."""
    record = found[0] if isinstance(found, list) and found else found
    return record if isinstance(record, dict) else Failure(FailureKind.MALFORMED, what, "printed no status")
