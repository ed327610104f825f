"""API objects built by hand, shaped as a cluster writes them: for what no test bed here can produce, and near misses.

Everything is in namespace `shop` and was made an hour before the look, unless a test says otherwise.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.diagnose.finding import Finding
from agent.snapshot.record import Ref, State
from tests.fakes.objects import snapshot

Raw = dict[str, Any]

SPACE = "shop"
NOW, RECENTLY, BEFORE = "2026-11-24T10:00:00Z", "2026-11-24T09:59:30Z", "2026-11-24T09:00:00Z"


def diagnosed(
    *items: Mapping[str, Any], logs: Mapping[str, str] | None = None, subject: Ref | None = None
) -> Diagnosis:
    """Return the whole diagnosis of these objects, about one of them when it is named."""
    diagnosis = diagnose(snapshot(items, taken_at=NOW, logs=logs), subject)
    assert isinstance(diagnosis, Diagnosis)
    assert diagnosis.unknown == ()
    return diagnosis


def ago(seconds: float) -> str:
    """Return the API's time stamp of so many seconds before the look."""
    return (datetime.fromisoformat(NOW) - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def found(
    *items: Mapping[str, Any], logs: Mapping[str, str] | None = None, incomplete: Mapping[str, State] | None = None
) -> list[Finding]:
    """Return what a diagnosis of these objects says; nothing may be left undecided."""
    world = snapshot(items, taken_at=NOW, logs=logs, incomplete=incomplete)
    diagnosis = diagnose(world)
    assert isinstance(diagnosis, Diagnosis)
    assert [line for line in diagnosis.unknown if line.startswith("mode")] == []
    return list(diagnosis.findings)


def modes(findings: Iterable[Finding]) -> list[int]:
    """Return the modes of findings that say something is wrong, in their order."""
    return [finding.mode.number for finding in findings if finding.severity != "info"]


def made(kind: str, name: str, spec: Raw | None = None, status: Raw | None = None, **meta: Any) -> Raw:
    """Return one object; keywords go into its metadata."""
    home = {} if kind in ("Node", "Namespace", "IngressClass", "GatewayClass", "ClusterRole") else {"namespace": SPACE}
    metadata = {"name": name, **home, "uid": f"{kind}-{name}", "creationTimestamp": BEFORE, "generation": 1, **meta}
    return {"kind": kind, "metadata": metadata, "spec": spec or {}, "status": status or {}}


def owned(obj: Raw, owner: Raw) -> Raw:
    """Return an object controlled by another."""
    meta = owner["metadata"]
    reference = {"kind": owner["kind"], "name": meta["name"], "uid": meta["uid"], "controller": True}
    obj["metadata"]["ownerReferences"] = [reference]
    return obj


def container(name: str = "web", port: int = 8000, **more: Any) -> Raw:
    """Return a container with one TCP port called http."""
    ports = [{"name": "http", "containerPort": port, "protocol": "TCP"}]
    return {"name": name, "image": "registry.local/web:1", "ports": ports, "resources": {}, **more}


def condition(kind: str, status: str, reason: str = "", message: str = "", since: str = BEFORE, **more: Any) -> Raw:
    """Return a condition."""
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": since, **more}


def running(ready: bool = True, **more: Any) -> Raw:
    """Return a container status that runs."""
    return {"name": "web", "ready": ready, "restartCount": 0, "state": {"running": {"startedAt": BEFORE}}, **more}


def ended(code: int = 1, restarts: int = 4, **more: Any) -> Raw:
    """Return a container status that keeps ending with that code."""
    state = {"terminated": {"exitCode": code, "reason": "Error", "startedAt": RECENTLY, "finishedAt": RECENTLY}}
    return {
        "name": "web",
        "ready": False,
        "restartCount": restarts,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": state,
        **more,
    }


def pod(name: str, labels: Mapping[str, str], statuses: list[Raw] | None = None, **spec: Any) -> Raw:
    """Return a scheduled pod; it is ready when all its containers are."""
    statuses = statuses if statuses is not None else [running()]
    ready = "True" if all(item["ready"] for item in statuses) else "False"
    wanted = {"nodeName": "node-1", "containers": [container()], "restartPolicy": "Always", **spec}
    status = {
        "phase": "Running",
        "podIP": "10.244.0.7",
        "conditions": [condition("PodScheduled", "True"), condition("Ready", ready)],
        "containerStatuses": statuses,
    }
    return made("Pod", name, wanted, status, labels=dict(labels))


def unscheduled(item: Raw, message: str) -> Raw:
    """Return a pod the scheduler found no node for."""
    item["spec"].pop("nodeName", None)
    item["status"] = {
        "phase": "Pending",
        "conditions": [condition("PodScheduled", "False", "Unschedulable", message)],
    }
    return item


def template(labels: Mapping[str, str], **spec: Any) -> Raw:
    """Return a pod template with one container."""
    return {"metadata": {"labels": dict(labels)}, "spec": {"containers": [container()], **spec}}


def workload(
    name: str, labels: Mapping[str, str] | None = None, kind: str = "Deployment", replicas: int = 1, **spec: Any
) -> Raw:
    """Return a Deployment (or another kind) that has what it wants."""
    carried = labels or {"app": name}
    wanted = {"replicas": replicas, "selector": {"matchLabels": dict(carried)}, "template": template(carried), **spec}
    counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), replicas)
    return made(kind, name, wanted, {"observedGeneration": 1, **counts})


