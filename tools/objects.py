"""Kubernetes objects fit to keep: without what each kind is known to carry of secrets, and without dead weight."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tools.redact import MASK, holds_secret, is_secret_name, is_secret_variable, quiet_words, redact, redact_tree
from tools.written import with_writes

APPLIED = frozenset(
    ("kubectl.kubernetes.io/last-applied-configuration", "kapp.k14s.io/original", "objectset.rio.cattle.io/applied")
)
"""Annotations that hold a whole earlier object, a Secret's data included."""

POD_SPECS: Mapping[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"),
        ("spec", "template", "spec"),
    ),
}
"""Where each kind keeps its pod spec."""

CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
PROBES = ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle")


def redact_object(obj: dict[str, Any], *, owners: bool = False) -> dict[str, Any]:
    """Return a Kubernetes object fit to keep: the same one where nothing had to go, otherwise a changed copy.

    Managed fields (unless `owners` are asked; a ConfigMap keeps when each key was written) and annotations that hold
    an earlier object are dropped, a Secret loses its data, literal environment values with telling names, credentials
    in arguments and in probe headers are masked, ConfigMap values and messages are redacted as text. The items of a
    List are treated one by one.
    """
    kind = obj.get("kind")
    whole, obj = obj, _lean(obj, owners=owners and kind not in BY_CONTROLLERS)
    if kind == "Secret":
        return {key: value for key, value in obj.items() if key not in ("data", "stringData")}
    if kind == "Pod":
        obj = _at(obj, ("status",), _quiet_status)
    if isinstance(kind, str) and kind in POD_SPECS:
        return _at(obj, POD_SPECS[kind], _quiet_spec)
    if kind == "ConfigMap":
        return _at(_at(obj if owners else with_writes(obj, whole), ("data",), _quiet_data), ("binaryData",), _blank)
    if kind == "Event":
        return _with_message(obj)
    if isinstance(kind, str) and kind.endswith("List") and isinstance(obj.get("items"), list):
        return _with_items(obj, kind.removesuffix("List"))
    return obj


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
    tree: dict[str, Any] = document if kind in POD_SPECS or kind in PLAIN else redact_tree(document)
    return redact_object(tree)


PLAIN = frozenset(
    (
        "ConfigMap Service ServiceAccount Ingress IngressClass NetworkPolicy HorizontalPodAutoscaler"
        " PodDisruptionBudget PersistentVolumeClaim PersistentVolume StorageClass ResourceQuota LimitRange"
        " Namespace Role RoleBinding ClusterRole ClusterRoleBinding PriorityClass EndpointSlice APIService"
        " CustomResourceDefinition"
    ).split()
)
"""Kinds that carry no credential beyond what `redact_object` looks for, though their field names may sound like it."""


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


def _with_message(obj: dict[str, Any]) -> dict[str, Any]:
    """Return an object whose `message` (of an event, of a container that ended) is redacted."""
    message = obj.get("message")
    quiet = redact(message) if isinstance(message, str) else message
    return obj if quiet == message else obj | {"message": quiet}


def _quiet_data(data: dict[str, Any]) -> dict[str, Any]:
    quiet = {key: _entry(str(key), value) for key, value in data.items()}
    return data if quiet == data else quiet


def _entry(name: str, value: object) -> object:
    """Return one ConfigMap value: masked whole when its key is named like a password and it is one line."""
    if not isinstance(value, str):
        return value
    return MASK if value and "\n" not in value and is_secret_name(name) else redact(value)


def _blank(data: dict[str, Any]) -> dict[str, Any]:
    return dict.fromkeys(data, MASK)


def _quiet_status(status: dict[str, Any]) -> dict[str, Any]:
    """Return a pod's status with the last words of its containers redacted: they may be the end of a log."""
    for key in ("containerStatuses", "initContainerStatuses"):
        listed = status.get(key)
        if isinstance(listed, list) and any(map(_speaks, listed)):
            status = status | {key: [_quiet_container_status(item) for item in listed]}
    return status


def _speaks(item: Any) -> bool:
    """Return whether a container is or was anything but running."""
    return isinstance(item, dict) and bool(item.get("lastState") or "running" not in (item.get("state") or ()))


def _quiet_container_status(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    for state in ("state", "lastState"):
        for phase in ("waiting", "terminated"):
            item = _at(item, (state, phase), _with_message)
    return item


def _quiet_spec(spec: dict[str, Any]) -> dict[str, Any]:
    for key in CONTAINERS:
        listed = spec.get(key)
        if isinstance(listed, list):
            quiet = [_quiet_container(item) if isinstance(item, dict) else item for item in listed]
            spec = spec if all(map(_same, quiet, listed)) else spec | {key: quiet}
    return spec


def _quiet_container(container: dict[str, Any]) -> dict[str, Any]:
    env = container.get("env")
    if isinstance(env, list) and any(map(is_secret_variable, env)):
        container = container | {"env": [item | {"value": MASK} if is_secret_variable(item) else item for item in env]}
    for key in ("command", "args"):
        if key in container:
            container = _with_words(container, key)
    for key in PROBES:
        if key in container:
            container = _at(container, (key,), _quiet_probe)
    return container


def _with_words(holder: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a container or exec action with credentials masked in its words, also where flag and value are two."""
    words = holder[key]
    if not isinstance(words, list) or not words:
        return holder
    line = " ".join(map(str, words))
    if redact(line) == line:
        return holder
    return holder | {key: quiet_words([redact(str(word)) for word in words])}


def _quiet_probe(probe: dict[str, Any]) -> dict[str, Any]:
    """Return a probe, or the hooks of a lifecycle, without credentials in its headers and commands."""
    if "httpGet" in probe:
        probe = _at(probe, ("httpGet",), _quiet_headers)
    if "exec" in probe:
        probe = _at(probe, ("exec",), lambda action: _with_words(action, "command") if "command" in action else action)
    for hook in ("postStart", "preStop"):
        if hook in probe:
            probe = _at(probe, (hook,), _quiet_probe)
    return probe


def _quiet_headers(action: dict[str, Any]) -> dict[str, Any]:
    headers = action.get("httpHeaders")
    if not isinstance(headers, list) or not any(map(_secret_header, headers)):
        return action
    quiet = [item | {"value": MASK} if _secret_header(item) else item for item in headers]
    return action | {"httpHeaders": quiet}


def _secret_header(item: Any) -> bool:
    name = str(item.get("name")) if isinstance(item, dict) else ""
    return bool(name) and (name.lower() in ("authorization", "cookie") or holds_secret(name, str(item.get("value"))))
