"""Who owns a field, as the API server records it in `metadata.managedFields`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from agent.audit.normalise import text
from agent.kube.fields import moment
from agent.snapshot.record import Object

HELM = ("helm", "Helm", "Go-http-client")
"""The names Helm writes under; before 3.2 its client had none of its own."""

CONTROLLERS = (
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-apiserver",
    "cloud-controller-manager",
    "cluster-autoscaler",
    "k3s",
    "rke2",
    "metrics-server",
    "nginx-ingress-controller",
    "vpa-recommender",
)
"""Writers that belong to the cluster. What they change is their work, not somebody's edit."""

GITOPS = ("argocd-controller", "argocd-application-controller", "helm-controller", "kustomize-controller", "flux")


class Owner(NamedTuple):
    """One manager of a field."""

    manager: str
    operation: str
    """`Apply` or `Update`."""
    subresource: str
    time: str


def owners(obj: Object, pointer: str) -> list[Owner]:
    """Return everybody who owns the field a pointer leads to, or something below or above it as a whole.

    Keyed list items are given by their key in brackets as in `/spec/template/spec/containers/[name=web]/image`.
    """
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    return [owner for owner, fields in _entries(obj) if _holds(fields, steps)]


def held(obj: Object, pointer: str) -> list[tuple[Owner, str]]:
    """Return everybody who holds the field a pointer leads to or the whole it is part of, and that as the API names it.

    That is `.spec.template.spec.containers[name="web"].image`: what a refused server-side apply says.
    """
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    found = ((owner, _path(fields, steps)) for owner, fields in _entries(obj))
    return [(owner, path) for owner, path in found if path]


def others(obj: Object, pointer: str) -> list[Owner]:
    """Return the owners that are neither Helm nor the cluster's own controllers."""
    return [owner for owner in owners(obj, pointer) if not is_helm(owner) and not is_controller(owner)]


def strangers(obj: Object) -> list[Owner]:
    """Return every such manager of anything but the status of an object."""
    found = [owner for owner, fields in _entries(obj) if not owner.subresource and set(fields) - {"f:status"}]
    return [owner for owner in found if not is_helm(owner) and not is_controller(owner)]


def written(obj: Object, since: str) -> list[tuple[Owner, list[str]]]:
    """Return who but Helm and the cluster wrote to an object since a moment, and what of it is theirs, in API words."""
    start = moment(since)
    found = ((owner, fields) for owner, fields in _entries(obj) if not is_helm(owner) and not is_controller(owner))
    return [
        (owner, list(_paths(fields)))
        for owner, fields in found
        if owner.subresource != "status" and start and (moment(owner.time) or start) >= start
    ]


def _paths(fields: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Yield every field of a field set as the API names it."""
    for name, below in fields.items():
        if name != ".":
            path = f"{above}{_step(name)}"
            yield from _paths(below, path) if set(below) - {"."} else (path,)


def _step(name: str) -> str:
    return f".{name[2:]}" if name.startswith("f:") else _item(name[2:]) if name.startswith("k:") else f"[{name[2:]}]"


def is_helm(owner: Owner) -> bool:
    """Return whether Helm wrote it, by itself or inside a GitOps controller."""
    return owner.manager in HELM or owner.manager.startswith(GITOPS)


def is_controller(owner: Owner) -> bool:
    """Return whether the cluster itself wrote it."""
    return owner.manager in CONTROLLERS or owner.manager.endswith("-controller-manager") or owner.subresource == "scale"


def applied(obj: Object) -> bool | None:
    """Return whether Helm uses server-side apply on the object; None where nothing records managers."""
    found = [owner for owner, _ in _entries(obj) if is_helm(owner)]
    return any(owner.operation == "Apply" for owner in found) if found else None


def _entries(obj: Object) -> Iterator[tuple[Owner, Mapping[str, Any]]]:
    for entry in (obj.get("metadata") or {}).get("managedFields") or ():
        if isinstance(entry, Mapping):
            named = (entry.get("manager"), entry.get("operation"), entry.get("subresource"), entry.get("time"))
            yield Owner(*(str(part or "") for part in named)), entry.get("fieldsV1") or {}


def _holds(fields: Mapping[str, Any], steps: Sequence[str]) -> bool:
    """Return whether a field set names the path, something below it, or the whole of something above it."""
    if not steps:
        return True
    below = _below(fields, steps[0])
    return below is not None and (not below or _holds(below, steps[1:]))


def _path(fields: Mapping[str, Any], steps: Sequence[str]) -> str:
    """Return how the API names the part of a path that a field set holds as one thing, "" where it holds none of it."""
    path = ""
    for step in steps:
        name = _name(fields, step)
        if name is None:
            return ""
        path += _step(name)
        fields = fields[name]
        if not fields:
            return path
    return path if "." in fields else ""


def _item(encoded: str) -> str:
    return "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in sorted(json.loads(encoded).items())) + "]"


def _below(fields: Mapping[str, Any], step: str) -> Mapping[str, Any] | None:
    name = _name(fields, step)
    found = fields[name] if name is not None else None
    return found if isinstance(found, Mapping) else None


def _name(fields: Mapping[str, Any], step: str) -> str | None:
    """Return what a field set calls a step: `f:image`, `k:{"name":"web"}`; None where it does not know it."""
    if not step.startswith("["):
        return f"f:{step}" if isinstance(fields.get(f"f:{step}"), Mapping) else None
    wanted = dict(part.partition("=")[::2] for part in step.strip("[]").split(","))
    return next((name for name in fields if name.startswith("k:") and _matches(name[2:], wanted)), None)


def _matches(encoded: str, wanted: Mapping[str, str]) -> bool:
    try:
        found = json.loads(encoded)
    except ValueError:
        return False
    return isinstance(found, dict) and {key: text(value) for key, value in found.items()} == wanted