def running_workload(name: str, labels: Mapping[str, str] | None = None, **pod_spec: Any) -> list[Raw]:
    """Return a Deployment, its ReplicaSet and one ready pod."""
    top = workload(name, labels)
    below = owned(workload(f"{name}-7d9f", labels, "ReplicaSet"), top)
    return [top, below, owned(pod(f"{name}-7d9f-x", labels or {"app": name}, **pod_spec), below)]


def failing_workload(name: str, status: Raw | None = None, **pod_spec: Any) -> list[Raw]:
    """Return a Deployment, its ReplicaSet and one pod that keeps ending."""
    top = workload(name)
    below = owned(workload(f"{name}-7d9f", {"app": name}, "ReplicaSet"), top)
    return [top, below, owned(pod(f"{name}-7d9f-x", {"app": name}, [status or ended()], **pod_spec), below)]


def service(name: str, selector: Mapping[str, str] | None = None, port: int = 8000, **spec: Any) -> Raw:
    """Return a ClusterIP Service with one port."""
    ports = [{"name": "http", "port": port, "targetPort": "http", "protocol": "TCP"}]
    chosen = {"app": name} if selector is None else dict(selector)
    return made(
        "Service", name, {"type": "ClusterIP", "clusterIP": "10.96.3.4", "selector": chosen, "ports": ports} | spec
    )


def endpoints(name: str, *, ready: bool = True) -> Raw:
    """Return the EndpointSlice of a Service with one endpoint."""
    labels = {"kubernetes.io/service-name": name}
    slice_ = made("EndpointSlice", f"{name}-abcde", labels=labels)
    return slice_ | {"endpoints": [{"conditions": {"ready": ready}}], "ports": [{"port": 8000}]}


def event(about: Raw, reason: str, message: str, kind: str = "Warning") -> Raw:
    """Return an event of a minute ago about an object."""
    meta = about["metadata"]
    item = made("Event", f"{meta['name']}.{reason}".lower())
    involved = {"kind": about["kind"], "namespace": SPACE, "name": meta["name"], "uid": meta["uid"]}
    return item | {
        "involvedObject": involved,
        "reason": reason,
        "message": message,
        "type": kind,
        "lastTimestamp": RECENTLY,
    }


def node(name: str = "node-1", labels: Mapping[str, str] | None = None, **spec: Any) -> Raw:
    """Return a node that is ready and has room."""
    carried = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", **(labels or {})}
    room = {"cpu": "2", "memory": "4Gi", "pods": "110"}
    return made("Node", name, spec, {"allocatable": room, "conditions": [condition("Ready", "True")]}, labels=carried)
