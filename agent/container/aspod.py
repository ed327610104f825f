"""A container as the pod it would be, so that what is known of pods' ends and logs is known of it too."""

from collections.abc import Mapping
from typing import Any

from agent.container.look import Look
from agent.kube.containers import Container, containers_of
from agent.snapshot.graph import Graph
from agent.snapshot.record import Cluster, LogKey, Part, Snapshot, State

PLACE = "docker"


def as_pod(look: Look) -> tuple[Container, Graph]:
    """Return the container among the pods that are known, and the look it is alone in."""
    pod = {
        "kind": "Pod",
        "metadata": {"name": look.name, "namespace": PLACE},
        "spec": {"containers": [_spec(look)], "volumes": [{"name": name} for name in _volumes(look)]},
        "status": {"phase": "Running", "containerStatuses": [_status(look)]},
    }
    seen = Snapshot(
        taken_at=look.taken_at,
        cluster=Cluster(),
        namespace=None,
        objects={"Pod": [pod]},
        parts=[Part(kind, PLACE, State.COMPLETE) for kind in ("Pod", "Service", "ConfigMap", "Secret")],
        logs={LogKey(PLACE, look.name, look.name, False): look.log},
    )
    return next(containers_of(pod)), Graph(seen)


def _spec(look: Look) -> Mapping[str, Any]:
    user = str(look.config.get("User") or "").partition(":")[0]
    uid = {"root": 0, "": 0}.get(user, int(user) if user.isascii() and user.isdigit() else None)
    return {
        "name": look.name,
        "image": str(look.config.get("Image") or ""),
        "command": list(look.config.get("Entrypoint") or ()),
        "args": list(look.config.get("Cmd") or ()),
        "workingDir": str(look.config.get("WorkingDir") or ""),
        "env": [{"name": name, "value": value} for name, value in look.environment.items()],
        "volumeMounts": [
            {"name": name, "mountPath": str(item.get("Destination") or "")}
            for name, item in zip(_volumes(look), look.mounts(), strict=True)
        ],
        "securityContext": {} if uid is None else {"runAsUser": uid},
    }


def _volumes(look: Look) -> list[str]:
    return [str(item.get("Name") or item.get("Source") or f"mount-{place}") for place, item in enumerate(look.mounts())]


def _status(look: Look) -> Mapping[str, Any]:
    """Return its status: running, or ended, with the reason the kubelet would give."""
    if look.running:
        return {"name": look.name, "ready": False, "restartCount": look.restarts, "state": {"running": {}}}
    refused = bool(look.state.get("Error"))
    reason = "StartError" if refused else "OOMKilled" if look.state.get("OOMKilled") else "Error"
    ended = {"exitCode": look.exit_code, "reason": reason, "message": str(look.state.get("Error") or "")}
    state = {"terminated": ended}
    return {"name": look.name, "ready": False, "restartCount": look.restarts, "state": state, "lastState": state}
