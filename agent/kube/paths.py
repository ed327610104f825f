"""Field paths: what stands at one, an object with an edit made to it, and a place as JSON Patch and people write it."""

import copy
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from agent.kube.remedies import END, JSON, Edit, Item, NeedsPerson, Op, Path, Step
from agent.snapshot.record import Object

TEMPLATES: Mapping[str, Path] = {"Pod": (), "CronJob": ("spec", "jobTemplate", "spec", "template")}
"""Kind -> where its pod template is, for the kinds that have it elsewhere than the others."""

CLAIM_TEMPLATES: Path = ("spec", "volumeClaimTemplates")

PREFIXES: Mapping[str, str] = {
    "HorizontalPodAutoscaler": "hpa",
    "PodDisruptionBudget": "pdb",
    "Service": "service",
    "Ingress": "ingress",
    "PersistentVolumeClaim": "persistentVolumeClaim",
    "PersistentVolume": "persistentVolume",
    "Gateway": "gateway",
    "HTTPRoute": "httpRoute",
}
"""Kind -> how blueprints begin the name of one of its fields; a workload's fields begin with nothing."""

MUTABLE_OF_PODS = ("image", "activeDeadlineSeconds")
FIXED: Mapping[str, tuple[Path, ...]] = {
    "Deployment": (("spec", "selector"),),
    "StatefulSet": (
        ("spec", "selector"),
        ("spec", "serviceName"),
        ("spec", "podManagementPolicy"),
        CLAIM_TEMPLATES,
    ),
    "DaemonSet": (("spec", "selector"),),
    "Job": (("spec", "template"), ("spec", "selector"), ("spec", "completionMode")),
    "PersistentVolumeClaim": tuple(
        ("spec", field) for field in ("storageClassName", "accessModes", "volumeName", "volumeMode", "selector")
    ),
}
"""Kind -> what the API server lets nobody change once the object is there."""


def template_path(kind: str) -> Path:
    """Return the path from an object of that kind to the pod template it makes pods from."""
    return TEMPLATES.get(kind, ("spec", "template"))


def value_at(obj: Any, path: Path) -> JSON:
    """Return what stands at a path, None where nothing does."""
    for step in path:
        obj = _below(obj, step)
        if obj is None:
            return None
    return obj


def _below(here: Any, step: Step) -> Any:
    if isinstance(step, Item):
        return next((item for item in here if _is(item, step)), None) if isinstance(here, list) else None
    if isinstance(step, int):
        return here[step] if isinstance(here, list) and step < len(here) else None
    return here.get(step) if isinstance(here, Mapping) else None


def _is(item: Any, wanted: Item) -> bool:
    return bool(value_at(item, tuple(wanted.key.split("."))) == wanted.value)


def keyed(obj: Object, pointer: str) -> Path:
    """Return a JSON pointer as a path whose list items are named where they have a name."""
    path: list[Step] = []
    here: Any = obj
    for part in pointer.lstrip("/").split("/"):
        word = part.replace("~1", "/").replace("~0", "~")
        step: Step = word
        if isinstance(here, list) and word.isdigit():
            item = here[int(word)] if int(word) < len(here) else None
            name = item.get("name") if isinstance(item, Mapping) else None
            alone = sum(isinstance(other, Mapping) and other.get("name") == name for other in here) == 1
            step = Item("name", name) if name and alone else int(word)
        here = _below(here, step)
        path.append(step)
    return tuple(path)


def applied(obj: Object, edit: Edit) -> dict[str, Any] | None:
    """Return an object with an edit made to it, None where the path leads nowhere in it.

    What is missing on the way is made; a value that needs a person is made of what is to be given.
    """
    made = copy.deepcopy(dict(obj))
    here: Any = made
    for step, after in pairwise(edit.path):
        below = _below(here, step)
        here = below if below is not None else _made(here, step, after)
        if here is None:
            return None
    return made if _put(here, edit.path[-1], edit) else None


