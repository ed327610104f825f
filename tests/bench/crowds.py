"""Captures that show a rule comparing each with each: N Services beside N workloads, N failing workloads of N releases.

`python -m tests.bench.crowds KIND N CAPTURE.tgz PLAIN.json` writes one, and what it holds as plain JSON beside it. The
objects are recorded ones under other names, so that their size is a real cluster's: 15 KB a workload.
"""

import copy
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from agent.resources import bundle_path
from agent.snapshot.bundle import load, save
from agent.snapshot.record import Part, Release, Snapshot, State
from tools.failure import Failure

Object = dict[str, Any]

SHOP = "shop"
KINDS = ("Deployment", "ReplicaSet", "Pod")
WORDS = "amber birch cedar delta ember fjord grove heron inlet jetty knoll lumen".split()
OTHERS = "quartz pizza kiwi thorn vosk swift wharf yucca zephyr pylon oxbow chips".split()
"""Names are two words and a number, as people and charts make them; none is like one of the other list."""


def main() -> None:
    """Write the capture that was asked for; in a process of its own, as a child's peak is counted from its parent's."""
    kind, number, capture, plain = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
    snapshot = CROWDS[kind](number)
    failed = save(snapshot, capture)
    assert failed is None, failed
    plain.write_bytes(orjson.dumps([snapshot.objects, [item.manifest for item in snapshot.releases]]))


def orphans(number: int) -> Snapshot:
    """Return N Services that select nobody, and N healthy workloads no Service leads to; all share one label."""
    demo = _demo()
    made = [item for index in range(number) for item in _workload(demo, "todo-prod", "frontend", _name(WORDS, index))]
    return _snapshot(demo, [*made, *(_service(demo, _name(OTHERS, index)) for index in range(number))], [])


def failing(number: int) -> Snapshot:
    """Return N workloads that cannot start, each of a release of its own."""
    demo = _demo()
    found = [_workload(demo, "todo-app", "backend", _name(WORDS, index)) for index in range(number)]
    made = [list(items) for items in found]
    releases = [_release(_name(WORDS, index), items[0]) for index, items in enumerate(made)]
    return _snapshot(demo, [item for items in made for item in items], releases)


CROWDS: Mapping[str, Callable[[int], Snapshot]] = {"orphans": orphans, "failing": failing}


def _demo() -> Snapshot:
    found = load(bundle_path("demo"))
    assert not isinstance(found, Failure), found
    return found


def _workload(demo: Snapshot, namespace: str, component: str, name: str) -> Iterator[Object]:
    """Yield a recorded Deployment, its current ReplicaSet and that one's pod, under another name and label."""
    for kind in KINDS:
        recorded = [obj for obj in demo.objects[kind] if _is_of(obj, namespace, component)]
        obj = copy.deepcopy(dict(recorded[-1]))
        _rename(obj, kind, name)
        for part in (obj, obj.get("spec", {}).get("template"), obj.get("spec", {}).get("selector")):
            labels = part and (part.get("matchLabels") or part.get("metadata", {}).get("labels"))
            if labels:
                labels |= {"app.kubernetes.io/component": name, "app.kubernetes.io/instance": SHOP}
        yield obj


def _is_of(obj: Mapping[str, Any], namespace: str, component: str) -> bool:
    meta = obj["metadata"]
    return bool(meta["namespace"] == namespace and meta["labels"].get("app.kubernetes.io/component") == component)


def _rename(obj: Object, kind: str, name: str) -> None:
    meta = obj["metadata"]
    meta |= {"namespace": SHOP, "name": name, "uid": f"{kind}-{name}"}
    meta["annotations"] = {
        key: value for key, value in (meta.get("annotations") or {}).items() if not key.startswith("meta.helm.sh/")
    }
    for owner in meta.get("ownerReferences") or ():
        owner |= {"name": name, "uid": f"{owner['kind']}-{name}"}


def _service(demo: Snapshot, name: str) -> Object:
    obj = copy.deepcopy(dict(demo.objects["Service"][0]))
    _rename(obj, "Service", name)
    obj["spec"]["selector"] = {"app.kubernetes.io/instance": SHOP, "app.kubernetes.io/component": name}
    return obj


def _release(name: str, deployment: Object) -> Release:
    manifest: list[Object] = [{key: deployment[key] for key in ("kind", "metadata", "spec")}]
    return Release(name, SHOP, 1, "deployed", "web-1.0.0", "1", values={"replicas": 1}, manifest=manifest)


def _name(words: list[str], index: int) -> str:
    return f"{words[index % len(words)]}-{words[index // len(words) % len(words)]}-{index}"


def _snapshot(demo: Snapshot, objects: list[Object], releases: list[Release]) -> Snapshot:
    kinds: dict[str, list[Object]] = {part.name: [] for part in demo.parts if part.name in demo.objects}
    for item in objects:
        kinds[item["kind"]].append(item)
    kinds["Node"] = [dict(node) for node in demo.objects["Node"]]
    parts = [Part(kind, "synthetic", State.COMPLETE, len(items)) for kind, items in kinds.items()]
    return replace(demo, namespace=SHOP, objects=kinds, parts=parts, logs={}, usage=[], releases=releases)


if __name__ == "__main__":
    main()
