"""Which workloads fail at the moment: fewer pods ready than asked for, or containers that keep ending. Pure."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from agent.audit.inputs import Objects, identity
from agent.kube.fields import condition, metadata, moment, number, spec, status, statuses
from agent.kube.remedies import kubectl
from agent.snapshot.graph import labels, ref
from agent.snapshot.record import Object, Ref, Snapshot

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")

REVISION = "controller-revision-hash"

RECENT = timedelta(minutes=10)
"""How long ago a container may have ended for its workload to count as one whose containers keep ending."""


def failing(manifest: Iterable[Object], live: Objects, snapshot: Snapshot, namespace: str) -> Iterator[Ref]:
    """Yield the workloads among a release's objects that fail."""
    for name in (identity(obj, namespace) for obj in manifest):
        obj = live.get(name)
        if obj is not None and is_failing(obj, snapshot):
            yield name


def is_failing(obj: Object, snapshot: Snapshot, within: timedelta = RECENT) -> bool:
    """Return whether a workload has not the pods it is asked for, or lost a container a short while ago."""
    if obj.get("kind") not in WORKLOADS:
        return False
    wanted, ready = desired(obj)
    return ready < wanted or any(_ended(pod, snapshot, within) for pod in pods_of(ref(obj), snapshot))


def held_back(names: Iterable[str], snapshot: Snapshot, *, begun: bool = False) -> Iterator[str]:
    """Say of each broken pod that a StatefulSet will not replace by itself what a person has to do meanwhile.

    `begun` asks only for pods that are not of the newest template, which is there already.

    Its controller waits for a pod to become ready before it makes it anew, also from a template that would mend it
    (kubernetes/kubernetes#67250), unless its pods are made all at once or only when they are deleted.
    """
    wanted = set(names)
    for obj in snapshot.objects.get("StatefulSet", ()):
        update = (spec(obj).get("updateStrategy") or {}).get("type") or "RollingUpdate"
        ordered = spec(obj).get("podManagementPolicy") != "Parallel" and update == "RollingUpdate"
        for pod in pods_of(ref(obj), snapshot) if ordered and str(ref(obj)) in wanted else ():
            old = labels(pod).get(REVISION) != status(obj).get("updateRevision")
            if (old or not begun) and (condition(pod, "Ready") or ("", {}))[1].get("status") != "True":
                command = kubectl("delete", "pod", ref(pod).name, namespace=ref(pod).namespace)
                yield (
                    f"Kubernetes replaces {ref(pod).name} of StatefulSet {ref(obj).name} only once it is ready, "
                    f"which it will not be: while helm waits, run {command} in another terminal"
                )


def desired(obj: Object) -> tuple[int, int]:
    """Return how many pods a workload is asked for, and how many are ready."""
    if obj.get("kind") == "DaemonSet":
        return number(status(obj).get("desiredNumberScheduled")), number(status(obj).get("numberReady"))
    return number(spec(obj).get("replicas"), 1), number(status(obj).get("readyReplicas"))


def pods_of(name: Ref, snapshot: Snapshot) -> list[Object]:
    """Return the pods of a workload, by their owners' names, without those that are being deleted."""
    owners = {name.name}
    for item in snapshot.objects.get("ReplicaSet", ()):
        if ref(item).namespace == name.namespace and name.name in _owners(item, name.kind):
            owners.add(ref(item).name)
    pods = (pod for pod in snapshot.objects.get("Pod", ()) if ref(pod).namespace == name.namespace)
    kinds = (name.kind, "ReplicaSet")
    return [
        pod
        for pod in pods
        if any(owner in owners for kind in kinds for owner in _owners(pod, kind))
        and not metadata(pod).get("deletionTimestamp")
    ]


def _owners(obj: Object, kind: str) -> list[str]:
    return [str(item.get("name")) for item in metadata(obj).get("ownerReferences") or () if item.get("kind") == kind]


def _ended(pod: Object, snapshot: Snapshot, within: timedelta) -> bool:
    ends = (
        moment((found.get(state) or {}).get("terminated", {}).get("finishedAt"))
        for _, found in statuses(pod)
        for state in ("state", "lastState")
        if (found.get(state) or {}).get("terminated", {}).get("exitCode")
    )
    return any(end is not None and snapshot.taken_at - end < within for end in ends)
