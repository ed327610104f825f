"""kubectl, read only: who we are, what we may do, logs and rollouts. Lists come from tools/cluster.py."""

from collections.abc import Mapping
from typing import Any

from tools.failure import Failure, FailureKind
from tools.run import Sandbox, run, run_json


def version(box: Sandbox) -> str | Failure:
    """Return the client's version: `v1.36.3`."""
    found = run_json(["kubectl", "version", "--client", "--output=json"], box)
    return found if isinstance(found, Failure) else str((found.get("clientVersion") or {}).get("gitVersion") or "")


def whoami(box: Sandbox) -> Mapping[str, Any] | Failure:
    """Return the identity the API server sees: username and groups."""
    found = run_json(["kubectl", "auth", "whoami", f"--context={box.context}", "--output=json"], box)
    return found if isinstance(found, Failure) else ((found.get("status") or {}).get("userInfo") or {})


def can_i(box: Sandbox, verb: str, resource: str, namespace: str) -> bool | Failure:
    """Return whether this identity may do one thing in a namespace."""
    target = [f"--context={box.context}", f"--namespace={namespace}"]
    found = run(["kubectl", "auth", "can-i", verb, resource, *target, "--quiet"], box)
    if not isinstance(found, Failure):
        return True
    return False if found.kind is FailureKind.EXIT and found.detail == "exit status 1" else found


def logs(box: Sandbox, namespace: str, pod: str, container: str, *, previous: bool = False) -> str | Failure:
    """Return the end of one container's log: at most 500 lines and 256 KiB, redacted."""
    bounds = ["--tail=500", "--limit-bytes=262144", *(["--previous"] if previous else [])]
    target = [f"--context={box.context}", f"--namespace={namespace}", f"--container={container}"]
    found = run(["kubectl", "logs", pod, *target, *bounds], box)
    return found if isinstance(found, Failure) else found.stdout


def rollout_status(box: Sandbox, namespace: str, workload: str, *, seconds: int = 30) -> str | Failure:
    """Return what kubectl says of a rollout (`deployment/web`) once it is done; a Failure when it is not in time."""
    target = [f"--context={box.context}", f"--namespace={namespace}", f"--timeout={seconds}s"]
    found = run(["kubectl", "rollout", "status", workload, *target], box, timeout=seconds + 5)
    return found if isinstance(found, Failure) else found.stdout.strip()


def rollout_history(box: Sandbox, namespace: str, workload: str) -> str | Failure:
    """Return a workload's revisions as kubectl prints them."""
    found = run(
        ["kubectl", "rollout", "history", workload, f"--context={box.context}", f"--namespace={namespace}"], box
    )
    return found if isinstance(found, Failure) else found.stdout.strip()
