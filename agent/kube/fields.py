"""Fields of Kubernetes objects read by their API meaning, absent ones as empty: what every rule needs and no more.

Nothing here raises on a missing or null field. A field of the wrong type (a text where a map belongs) may raise one
of the errors the engine's guard turns into `unknown`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from agent.snapshot.record import Object, Snapshot

CREATORS = ("ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController")
"""The kinds whose controllers create pods themselves."""

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob")
"""The kinds that carry a pod template."""


def metadata(obj: Object) -> Mapping[str, Any]:
    """Return an object's metadata, empty when it has none."""
    return obj.get("metadata") or {}


def spec(obj: Object) -> Mapping[str, Any]:
    """Return an object's spec, empty when it has none."""
    return obj.get("spec") or {}


def status(obj: Object) -> Mapping[str, Any]:
    """Return an object's status, empty when it has none."""
    return obj.get("status") or {}


def template(obj: Object) -> Mapping[str, Any]:
    """Return the pod template a workload makes pods from (metadata and spec); a Pod is its own."""
    if obj.get("kind") == "Pod":
        return obj
    if obj.get("kind") == "CronJob":
        return spec(spec(obj).get("jobTemplate") or {}).get("template") or {}
    return spec(obj).get("template") or {}


def containers(pod: Object, *, init: bool = True) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (JSON pointer, container) of a pod or a pod template, init containers first unless `init` is False."""
    for part in ("initContainers", "containers") if init else ("containers",):
        for index, container in enumerate(spec(pod).get(part) or ()):
            yield f"/spec/{part}/{index}", container


def is_sidecar(container: Mapping[str, Any]) -> bool:
    """Return whether an init container keeps running beside the main ones (`restartPolicy: Always`)."""
    return container.get("restartPolicy") == "Always"


def statuses(pod: Object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (JSON pointer, container status) of every init, main and ephemeral container of a pod."""
    for part in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"):
        for index, found in enumerate(status(pod).get(part) or ()):
            yield f"/status/{part}/{index}", found


def condition(obj: Object, kind: str) -> tuple[str, Mapping[str, Any]] | None:
    """Return (JSON pointer, condition) of that type, None when the object has none."""
    for index, found in enumerate(status(obj).get("conditions") or ()):
        if found.get("type") == kind:
            return f"/status/conditions/{index}", found
    return None


def condition_is(obj: Object, kind: str, wanted: str) -> bool:
    """Return whether the condition of that type has that status (`True`, `False`, `Unknown`)."""
    found = condition(obj, kind)
    return found is not None and found[1].get("status") == wanted


def claims(pod: Object) -> Iterator[tuple[str, str]]:
    """Yield (JSON pointer, name) of every claim a pod mounts, those of generic ephemeral volumes too."""
    name = metadata(pod).get("name", "")
    for index, volume in enumerate(spec(pod).get("volumes") or ()):
        source = volume.get("persistentVolumeClaim")
        if source and source.get("claimName"):
            yield f"/spec/volumes/{index}/persistentVolumeClaim/claimName", source["claimName"]
        elif volume.get("ephemeral"):
            yield f"/spec/volumes/{index}/ephemeral", f"{name}-{volume.get('name', '')}"


def is_unscheduled(pod: Object) -> bool:
    """Return whether the pod waits for a node; one held by a scheduling gate waits for somebody else."""
    waits = not spec(pod).get("nodeName") and (status(pod).get("phase") or "Pending") == "Pending"
    return waits and not spec(pod).get("schedulingGates") and not metadata(pod).get("deletionTimestamp")


def is_terminal(pod: Object) -> bool:
    """Return whether the pod has ended and holds no resources any more."""
    return status(pod).get("phase") in ("Succeeded", "Failed")


def moment(timestamp: object) -> datetime | None:
    """Return the time an API timestamp says, None when it is absent, unreadable or says no zone."""
    try:
        found = datetime.fromisoformat(str(timestamp or ""))
    except ValueError:
        return None
    return found if found.tzinfo else None


def seconds_since(snapshot: Snapshot, timestamp: str | None) -> float | None:
    """Return the seconds from an API timestamp to the look, None when it is absent or unreadable."""
    if not timestamp:
        return None
    try:
        return (snapshot.taken_at - datetime.fromisoformat(timestamp)).total_seconds()
    except (TypeError, ValueError):
        return None


def number(value: object, default: int = 0) -> int:
    """Return an integer field, the default where it is absent."""
    return default if value is None else int(str(value))


def texts(value: object) -> Sequence[str]:
    """Return a list of texts (command, args), empty for anything else."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else ()
