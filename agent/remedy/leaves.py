"""The values a chart would set for an edit: where charts usually keep them, and what belongs there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.kube.images import repository, same_repository, tag
from agent.kube.paths import field, template_path, value_at
from agent.kube.remedies import END, JSON, Edit, Item, NeedsPerson, Op, Path
from agent.snapshot.record import Object

USUAL: Mapping[str, str] = {
    "replicas": "replicaCount",
    "containers[].imagePullPolicy": "image.pullPolicy",
    "serviceAccountName": "serviceAccount.name",
    "automountServiceAccountToken": "serviceAccount.automount",
    "imagePullSecrets[]": "imagePullSecrets",
    "tolerations[]": "tolerations",
    "containers[].securityContext.capabilities.drop[]": "securityContext.capabilities.drop",
    "service.ports[].targetPort": "service.targetPort",
    "service.ports[].protocol": "service.protocol",
    "ingress.ingressClassName": "ingress.className",
    "gateway.gatewayClassName": "gateway.className",
    "hpa.maxReplicas": "autoscaling.maxReplicas",
    "pdb.minAvailable": "podDisruptionBudget.minAvailable",
    "pdb.maxUnavailable": "podDisruptionBudget.maxUnavailable",
    "persistentVolumeClaim.storageClassName": "persistence.storageClass",
    "persistentVolumeClaim.resources.requests.storage": "persistence.size",
    "persistentVolumeClaim.volumeMode": "persistence.volumeMode",
    "volumes[].persistentVolumeClaim.claimName": "persistence.existingClaim",
    "activeDeadlineSeconds": "job.activeDeadlineSeconds",
}
"""Field -> the values path of charts made by `helm create`, and where that has none the name most charts use."""

SAME = (
    "containers[].resources.",
    "containers[].securityContext.",
    "containers[].livenessProbe.",
    "containers[].readinessProbe.",
    "containers[].startupProbe",
    "nodeSelector.",
    "strategy.",
    "updateStrategy.",
    "dnsPolicy",
    "priorityClassName",
    "schedulerName",
    "podManagementPolicy",
    "schedule",
    "timeZone",
    "startingDeadlineSeconds",
    "service.internalTrafficPolicy",
    "service.externalTrafficPolicy",
)
"""How fields begin that charts keep under the field's own name."""

IMAGE = "containers[].image"
POD_SECURITY = "securityContext."


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value a chart would set."""

    edit: Edit
    field: str
    """The field it decides, as in Control.fields."""
    usual: str
    """Where charts usually keep it, "" where they do not, or where writing it would wipe what is beside it."""
    name: str
    """What a chart that has a path of its own would call it: the path's last words."""
    old: JSON
    new: JSON | NeedsPerson


def leaves(edit: Edit, obj: Object | None) -> tuple[Leaf, ...]:
    """Return the values of one edit: an image is a repository and a tag, of which the changed one is set.

    `obj` is the object to be edited as it stands, None where it was not seen.
    """
    named = field(edit.object.kind, edit.path)
    if named == IMAGE:
        return tuple(_image(edit, guessable=_is_first(edit, obj)))
    if edit.path[-3:-2] == ("env",):
        variable = str(getattr(edit.path[-2], "value", ""))
        return (Leaf(edit, named, "", f"env.{variable}", edit.old, edit.value),)
    if edit.object.kind == "ConfigMap":
        return (Leaf(edit, named, f"config.{edit.path[-1]}", f"config.{edit.path[-1]}", edit.old, edit.value),)
    usual, value = _usual(named), edit.value
    if _is_new_item(edit, obj):
        value = [value]
    elif edit.op is Op.REMOVE or _is_item(edit, named) or not _is_first(edit, obj):
        name = "" if _is_item(edit, named) else usual
        return (Leaf(edit, named, "", name, edit.old, edit.value),)
    return (Leaf(edit, named, usual, usual, edit.old, value),)


def whole_image(edit: Edit) -> Leaf:
    """Return an image's edit as the one value of a chart that keeps the whole reference in one."""
    return Leaf(edit, IMAGE, "image", "image", edit.old, edit.value)


def _usual(named: str) -> str:
    if named in USUAL:
        return USUAL[named]
    if named.startswith(POD_SECURITY):
        return f"podSecurityContext.{named.removeprefix(POD_SECURITY)}"
    return named.removeprefix("containers[].") if named.startswith(SAME) and "[]" not in named[12:] else ""


def _image(edit: Edit, *, guessable: bool) -> Sequence[Leaf]:
    old, new = str(edit.old or ""), edit.value
    tags = Leaf(edit, IMAGE, "image.tag" if guessable else "", "image.tag", tag(old), new)
    if isinstance(new, NeedsPerson):
        return (tags,)
    parts = [] if tag(str(new)) == tag(old) else [_replace(tags, tag(str(new)))]
    if not same_repository(str(new), old) or not parts:
        name = "image.repository"
        usual = name if guessable else ""
        parts.append(Leaf(edit, IMAGE, usual, name, repository(old), repository(str(new))))
    return parts


def _replace(leaf: Leaf, new: JSON) -> Leaf:
    return Leaf(leaf.edit, leaf.field, leaf.usual, leaf.name, leaf.old, new)


def _container(edit: Edit) -> Path:
    """Return the path to the container an edit is in, empty where it is in none."""
    above = (*template_path(edit.object.kind), "spec")
    size = len(above) + 2
    inside = edit.path[: len(above)] == above and edit.path[len(above) : len(above) + 1] == ("containers",)
    return edit.path[:size] if inside else ()


def _is_first(edit: Edit, obj: Object | None) -> bool:
    """Return whether the usual path is about this container: charts keep it for the first of their containers."""
    found = _container(edit)
    items = value_at(obj, found[:-1]) if found and obj is not None else None
    return not items or items[0] is value_at(obj, found)


def _is_new_item(edit: Edit, obj: Object | None) -> bool:
    """Return whether an edit adds the first item of a list: then the list is the value, and nothing is wiped by it."""
    adds = edit.op is Op.ADD and (isinstance(edit.path[-1], Item) or edit.path[-1] == END)
    return adds and obj is not None and not value_at(obj, edit.path[:-1])


def _is_item(edit: Edit, named: str) -> bool:
    """Return whether an edit is inside a list that is one value of a chart: Helm replaces lists whole."""
    rest = named.removeprefix("containers[]")
    single = named in USUAL and not named.endswith("[]")
    return "[]" in rest and not single
