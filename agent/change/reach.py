"""How far a change reaches: which objects, how many pods, and what no plan may touch. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from agent.audit.drift import differing_pairs
from agent.audit.inputs import Objects, identity
from agent.audit.legs import shown_value
from agent.audit.normalise import image
from agent.blueprint.control import Profile
from agent.change.plan import Effects, FieldChange
from agent.kube.fields import number, spec, status
from agent.kube.paths import FIXED
from agent.snapshot.record import Object, Ref

MOST_OBJECTS = 20
"""Objects one plan may change."""

WHOLE = (
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "Namespace",
)
"""Kinds no plan changes, creates or removes."""

RIGHTS = (
    "privileged",
    "hostPath",
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "capabilities",
    "allowPrivilegeEscalation",
    "serviceAccountName",
)
"""Fields by which a pod gets more than its own."""

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


class Pair(NamedTuple):
    """One object before and after; None where it is not there."""

    name: Ref
    before: Object | None
    after: Object | None


class _Bounds(NamedTuple):
    """What a plan may do beyond what every plan may: for which profile, which fields a control names, whether back."""

    profile: Profile
    stated: frozenset[tuple[str, str]]
    back: bool


def pairs(before: Sequence[Object], after: Sequence[Object], namespace: str) -> list[Pair]:
    """Return the objects that differ between two renderings."""
    one, other = (Objects(found, namespace) for found in (before, after))
    names = dict.fromkeys(identity(obj, namespace) for obj in (*one.all, *other.all))
    every = [Pair(name, one.get(name), other.get(name)) for name in names]
    return [pair for pair in every if pair.before is None or pair.after is None or fields(pair)]


def fields(pair: Pair) -> list[FieldChange]:
    """Return the fields in which an object differs."""
    found = differing_pairs(pair.before or {}, pair.after or {})
    return [FieldChange(*pair.name, pointer, shown_value(old), shown_value(new)) for pointer, old, new in found]


def effects(
    found: Sequence[Pair],
    live: Objects,
    profile: Profile,
    stated: Sequence[FieldChange] = (),
    *,
    back: bool = False,
) -> Effects:
    """Return what a change does to the cluster.

    Args:
        found: the objects that differ between what the release holds and what the new values give.
        live: the cluster's objects, for how many pods run.
        profile: the one the plan is for.
        stated: the fields that a control names, which may change where others may not.
        back: whether they go back to what they were, where a number of pods may be none again.

    """
    bounds = _Bounds(profile, frozenset((item.object, item.pointer) for item in stated), back)
    restarted = [pair for pair in found if _restarts(pair)]
    return Effects(
        changed=tuple(str(pair.name) for pair in found if pair.before is not None and pair.after is not None),
        created=tuple(str(pair.name) for pair in found if pair.before is None),
        deleted=tuple(str(pair.name) for pair in found if pair.after is None),
        restarted=tuple(str(pair.name) for pair in restarted),
        pods=sum(_pods(live.get(pair.name)) for pair in restarted),
        forbidden=tuple(dict.fromkeys(_forbidden(found, bounds))),
    )


def _restarts(pair: Pair) -> bool:
    if pair.name.kind not in WORKLOADS or pair.before is None or pair.after is None:
        return False
    return any(item.pointer.startswith("/spec/template/") for item in fields(pair))


def _pods(obj: Object | None) -> int:
    """Return how many pods a live workload has been asked for."""
    if obj is None:
        return 0
    if obj.get("kind") == "DaemonSet":
        return number(status(obj).get("desiredNumberScheduled"))
    return number(spec(obj).get("replicas"), 1)


def _forbidden(found: Sequence[Pair], bounds: _Bounds) -> Iterator[str]:
    if len(found) > MOST_OBJECTS:
        yield f"it changes {len(found)} objects, more than {MOST_OBJECTS}"
    for pair in found:
        if pair.after is None:
            yield f"it deletes {pair.name}"
        elif pair.name.kind in WHOLE:
            yield f"it changes {pair.name}, and who may do what is no plan's to change"
        else:
            yield from (said for item in fields(pair) if (said := _odd(pair, item, bounds)))


def _odd(pair: Pair, item: FieldChange, bounds: _Bounds) -> str:
    """Return why a field's change is beyond any plan, "" where it is not."""
    place = f"{item.pointer} of {pair.name}"
    last = item.pointer.rpartition("/")[2]
    is_stated = (item.object, item.pointer) in bounds.stated
    if pair.before is not None and _is_fixed(pair.name.kind, item):
        return f"{place} is immutable: Kubernetes changes it in no object that is there, it would have to be made anew"
    if any(f"/{name}" in item.pointer for name in RIGHTS):
        return f"it changes {place}, which gives a pod more than its own"
    if last == "image" and image(item.old)[0] != image(item.new)[0] and not is_stated:
        return f"it takes {place} from another repository, and no control says so"
    if item.pointer == "/spec/replicas" and item.new == "0" and not bounds.back:
        return f"it scales {pair.name} to zero"
    if bounds.profile is Profile.PROD and _is_less(pair, item) and not is_stated:
        return f"it lowers {place} from {item.old} to {item.new}, and no control says so"
    return ""


def _is_fixed(kind: str, item: FieldChange) -> bool:
    """Return whether the API server lets nobody change a field; helm's dry run does not ask it, the upgrade would."""
    above = ["/" + "/".join(map(str, path)) for path in FIXED.get(kind, ())]
    given = kind == "PersistentVolumeClaim" and item.old == shown_value(None)  # a claim without a class may get one
    return not given and any(item.pointer == path or item.pointer.startswith(f"{path}/") for path in above)


def _is_less(pair: Pair, item: FieldChange) -> bool:
    guards: Mapping[str, tuple[str, ...]] = {
        "PodDisruptionBudget": ("/spec/minAvailable",),
        "HorizontalPodAutoscaler": ("/spec/minReplicas",),
    }
    if item.pointer not in guards.get(pair.name.kind, ()):
        return False
    return _whole(item.new) < _whole(item.old)


def _whole(text: str) -> int:
    digits = text.rstrip("%")
    return int(digits) if digits.isdigit() else 0
