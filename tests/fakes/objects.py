"""Snapshots for tests: recorded API lists loaded as one, and builders that change recorded objects.

A fixture is `tests/fixtures/modes/NAME.json` or `.json.gz`: what `kubectl get KINDS -o json` printed, less managed
fields and Secret data, with two keys of ours: `takenAt` (RFC 3339) and `logs` (`POD/CONTAINER` or
`POD/CONTAINER/previous` to text). `tests/fakes/record.py` writes them.
"""

import copy
import gzip
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.snapshot.record import Cluster, LogKey, Part, Ref, Snapshot, State

FIXTURES = Path(__file__).parent.parent / "fixtures" / "modes"

KINDS = (
    "Pod",
    "Node",
    "Namespace",
    "Event",
    "Service",
    "EndpointSlice",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "ConfigMap",
    "Secret",
    "ServiceAccount",
    "ResourceQuota",
    "LimitRange",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "StorageClass",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "Ingress",
    "IngressClass",
    "NetworkPolicy",
    "PriorityClass",
    "Role",
    "RoleBinding",
    "ClusterRole",
    "ClusterRoleBinding",
)
"""The kinds a whole look lists."""

Raw = dict[str, Any]


def load(name: str) -> Snapshot:
    """Return a recorded incident as a snapshot whose lists are whole."""
    record = recorded(name)
    return snapshot(record["items"], taken_at=record.get("takenAt"), logs=record.get("logs") or {})


def recorded(name: str) -> Raw:
    """Return a fixture's JSON as it was recorded."""
    plain, packed = FIXTURES / f"{name}.json", FIXTURES / f"{name}.json.gz"
    data = gzip.decompress(packed.read_bytes()) if packed.exists() else plain.read_bytes()
    document: Raw = json.loads(data)
    return document


def snapshot(
    items: Iterable[Mapping[str, Any]],
    *,
    taken_at: str | None = None,
    logs: Mapping[str, str] | None = None,
    incomplete: Mapping[str, State] | None = None,
    namespace: str | None = None,
) -> Snapshot:
    """Return a snapshot of these objects; every kind's list is whole but those in `incomplete`."""
    objects: dict[str, list[Mapping[str, Any]]] = {}
    for item in items:
        objects.setdefault(item["kind"], []).append(item)
    states = dict.fromkeys(KINDS, State.COMPLETE) | dict(incomplete or {})
    return Snapshot(
        taken_at=datetime.fromisoformat(taken_at) if taken_at else _latest(objects),
        cluster=Cluster(context="test"),
        namespace=namespace,
        objects=objects,
        parts=[Part(kind, "test", state, len(objects.get(kind, ()))) for kind, state in states.items()],
        logs=dict(_logs(logs or {}, objects)),
    )


def changed(world: Snapshot, name: Ref, **paths: object) -> Snapshot:
    """Return the snapshot with leaves of one object set: `changed(s, ref, spec__replicas=0)`; None deletes the leaf."""
    items = [copy.deepcopy(dict(item)) for items in world.objects.values() for item in items]
    found = next(item for item in items if _ref(item) == name)
    for path, value in paths.items():
        _put(found, path.split("__"), value)
    return snapshot(items, taken_at=world.taken_at.isoformat())


def without(world: Snapshot, *names: Ref) -> Snapshot:
    """Return the snapshot less some objects."""
    items = [item for items in world.objects.values() for item in items if _ref(item) not in names]
    return snapshot(items, taken_at=world.taken_at.isoformat())


def adding(world: Snapshot, *more: Mapping[str, Any]) -> Snapshot:
    """Return the snapshot with more objects."""
    items = [item for items in world.objects.values() for item in items]
    return snapshot([*items, *more], taken_at=world.taken_at.isoformat())


def _ref(item: Mapping[str, Any]) -> Ref:
    meta = item.get("metadata") or {}
    return Ref(item["kind"], meta.get("namespace", ""), meta.get("name", ""))


def _put(item: Raw, path: list[str], value: object) -> None:
    target: Any = item
    for key in path[:-1]:
        target = target[int(key)] if isinstance(target, list) else target.setdefault(key, {})
    last: Any = int(path[-1]) if isinstance(target, list) else path[-1]
    if value is None:
        del target[last]
    else:
        target[last] = value


def _logs(logs: Mapping[str, str], objects: Mapping[str, list[Mapping[str, Any]]]) -> Iterable[tuple[LogKey, str]]:
    homes = {pod["metadata"]["name"]: pod["metadata"].get("namespace", "") for pod in objects.get("Pod", ())}
    for key, text in logs.items():
        pod, container, *previous = key.split("/")
        yield LogKey(homes.get(pod, ""), pod, container, bool(previous)), text


def _latest(objects: Mapping[str, list[Mapping[str, Any]]]) -> datetime:
    """Return the newest time anything in the record carries: the moment it was recorded, near enough."""
    times = [event.get("lastTimestamp") or event.get("eventTime") or "" for event in objects.get("Event", ())]
    times += [item["metadata"].get("creationTimestamp") or "" for items in objects.values() for item in items]
    newest = max(times, default="")
    return datetime.fromisoformat(newest) if newest else datetime(2026, 1, 1, tzinfo=UTC)
