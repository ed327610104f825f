"""Which pods deserve a second look. Asked about every pod, so it is cheap: most answers come after three lookups."""

from agent.snapshot.record import Object

FINISHED_WELL = "Succeeded"


def is_suspect(pod: Object) -> bool:
    """Return whether anything about a pod is not as in a running, never restarted, ready (or finished) one."""
    status = pod.get("status") or {}
    if "deletionTimestamp" in (pod.get("metadata") or {}):
        return True
    if status.get("phase") == FINISHED_WELL:
        return False
    if status.get("phase") != "Running":
        return True
    for container in status.get("containerStatuses") or ():
        if not container.get("ready") or container.get("restartCount") or container.get("lastState"):
            return True
    return _initialising(status) or not _ready(status)


def _initialising(status: Object) -> bool:
    return any(
        container.get("restartCount") or (not container.get("ready") and not container.get("started"))
        for container in status.get("initContainerStatuses") or ()
    )


def _ready(status: Object) -> bool:
    return any(
        condition.get("type") == "Ready" and condition.get("status") == "True"
        for condition in status.get("conditions") or ()
    )
