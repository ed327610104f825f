"""Edits as rules make them: of the object that decides, with what stands there now read from that object."""

from collections.abc import Mapping, Sequence
from typing import Any

from agent.kube.containers import Container
from agent.kube.paths import template_path, value_at
from agent.kube.remedies import JSON, Edit, Item, NeedsPerson, Op, Path
from agent.snapshot.graph import Graph, controller, ref
from agent.snapshot.record import Object

CLAIM_SIZE: Path = ("spec", "resources", "requests", "storage")
"""From a claim to the size it asks for."""


def edit(obj: Object, path: Path, value: JSON | NeedsPerson) -> Edit:
    """Return the edit that makes a value stand at a path of this object."""
    old = value_at(obj, path)
    return Edit(ref(obj), path, Op.ADD if old is None else Op.SET, value, old)


def removal(obj: Object, path: Path) -> Edit:
    """Return the edit that takes a field away."""
    return Edit(ref(obj), path, Op.REMOVE, None, value_at(obj, path))


def pod_edits(obj: Object, graph: Graph, path: Path, value: JSON | NeedsPerson) -> tuple[Edit, ...]:
    """Return the edit of a field of the pod's spec where pods are made from: in the topmost controller's template.

    `obj` is the pod or any of its controllers. None where that controller is not to be seen (its pods are not to be
    edited in its place), or where the value stands there already.
    """
    top = graph.workload(obj)
    if top.get("kind") == "Pod" and controller(top) is not None:
        return ()
    made = edit(top, (*template_path(str(top.get("kind"))), "spec", *path), value)
    return () if made.old is not None and made.old == value else (made,)


def pod_removals(obj: Object, graph: Graph, path: Path) -> tuple[Edit, ...]:
    """Return the edit that takes a field out of the pod template, none where the template does not have it."""
    top = graph.workload(obj)
    if top.get("kind") == "Pod" and controller(top) is not None:
        return ()
    made = removal(top, (*template_path(str(top.get("kind"))), "spec", *path))
    return () if made.old is None else (made,)


def container_path(obj: Object, graph: Graph, name: str) -> Path:
    """Return the path from the pod's spec to a container of the template, empty where the template has none such.

    A container that a webhook puts into pods is not in their template.
    """
    top = graph.workload(obj)
    for kind in ("containers", "initContainers"):
        path: Path = (kind, Item("name", name))
        if value_at(top, (*template_path(str(top.get("kind"))), "spec", *path)) is not None:
            return path
    return ()


def container_edits(obj: Object, graph: Graph, name: str, path: Path, value: JSON | NeedsPerson) -> tuple[Edit, ...]:
    """Return the edit of a field of one container in the template that the pod (or controller) `obj` comes from."""
    above = container_path(obj, graph, name)
    return pod_edits(obj, graph, (*above, *path), value) if above else ()


def claim_size_edits(creator: Object, value: str | NeedsPerson) -> tuple[Edit, ...]:
    """Return the edit of the size in a StatefulSet's only claim template; of several nobody says which one."""
    templates: Sequence[Object] = (creator.get("spec") or {}).get("volumeClaimTemplates") or ()
    if len(templates) != 1:
        return ()
    name = Item("metadata.name", str((templates[0].get("metadata") or {}).get("name")))
    return (edit(creator, ("spec", "volumeClaimTemplates", name, *CLAIM_SIZE), value),)


def port_item(port: Mapping[str, Any]) -> Item:
    """Return what tells a Service's port from its others: its name where it has one, as it must beside others."""
    return Item("name", str(port["name"])) if port.get("name") else Item("port", int(port.get("port") or 0))


def variable_edits(container: Container, graph: Graph, name: str, value: str | NeedsPerson) -> tuple[Edit, ...]:
    """Return the edit of a variable where its value is written: in the container, or in the ConfigMap it is taken from.

    None where it comes from elsewhere (a Secret, a field of the pod); a variable that is not given at all is added to
    the container.
    """
    written = next((item for item in container.spec.get("env") or () if item.get("name") == name), None)
    taken = _chosen(written) if written is not None else _from_whole(container, name, graph)
    if taken is None:
        path: Path = ("env", Item("name", name), "value")
        above = written is not None and written.get("valueFrom")
        return () if above else container_edits(container.pod, graph, container.name, path, value)
    config = graph.get("ConfigMap", ref(container.pod).namespace, taken[0])
    return (edit(config, ("data", taken[1]), value),) if config is not None else ()


def _chosen(variable: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return (ConfigMap, key) that a variable is taken from, None for a variable from elsewhere."""
    found = (variable.get("valueFrom") or {}).get("configMapKeyRef") or {}
    return (str(found["name"]), str(found["key"])) if found.get("name") and found.get("key") else None


def _from_whole(container: Container, name: str, graph: Graph) -> tuple[str, str] | None:
    """Return (ConfigMap, key) of a variable that comes with a whole ConfigMap; of two the later one counts."""
    for source in reversed(container.spec.get("envFrom") or ()):
        config = str((source.get("configMapRef") or {}).get("name") or "")
        found = graph.get("ConfigMap", ref(container.pod).namespace, config) if config else None
        key = name.removeprefix(str(source.get("prefix") or ""))
        if found is not None and key in (found.get("data") or {}):
            return config, key
    return None
