"""A large cluster out of small real ones: recorded objects, multiplied under new names."""

import copy
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.snapshot.bundle import save
from agent.snapshot.record import Cluster, Part, Snapshot, State
from tests.fakes.objects import FIXTURES
from tools.failure import Failure
from tools.kinds import KINDS

NAMESPACES = 50
SHARES = {
    "Pod": 5000,
    "ReplicaSet": 1700,
    "Event": 2500,
    "Deployment": 800,
    "Service": 700,
    "EndpointSlice": 700,
    "ConfigMap": 800,
    "ServiceAccount": 500,
    "Node": 100,
    "Namespace": NAMESPACES,
}
"""kind -> how many: 5,000 pods and 13,000 objects, as in a real cluster of that size."""


def world() -> Snapshot:
    """Return one look at a healthy cluster of 5,000 pods, about 35 MB of JSON."""
    models = _models()
    objects = {kind: [_copy(models[kind], kind, number) for number in range(count)] for kind, count in SHARES.items()}
    parts = [Part(kind.name, kind.path(None), State.COMPLETE, len(objects.get(kind.name, ()))) for kind in KINDS]
    return Snapshot(datetime(2026, 1, 2, tzinfo=UTC), Cluster("bench", "https://bench", "v1.36.3"), None, objects, parts)


def write(folder: Path) -> tuple[Path, Path]:
    """Write the world as a bundle and as one plain JSON file of the same objects; return both paths."""
    made = world()
    bundle, plain = folder / "bench.tgz", folder / "bench.json"
    failed = save(made, bundle)
    if isinstance(failed, Failure):
        raise RuntimeError(str(failed))
    plain.write_text(json.dumps(made.objects, separators=(",", ":")), encoding="utf-8")
    return bundle, plain


def _models() -> dict[str, dict[str, Any]]:
    """Return the largest recorded healthy object of each kind."""
    found: dict[str, dict[str, Any]] = {}
    for item in sorted(_recorded(), key=lambda item: len(json.dumps(item))):
        found[item["kind"]] = item
    return found


def _recorded() -> Iterator[dict[str, Any]]:
    for item in json.loads(gzip.decompress((FIXTURES / "healthy.json.gz").read_bytes()))["items"]:
        status = item.get("status") or {}
        ready = any(c.get("type") == "Ready" and c.get("status") == "True" for c in status.get("conditions") or ())
        if item["kind"] != "Pod" or (ready and not any(c["restartCount"] for c in status["containerStatuses"])):
            yield item
