"""How two manifests of a release differ, object by object, in the words people use for what stands there."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.kube.fields import WORKLOADS, metadata, spec, template
from agent.kube.templates import differences
from agent.snapshot.record import Object, Ref

MOST = 6
"""Differences of one object that are told."""


def changed(before: Sequence[Object], after: Sequence[Object]) -> Iterator[tuple[Ref, str]]:
    """Yield (object, what changed of it): added, removed, or each field that differs of a workload."""
    old, new = _by_name(before), _by_name(after)
    for name in sorted({**old, **new}):
        if name not in old:
            yield name, "added"
        elif name not in new:
            yield name, "removed"
        elif old[name] != new[name]:
            yield from ((name, text) for text in _told(old[name], new[name]))


def _by_name(objects: Sequence[Object]) -> dict[Ref, Object]:
    return {_ref(item): item for item in objects}


def _ref(item: Object) -> Ref:
    meta = metadata(item)
    return Ref(str(item.get("kind")), str(meta.get("namespace") or ""), str(meta.get("name")))


def _told(old: Object, new: Object) -> Iterator[str]:
    found: list[str] = []
    if str(new.get("kind")) in WORKLOADS:
        found = [str(item) for item in differences(template(old), template(new))]
        if spec(old).get("replicas") != spec(new).get("replicas"):
            found.insert(0, f"replicas is {spec(new).get('replicas')}, was {spec(old).get('replicas')}")
    found += [f"{key} is changed" for key in _keys(old, new)] if not found else []
    yield from found[:MOST]
    if len(found) > MOST:
        yield f"and {len(found) - MOST} more fields"


def _keys(old: Object, new: Object) -> Iterator[str]:
    """Yield the parts that differ, one level down: `spec.ports`, `data.LOG_LEVEL`; what they hold is left out."""
    for part in ("data", "spec", "rules", "metadata"):
        one, other = _part(old, part), _part(new, part)
        yield from (f"{part}.{key}" for key in {**one, **other} if one.get(key) != other.get(key))


def _part(item: Object, part: str) -> Mapping[str, Any]:
    found = item.get(part)
    return found if isinstance(found, Mapping) else {}
