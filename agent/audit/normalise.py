"""When two spellings are one value, and when they are not. Every rule keeps the raw text beside what it compared."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tools.quantity import parse_quantity
from tools.redact import MASK

EMPTY: tuple[Any, ...] = (None, "", [], {}, ())

QUANTITIES = re.compile(
    r"/(?:requests|limits|hard|default|defaultRequest|min|max|capacity|sizeLimit|divisor|storage)(?:/|$)"
)
"""Pointers below which a text is a Kubernetes quantity."""

HUB = ("docker.io/library/", "docker.io/", "index.docker.io/library/", "index.docker.io/")


def is_empty(value: Any) -> bool:
    """Return whether a value is as good as absent: null, "", an empty list or map."""
    return any(value is found or (type(value) is type(found) and value == found) for found in EMPTY)


def same(one: Any, other: Any, pointer: str = "") -> bool:
    """Return whether two values at one place of an object are equal to the API server.

    Numbers and their texts are (`80`, `"80"`: ports, IntOrString), quantities are compared as decimals where a quantity
    stands, images by their reference. `256M` and `256Mi` are two values.
    """
    if is_empty(one) and is_empty(other):
        return True
    if isinstance(one, Mapping | list) or isinstance(other, Mapping | list):
        return bool(one == other)
    if text(one) == text(other):
        return True
    if QUANTITIES.search(pointer):
        return same_quantity(text(one), text(other))
    return pointer.endswith("/image") and image(text(one)) == image(text(other))


def same_quantity(one: str, other: str) -> bool:
    """Return whether two texts are one amount."""
    left, right = parse_quantity(one), parse_quantity(other)
    return left is not None and left == right


def text(value: Any) -> str:
    """Return a scalar as the API writes it: `true`, `8000`, `250m`; "" for nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def image(reference: str) -> tuple[str, str]:
    """Return (repository, tag or digest) of an image reference; Docker Hub's spellings are one, no tag is latest."""
    name, at, digest = reference.partition("@")
    last = name.rpartition("/")[2]
    repository, colon, tag = name.rpartition(":") if ":" in last else (name, "", "latest")
    repository = repository if colon else name
    prefix = next((hub for hub in HUB if repository.startswith(hub)), "")
    return repository[len(prefix) :], digest if at else tag


def mutable(reference: str) -> bool:
    """Return whether an image's name says nothing of its content: no digest, and a tag that is moved by habit."""
    tag = image(reference)[1]
    return tag in ("latest", "main", "master", "stable", "edge", "dev", "nightly") and "@" not in reference


def is_masked(value: Any) -> bool:
    """Return whether a value was hidden when it was read, so that nobody can compare it."""
    return isinstance(value, str) and value == MASK


KEYS: Mapping[str, Sequence[str]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "imagePullSecrets": ("name",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "tolerations": ("key", "operator", "effect"),
    "volumeClaimTemplates": ("metadata.name",),
    "secrets": ("name",),
    "subjects": ("kind", "name", "namespace"),
    "conditions": ("type",),
    "policies": ("type", "periodSeconds"),
    "webhooks": ("name",),
}
"""A list's field -> what makes two of its items one (the API's patch merge keys, where it has them)."""

PORTS = ("containerPort", "port")


def key(field: str, item: Any) -> str | None:
    """Return what names an item in a keyed list, as `name=web`; None where the list has no keys and order matters."""
    if not isinstance(item, Mapping):
        return None
    if field == "ports":
        name = next((name for name in PORTS if name in item), None)
        return None if name is None else f"{name}={text(item[name])},protocol={item.get('protocol') or 'TCP'}"
    if field == "metrics":
        return _metric(item)
    names = KEYS.get(field)
    return None if names is None else ",".join(f"{name}={text(_deep(item, name))}" for name in names)


def _metric(item: Mapping[str, Any]) -> str:
    kind = str(item.get("type") or "")
    source = item.get(kind[:1].lower() + kind[1:]) or {}
    named = source.get("name") or (source.get("metric") or {}).get("name") or ""
    return f"type={kind},name={named},container={source.get('container') or ''}"


def _deep(item: Mapping[str, Any], path: str) -> Any:
    found: Any = item
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
