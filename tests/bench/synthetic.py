"""A capture as large as a real cluster's, multiplied from recorded objects: 5,000 pods, 13,500 objects, about 35 MB."""

import copy
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from agent.resources import bundle_path
from agent.snapshot.bundle import load, save
from agent.snapshot.narrow import narrow
from agent.snapshot.record import Part, Snapshot, State
from tools.failure import Failure

PODS = 5_000
PER_NAMESPACE = 10
COUNTS = {"Pod": PER_NAMESPACE, "Event": 5}
"""How many of a kind a namespace has, whatever the recording had; of the others as many."""

HEALTHY, BROKEN = "todo-prod", "todo-app"
ONE_IN = 100
"""Of this many namespaces one holds the broken release."""


def main() -> None:
    """Write the capture, and its objects as plain JSON, to the two files named; in a process of its own.

    A child's peak memory is counted from its parent's: whoever measures has to stay small.
    """
    capture, plain = map(Path, sys.argv[1:])
    snapshot = _multiplied()
    failed = save(snapshot, capture)
    assert failed is None, failed
    size = plain.write_bytes(orjson.dumps(snapshot.objects))
    count = sum(map(len, snapshot.objects.values()))
    print(f"{len(snapshot.objects['Pod'])} pods, {count} objects, {size / 1e6:.0f} MB", flush=True)


def _multiplied() -> Snapshot:
    demo = load(bundle_path("demo"))
    assert not isinstance(demo, Failure), demo
    healthy, broken = narrow(demo, HEALTHY), narrow(demo, BROKEN)
    assert healthy is not None
    assert broken is not None
    objects: dict[str, list[Any]] = {kind: [] for kind in demo.objects}
    for number in range(PODS // PER_NAMESPACE):
        source = broken if number % ONE_IN == 0 else healthy
        for kind, obj in _clone(source, f"shop-{number}"):
            objects[kind].append(obj)
    for kind in ("Node", "StorageClass", "PriorityClass", "IngressClass", "PersistentVolume"):
        objects[kind] = list(demo.objects.get(kind, ()))
    parts = [Part(kind, "synthetic", State.COMPLETE, len(found)) for kind, found in objects.items()]
    return replace(demo, namespace=None, objects=objects, parts=parts, logs={}, usage=[], releases=[])


def _clone(source: Snapshot, namespace: str) -> Iterator[tuple[str, Any]]:
    """Yield one namespace's objects under another name, its pods several times over."""
    for kind, found in source.objects.items():
        own = [obj for obj in found if (obj.get("metadata") or {}).get("namespace") == source.namespace]
        for number in range(COUNTS.get(kind, len(own)) if own else 0):
            yield kind, _renamed(own[number % len(own)], namespace, number // len(own))
    yield "Namespace", {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": namespace, "uid": namespace}}


def _renamed(obj: Any, namespace: str, number: int) -> Any:
    made = copy.deepcopy(dict(obj))
    meta = made["metadata"]
    meta |= {"namespace": namespace, "uid": f"{meta.get('uid', '')}-{namespace}-{number}"}
    if number:
        meta["name"] = f"{meta['name']}-{number}"
    for owner in meta.get("ownerReferences") or ():
        owner["uid"] = f"{owner['uid']}-{namespace}-0"
    if "involvedObject" in made:
        about = made["involvedObject"]
        about |= {"namespace": namespace, "uid": f"{about.get('uid', '')}-{namespace}-0"}
    return made


if __name__ == "__main__":
    main()
