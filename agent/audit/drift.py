"""Every object of a release against the live one: what differs, who did it, and whether helm upgrade would undo it."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.audit.defaults import completed, is_default
from agent.audit.inputs import identity
from agent.audit.legs import Legs, shown_value
from agent.audit.matrix import at_admission, scaler, will_fix
from agent.audit.normalise import is_empty, is_masked, key, same
from agent.audit.owners import is_controller, others, owners, strangers
from agent.audit.verdict import Drift, DriftKind, Helm
from agent.snapshot.record import Object, Ref

SERVER = frozenset(("metadata", "status", "apiVersion", "kind"))
"""What the server writes itself; of metadata, labels and annotations are compared apart."""

BY_OTHERS = re.compile(
    r"^(meta\.helm\.sh/|deployment\.kubernetes\.io/|kubectl\.kubernetes\.io/last-applied|pv\.kubernetes\.io/"
    r"|volume\.(beta\.)?kubernetes\.io/|autoscaling\.alpha\.kubernetes\.io/|control-plane\.alpha\.kubernetes\.io/"
    r"|kubernetes\.io/change-cause$|deprecated\.daemonset\.template\.generation$|app\.kubernetes\.io/managed-by$"
    r"|endpoints\.kubernetes\.io/|objectset\.rio\.cattle\.io/|argocd\.argoproj\.io/|(helm|kustomize)\.toolkit\.fluxcd\.io/)"
)
"""Labels and annotations that controllers and Helm itself keep."""

OPERATIONS = re.compile(r"^(kubectl\.kubernetes\.io/restartedAt|.*/restarted-?[aA]t)$")
COSMETIC = re.compile(r"^(helm\.sh/chart|app\.kubernetes\.io/version|checksum/.*|.*/checksum.*|rollme)$")

Pair = tuple[str, Any, Any]
"""Pointer, desired, live; an absent side is None."""


def drifts(desired: Object, legs: Legs) -> list[Drift]:
    """Return every field of one of the release's objects that is not live as the release has it."""
    unstable = legs.inputs.rendered.unstable if legs.inputs.rendered else frozenset()
    return [drift for drift in _of_object(desired, legs) if (drift.object, drift.pointer) not in unstable]


def differing_pairs(one: Object, other: Object) -> list[Pair]:
    """Return where two renderings of one object differ, and what each says there."""
    return list(_pairs(one, other))


def _of_object(desired: Object, legs: Legs) -> Iterator[Drift]:
    name = identity(desired, legs.inputs.namespace)
    live = legs.live.get(name)
    if live is None:
        if legs.inputs.snapshot.knows(name.kind):
            yield Drift(name, "", DriftKind.MISSING, "in the release", "not in the cluster", helm=Helm.YES)
        return
    for pointer in _duplicates(desired, "", ""):
        yield Drift(name, pointer, DriftKind.DUPLICATE, "twice", "once", helm=Helm.NO)
    for pair in _pairs(desired, live):
        drift = _drift(name, pair, live, legs)
        if drift is not None:
            yield drift


def _pairs(desired: Object, live: Object) -> Iterator[Pair]:
    for part in ("labels", "annotations"):
        wanted, found = ((obj.get("metadata") or {}).get(part) or {} for obj in (desired, live))
        yield from _differences(wanted, found, f"/metadata/{part}", part)
    for name in sorted((set(desired) | set(live)) - SERVER):
        yield from _differences(desired.get(name), live.get(name), f"/{name}", name)


def _differences(wanted: Any, found: Any, pointer: str, field: str) -> Iterator[Pair]:
    """Yield the leaves at which two trees differ, list items by their key where the API has one for them."""
    if same(wanted, found, pointer):
        return
    if isinstance(wanted, Mapping | None) and isinstance(found, Mapping | None) and (wanted or found):
        one, other = wanted or {}, found or {}
        for name in [*one, *(name for name in other if name not in one)]:
            yield from _differences(one.get(name), other.get(name), f"{pointer}/{_escaped(str(name))}", str(name))
    elif isinstance(wanted, list) and isinstance(found, list) and _are_keyed(field, [*wanted, *found]):
        yield from _by_key(wanted, found, pointer, field)
    else:
        yield pointer, wanted, found


