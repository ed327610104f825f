"""Kubernetes objects fit to keep: without what each kind is known to carry of secrets, and without dead weight."""

from collections.abc import Callable, Sequence
from typing import Any

from tools.redact import MASK, redact_tree
from tools.written import with_writes

APPLIED = frozenset(
    ("kubectl.kubernetes.io/last-applied-configuration", "kapp.k14s.io/original", "objectset.rio.cattle.io/applied")
)
"""Annotations that hold a whole earlier object, a Secret's data included."""

DEEPEST = 200
"""Levels an object may be nested; Kubernetes' own schemas have 40."""


def redact_object(obj: dict[str, Any], *, owners: bool = False) -> dict[str, Any]:
    """Return a Kubernetes object fit to keep: the same one where nothing had to go, otherwise a changed copy.

    Managed fields (unless `owners` are asked; a ConfigMap keeps when each key was written) and annotations that hold
    an earlier object are dropped, a Secret loses its data, literal environment values with telling names, credentials
    in arguments and in probe headers are masked, ConfigMap values and messages are redacted as text. The items of a
    List are treated one by one.
    """
    try:
        return _redacted(obj, owners=owners)
    except RecursionError:  # deeper than any schema of Kubernetes: what lies so deep is nobody's to read
        return _redacted(_cut(obj, DEEPEST), owners=owners)


def _redacted(obj: dict[str, Any], *, owners: bool) -> dict[str, Any]:
    kind = obj.get("kind")
    if isinstance(kind, str) and kind.endswith("List") and isinstance(obj.get("items"), list):
        obj = _with_items(obj, kind.removesuffix("List"))
    lean = _lean(obj, owners=owners and kind not in BY_CONTROLLERS)
    if kind == "ConfigMap":
        lean = _at(lean if owners else with_writes(lean, obj), ("binaryData",), _blank)
    made: dict[str, Any] = redact_tree(lean)
    return made


def redact_documents(documents: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the objects among a manifest's documents, without Secrets; unknown kinds are redacted throughout."""
    found = [document for document in documents if _is_object(document)]
    return [_document(document) for document in found if document["kind"] not in ("Secret", "SecretList")]


def _is_object(document: Any) -> bool:
    """Return whether a document says of what kind it is, and its metadata is what it must be; a List needs none."""
    if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
        return False
    meta = document.get("metadata")
    texts, maps = ("name", "namespace", "generateName"), ("labels", "annotations")
    return meta is None or (
        isinstance(meta, dict)
        and all(isinstance(meta.get(key), str | None) for key in texts)
        and all(isinstance(meta.get(key), dict | None) for key in maps)
    )


def _document(document: dict[str, Any]) -> dict[str, Any]:
    kind = document["kind"]
    if kind == "List":
        items = document.get("items")
        return document | {"items": redact_documents(items if isinstance(items, list) else [])}
    return redact_object(document)


BY_CONTROLLERS = frozenset(("Pod", "Event", "ReplicaSet", "EndpointSlice", "Node", "Secret", "SecretList"))
"""Kinds nobody owns by hand: their managed fields say nothing, and there are thousands of them."""


def _lean(obj: dict[str, Any], *, owners: bool) -> dict[str, Any]:
    meta = obj.get("metadata")
    if not isinstance(meta, dict):
        return obj
    notes = meta.get("annotations")
    heavy = isinstance(notes, dict) and not APPLIED.isdisjoint(notes)
    if not heavy and (owners or "managedFields" not in meta):
        return obj
    meta = {key: value for key, value in meta.items() if owners or key != "managedFields"}
    if heavy:
        meta["annotations"] = {key: value for key, value in meta["annotations"].items() if key not in APPLIED}
    return obj | {"metadata": meta}


def _at(obj: dict[str, Any], path: tuple[str, ...], change: Callable[[Any], Any]) -> dict[str, Any]:
    """Return the object with one part changed; the same object where that part is absent or stays as it is."""
    first = path[0]
    part = obj.get(first)
    if not isinstance(part, dict):
        return obj
    changed = _at(part, path[1:], change) if len(path) > 1 else change(part)
    return obj if changed is part else obj | {first: changed}


def _with_items(obj: dict[str, Any], kind: str) -> dict[str, Any]:
    items = [
        redact_object(item if "kind" in item or not kind else {"kind": kind, **item})
        for item in obj["items"]
        if isinstance(item, dict)
    ]
    return obj if all(map(_same, items, obj["items"])) and len(items) == len(obj["items"]) else obj | {"items": items}


def _same(one: object, other: object) -> bool:
    return one is other


def _blank(data: dict[str, Any]) -> dict[str, Any]:
    return dict.fromkeys(data, MASK)


def _cut(value: Any, depth: int) -> Any:
    """Return a value without what lies deeper in it than that many levels."""
    if not isinstance(value, (dict, list)):
        return value
    if not depth:
        return MASK
    if isinstance(value, list):
        return [_cut(item, depth - 1) for item in value]
    return {key: _cut(item, depth - 1) for key, item in value.items()}