def _made(here: Any, step: Step, after: Step) -> Any:
    """Return what was put at a step where nothing was: a list for an item, else a map."""
    fresh: Any = [] if isinstance(after, Item | int) or after == END else {}
    if isinstance(step, Item) and isinstance(here, list):
        fresh = {step.key: step.value}
        here.append(fresh)
        return fresh
    if isinstance(step, str) and isinstance(here, dict):
        here[step] = fresh
        return fresh
    return None


def _put(here: Any, last: Step, edit: Edit) -> bool:
    value = edit.value.what if isinstance(edit.value, NeedsPerson) else copy.deepcopy(edit.value)
    if isinstance(here, list):
        place = _index(here, last)
        if edit.op is Op.REMOVE:
            return place < len(here) and here.pop(place) is not None
        here[place : place + 1] = [value]
        return place < len(here)
    if not isinstance(here, dict) or not isinstance(last, str):
        return False
    if edit.op is Op.REMOVE:
        return here.pop(last, None) is not None
    here[last] = value
    return True


def _index(items: list[Any], step: Step) -> int:
    """Return the index of an item, the one after the last where the list has none such."""
    if isinstance(step, int):
        return step
    return next((at for at, item in enumerate(items) if isinstance(step, Item) and _is(item, step)), len(items))


def field(kind: str, path: Path) -> str:
    """Return a path as blueprints name the field: `containers[].resources.limits.memory`, `hpa.maxReplicas`."""
    prefix, rest = PREFIXES.get(kind, ""), path
    above = (*template_path(kind), "spec")
    if rest[: len(above)] == above and kind not in PREFIXES:
        rest = rest[len(above) :]
    elif rest[:2] == CLAIM_TEMPLATES:
        prefix, rest = "persistentVolumeClaim", rest[4:]
    elif rest[:1] == ("spec",):
        rest = rest[1:]
    return joined((prefix, *rest) if prefix else rest)


def joined(path: Path) -> str:
    """Return steps as blueprints write them: `securityContext.capabilities.drop[]`."""
    text = ""
    for step in path:
        text += f".{step}" if isinstance(step, str) and step != END else "[]"
    return text.lstrip(".")


def shown(path: Path) -> str:
    """Return a path for a person: `spec.template.spec.containers[name=web].image`."""
    text = ""
    for step in path:
        if isinstance(step, Item):
            text += f"[{step.key}={step.value}]"
        elif isinstance(step, int):
            text += f"[{step}]"
        else:
            text += "[]" if step == END else f"[{step}]" if "." in step else f".{step}"
    return text.lstrip(".")


def pointer(obj: Any, path: Path) -> str:
    """Return a path as the JSON pointer to that place of this object; a new item of a list is its end."""
    text = ""
    for step in path:
        word = str(step) if not isinstance(step, Item) else _place(obj, step)
        text += f"/{word.replace('~', '~0').replace('/', '~1')}"
        obj = _below(obj, step)
    return text


def _place(items: Any, step: Item) -> str:
    place = _index(items, step) if isinstance(items, list) else 0
    return str(place) if isinstance(items, list) and place < len(items) else END


def is_fixed(edit: Edit, obj: Object | None) -> bool:
    """Return whether the API server refuses this change to the object that is there: it must be made anew."""
    if edit.object.kind == "Pod":
        return edit.path[-1] not in MUTABLE_OF_PODS
    if edit.object.kind == "PersistentVolumeClaim" and edit.path == ("spec", "storageClassName") and edit.old is None:
        return False  # a claim without a class may still be given one
    if edit.object.kind == "PersistentVolumeClaim" and edit.path[:2] == ("spec", "resources"):
        return str(value_at(obj, ("status", "phase"))) != "Bound"
    if edit.object.kind == "ConfigMap":
        return value_at(obj, ("immutable",)) is True
    return any(edit.path[: len(fixed)] == fixed for fixed in FIXED.get(edit.object.kind, ()))
