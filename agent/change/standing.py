"""How a release and its objects stand, by digests that a controller's own work does not move. Pure."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from agent.audit.inputs import Objects
from agent.change.plan import Base, Seen, digest
from agent.kube.fields import metadata, number, spec
from agent.snapshot.record import Object, Ref, Release, Snapshot

SERVER_SIDE = "ssa"


def manifest_digest(objects: Iterable[Object]) -> str:
    """Return the digest of a manifest's objects, in whatever order they come."""
    return digest("\n".join(sorted(map(_canonical, objects))).encode())


def values_digest(values: Mapping[str, Any] | None) -> str:
    """Return the digest of the values a release was given, as they may be shown."""
    return digest(_canonical(values or {}).encode())


def base(release: Release | None, applied: str, seen: Sequence[Seen]) -> Base:
    """Return how a release stands; a first revision is applied by the server."""
    if release is None:
        return Base(0, "", manifest_digest(()), values_digest(None), tuple(seen), server_side=True)
    return Base(
        release.revision,
        release.status,
        manifest_digest(release.manifest or ()),
        values_digest(release.values),
        tuple(seen),
        server_side=applied == SERVER_SIDE,
    )


def seen(names: Iterable[Ref], live: Objects, snapshot: Snapshot) -> list[Seen]:
    """Return how the live objects of these names stand; those that are not there are left out."""
    scaled = _scaled(snapshot)
    found = ((name, live.get(name)) for name in dict.fromkeys(names))
    return [_seen(name, obj, scaled) for name, obj in found if obj is not None]


def _seen(name: Ref, obj: Object, scaled: frozenset[Ref]) -> Seen:
    meta = metadata(obj)
    kept = {key: value for key, value in obj.items() if key not in ("metadata", "status")}
    if name in scaled:  # an autoscaler's number is no change of what was planned on
        kept["spec"] = {key: value for key, value in spec(obj).items() if key != "replicas"}
    said = {"labels": meta.get("labels"), "object": kept}
    generation = number(meta.get("generation"))
    return Seen(*name, str(meta.get("uid") or ""), generation, digest(_canonical(said).encode()))


def _scaled(snapshot: Snapshot) -> frozenset[Ref]:
    """Return the workloads an autoscaler owns the number of."""
    found = []
    for hpa in snapshot.objects.get("HorizontalPodAutoscaler", ()):
        target = spec(hpa).get("scaleTargetRef") or {}
        found.append(Ref(str(target.get("kind")), str(metadata(hpa).get("namespace")), str(target.get("name"))))
    return frozenset(found)


def moved(then: Base, now: Base, by: Callable[[Seen], str]) -> str:
    """Return what has moved between two looks, in one sentence; "" where nothing has; `by` names who did it."""
    if now.revision != then.revision or now.status != then.status:
        is_at, was_at = (f"revision {item.revision} ({item.status})" for item in (now, then))
        return f"the release is at {is_at}, the plan was made on {was_at}"
    if now.values != then.values or now.manifest != then.manifest:
        return f"revision {now.revision} of the release is not what it was"
    here = {str(item): item for item in now.objects}
    for item in then.objects:
        found = here.get(str(item))
        if found is None:
            return f"{item} is gone"
        if found.uid != item.uid:
            return f"{item} was deleted and made again"
        if found.spec != item.spec:
            return f"{item} was changed since, by {by(item)}"
    return ""


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