def _by_key(wanted: Sequence[Any], found: Sequence[Any], pointer: str, field: str) -> Iterator[Pair]:
    one, other = ({key(field, item): item for item in items} for items in (wanted, found))
    for name in [*one, *(name for name in other if name not in one)]:
        here = f"{pointer}/[{name}]"
        if name in one and name in other:
            yield from _differences(one[name], other[name], here, "")
        else:
            yield here, one.get(name), other.get(name)


def _are_keyed(field: str, items: Sequence[Any]) -> bool:
    return all(key(field, item) is not None for item in items)


def _duplicates(value: Any, pointer: str, field: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _duplicates(item, f"{pointer}/{_escaped(str(name))}", str(name))
    elif isinstance(value, list):
        names = Counter(name for name in (key(field, item) for item in value) if name is not None)
        yield from (f"{pointer}/[{name}]" for name, count in names.items() if count > 1)
        for index, item in enumerate(value):
            yield from _duplicates(item, f"{pointer}/{index}", "")


def _drift(name: Ref, pair: Pair, live: Object, legs: Legs) -> Drift | None:
    """Return what one difference is, None where it is none at all."""
    pointer, wanted, found = pair
    if is_masked(wanted) or is_masked(found) or _kept_by_others(pointer):
        return None
    if not is_empty(wanted) and completed(wanted, found, pointer) and not others(live, pointer):
        return None
    if is_empty(wanted) and not is_empty(found) and _is_servers(pointer, found, live):
        return None
    if pointer == "/spec/replicas" and _is_scaled(name, live, legs):
        return None
    kind = _kind(pointer, wanted, found, live)
    by = next((owner.manager for owner in others(live, pointer)), "")
    shown = (shown_value(wanted), shown_value(found))
    return Drift(name, pointer, kind, *shown, by, _helm(kind, pointer, live))


def _is_servers(pointer: str, found: Any, live: Object) -> bool:
    """Return whether a field nobody asked for is the server's own: a default, or a controller's.

    A default that somebody wrote down is their addition all the same, unless it is the default's very value.
    """
    plain = re.sub(r"\[[^\]]*\]", "0", pointer)
    if others(live, pointer):
        return False
    writers = owners(live, pointer)
    return is_default(plain, found) or (bool(writers) and all(map(is_controller, writers)))


def _kept_by_others(pointer: str) -> bool:
    found = re.fullmatch(r"(?:/spec(?:/jobTemplate/spec)?/template)?/metadata/(?:labels|annotations)/(.+)", pointer)
    return bool(found and BY_OTHERS.match(found[1].replace("~1", "/")))


def _is_scaled(name: Ref, live: Object, legs: Legs) -> bool:
    found = scaler(legs, name, live)
    return found is not None and found[1] <= found[3] <= found[2]


def _kind(pointer: str, wanted: Any, found: Any, live: Object) -> DriftKind:
    last = pointer.rpartition("/")[2].replace("~1", "/")
    if "/annotations/" in pointer or "/labels/" in pointer:
        if OPERATIONS.match(last):
            return DriftKind.OPERATED
        if COSMETIC.match(last):
            return DriftKind.COSMETIC
    if not is_empty(found) and at_admission(live, pointer):
        return DriftKind.MUTATED
    if is_empty(wanted):
        return DriftKind.ADDED
    if is_empty(found):
        return DriftKind.REMOVED if strangers(live) else DriftKind.IGNORED
    return DriftKind.CHANGED


def _helm(kind: DriftKind, pointer: str, live: Object) -> Helm:
    if kind in (DriftKind.ADDED, DriftKind.MUTATED, DriftKind.IGNORED, DriftKind.DUPLICATE, DriftKind.OPERATED):
        return Helm.NO
    return will_fix(live, pointer) if kind is DriftKind.CHANGED else Helm.YES


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
