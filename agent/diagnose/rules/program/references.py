"""ConfigMaps and Secrets a pod asks for and does not get."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.modes import Mode
from agent.diagnose.registry import rule
from agent.kube.containers import Container, containers_of, workload_ref
from agent.kube.edits import container_path, edit, pod_edits
from agent.kube.fields import metadata, spec, status
from agent.kube.mounts import mounts
from agent.kube.paths import keyed
from agent.kube.remedies import Edit, Item, NeedsPerson, kubectl
from agent.kube.wording import closest, listed, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, event_time, ref
from agent.snapshot.record import Object, Ref

WAITS = "CreateContainerConfigError"
ENV_SOURCES = {"configMapKeyRef": "ConfigMap", "secretKeyRef": "Secret"}
FROM_SOURCES = {"configMapRef": "ConfigMap", "secretRef": "Secret"}
VOLUME_SOURCES = {"configMap": ("ConfigMap", "name"), "secret": ("Secret", "secretName")}

_KEY = re.compile(r"[Cc]ouldn't find key (\S+) in (ConfigMap|Secret) (?:\S+/)?(\S+)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One reference: the kind and name it asks for, the key where it asks for one, and where it stands."""

    kind: str
    name: str
    key: str
    pointer: str
    field: str
    """The field that holds it; a name inside it has no values path of its own."""
    named: str = "name"
    """The leaf below the pointer that is the object's name."""
    keyed: str = "key"
    """The leaf below the pointer that is the key."""


@rule(modes.CONFIGMAP_MISSING, on="Pod")
def configmap_missing(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A container's environment comes from a ConfigMap that is not there."""
    yield from _missing_env(pod, graph, modes.CONFIGMAP_MISSING, "ConfigMap")


@rule(modes.SECRET_MISSING, on="Pod")
def secret_missing(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A container's environment comes from a Secret that is not there."""
    yield from _missing_env(pod, graph, modes.SECRET_MISSING, "Secret")


@rule(modes.KEY_MISSING, on="Pod")
def key_missing(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The ConfigMap or Secret is there; the key is not."""
    for container in containers_of(pod):
        if container.waiting.get("reason") == WAITS:
            for wanted in _environment(container):
                yield from _missing_key(wanted, str(container.waiting.get("message") or ""), container, graph)
        for wanted in _files(container, graph):
            found = _without_key(wanted, pod, graph, container.name, _keys(_source(wanted, pod, graph)), ())
            yield replace(found, cause=f"{found.cause}; so an empty directory is mounted in place of the file")
    if _mounting(pod):
        for wanted in _volumes(pod):
            yield from _missing_item(wanted, pod, graph)


def _files(container: Container, graph: Graph) -> Iterator[Wanted]:
    """Yield the single files a container mounts of a ConfigMap that has no such key: it gets an empty directory."""
    for mount in mounts(container):
        source, file = mount.volume.get("configMap") or {}, str(mount.mount.get("subPath") or "")
        paths = [str(item.get("path")) for item in source.get("items") or ()]
        pointer = f"{container.pointer}/volumeMounts/{mount.index}"
        wanted = Wanted("ConfigMap", str(source.get("name")), file, pointer, container.field("volumeMounts"))
        known = _source(wanted, container.pod, graph)
        if file and known is not None and file not in (paths or _keys(known)):
            yield replace(wanted, keyed="subPath")


def _source(wanted: Wanted, pod: Object, graph: Graph) -> Object | None:
    return graph.get(wanted.kind, ref(pod).namespace, wanted.name)


@rule(modes.VOLUME_SOURCE_MISSING, on="Pod")
def volume_source_missing(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A volume is made from a ConfigMap or Secret that is not there, so no container can start."""
    if not _mounting(pod):
        return
    for wanted in {(found.kind, found.name): found for found in _volumes(pod)}.values():
        there = graph.exists(wanted.kind, ref(pod).namespace, wanted.name)
        events = [event for event in _mount_events(pod, graph) if _names(event, wanted)]
        if there is False or (there is None and any("not found" in (e.get("message") or "") for e in events)):
            yield _absent(
                modes.VOLUME_SOURCE_MISSING, wanted, pod, graph, "", tuple(map(_shown(pod), events[-1:])), there
            )


def _missing_env(pod: Object, graph: Graph, mode: Mode, kind: str) -> Iterator[Finding]:
    for container in containers_of(pod):
        if container.waiting.get("reason") != WAITS:
            continue
        message = str(container.waiting.get("message") or "")
        for wanted in {found.name: found for found in _environment(container) if found.kind == kind}.values():
            there = graph.exists(kind, ref(pod).namespace, wanted.name)
            if there is False or (there is None and f'"{wanted.name}" not found' in message):
                shown = (Evidence(ref(pod), f"{container.status_pointer}/state/waiting", f"{WAITS}: {message}"),)
                yield _absent(mode, wanted, pod, graph, container.name, shown, there)


def _absent(
    mode: Mode,
    wanted: Wanted,
    pod: Object,
    graph: Graph,
    container: str,
    proof: tuple[Evidence, ...],
    there: bool | None,
) -> Finding:
    near = closest(wanted.name, (ref(found).name for found in graph.all(wanted.kind, ref(pod).namespace)))
    hint = f" (there is one called {near})" if near else ""
    who = f"container {container} takes its environment" if container else "a volume is made"
    cause = f"{who} from {wanted.kind} {wanted.name}, which does not exist in namespace {ref(pod).namespace}{hint}"
    other = f", or name {near}" if near else ""
    fix = Fix(
        f"Create {wanted.kind} {wanted.name}{other}",
        (
            *(_renamed(wanted, pod, graph, wanted.named, near) if near else ()),
            kubectl("get", f"{wanted.kind.lower()}s", namespace=ref(pod).namespace),
        ),
        (wanted.field,),
    )
    certain = Confidence.CERTAIN if there is False else Confidence.LIKELY
    return _finding(mode, wanted, pod, graph, container, cause, fix, proof, certain)


def _renamed(wanted: Wanted, pod: Object, graph: Graph, leaf: str, name: str) -> tuple[Edit, ...]:
    """Return the edit that asks for another object, or for another key of it."""
    path = keyed(pod, f"{wanted.pointer}/{leaf}")[1:]
    if path[0] == "volumes" or container_path(pod, graph, str(path[1][1] if isinstance(path[1], Item) else "")):
        return pod_edits(pod, graph, path, name)
    return ()


def _missing_key(wanted: Wanted, message: str, container: Container, graph: Graph) -> Iterator[Finding]:
    """Yield one finding when the key is not in the object: seen there, or said of a Secret, whose keys nobody reads."""
    if not wanted.key or graph.exists(wanted.kind, ref(container.pod).namespace, wanted.name) is False:
        return
    source = graph.get(wanted.kind, ref(container.pod).namespace, wanted.name)
    said_so = any(
        (key, kind, name) == (wanted.key, wanted.kind, wanted.name) for key, kind, name in _KEY.findall(message)
    )
    keys = _keys(source)
    if wanted.key in keys or (not said_so and (source is None or wanted.kind == "Secret")):
        return
    proof = (Evidence(ref(container.pod), f"{container.status_pointer}/state/waiting", f"{WAITS}: {message}"),)
    yield _without_key(wanted, container.pod, graph, container.name, keys, proof)


def _missing_item(wanted: Wanted, pod: Object, graph: Graph) -> Iterator[Finding]:
    """Yield one finding when a volume asks for a key its ConfigMap does not have, or its Secret is said not to have."""
    source = graph.get(wanted.kind, ref(pod).namespace, wanted.name)
    events = [e for e in _mount_events(pod, graph) if "non-existent" in (e.get("message") or "") and wanted.key]
    blamed = [event for event in events if (event.get("message") or "").rstrip().endswith(wanted.key)]
    known = source is not None and wanted.kind == "ConfigMap"
    if wanted.key and wanted.key not in _keys(source) and (known or blamed):
        yield _without_key(wanted, pod, graph, "", _keys(source), tuple(map(_shown(pod), blamed[-1:])))


def _without_key(
    wanted: Wanted, pod: Object, graph: Graph, container: str, keys: frozenset[str], proof: tuple[Evidence, ...]
) -> Finding:
    near = closest(wanted.key, sorted(keys))
    has = f"; it has {listed(sorted(keys))}" if keys else "" if wanted.kind == "Secret" else "; it has no keys"
    who = f"container {container}" if container else "a volume"
    hint = f" (did you mean {near}?)" if near else ""
    cause = f"{who} asks for key {wanted.key} of {wanted.kind} {wanted.name}, which is not in it{has}{hint}"
    shown = wanted.kind == "ConfigMap"  # a Secret's values never stand in a patch
    source = graph.get("ConfigMap", ref(pod).namespace, wanted.name) if shown else None
    content = NeedsPerson(f"the content of {wanted.key}")
    added = (edit(source, ("data", wanted.key), content),) if source is not None else ()
    fix = Fix(
        f"Add key {wanted.key} to {wanted.kind} {wanted.name}" + (f", or ask for {near}" if near else ""),
        _renamed(wanted, pod, graph, wanted.keyed, near) if near else added,
        (wanted.field,) if near else (f"data.{wanted.key}",),
    )
    confidence = Confidence.CERTAIN if shown else Confidence.LIKELY
    return _finding(modes.KEY_MISSING, wanted, pod, graph, container, cause, fix, proof, confidence)


def _finding(
    mode: Mode,
    wanted: Wanted,
    pod: Object,
    graph: Graph,
    container: str,
    cause: str,
    fix: Fix,
    proof: tuple[Evidence, ...],
    confidence: Confidence,
) -> Finding:
    workload = workload_ref(pod, graph)
    return Finding(
        mode=mode,
        subject=workload,
        cause=f"{said(workload)}: {cause}",
        severity=Severity.ERROR,
        confidence=confidence,
        evidence=(Evidence(ref(pod), wanted.pointer, f"{wanted.kind} {wanted.name} {wanted.key}".strip()), *proof),
        fix=fix,
        affected=(ref(pod),),
        container=container,
        roots=(Ref(wanted.kind, ref(pod).namespace, wanted.name),),
    )


def _environment(container: Container) -> Iterator[Wanted]:
    """Yield what a container's environment cannot do without."""
    for index, variable in enumerate(container.spec.get("env") or ()):
        for source, kind in ENV_SOURCES.items():
            found = (variable.get("valueFrom") or {}).get(source) or {}
            if found.get("name") and not found.get("optional"):
                pointer = f"{container.pointer}/env/{index}/valueFrom/{source}"
                yield Wanted(kind, found["name"], str(found.get("key") or ""), pointer, container.field("env"))
    for index, source_of in enumerate(container.spec.get("envFrom") or ()):
        for source, kind in FROM_SOURCES.items():
            found = source_of.get(source) or {}
            if found.get("name") and not found.get("optional"):
                pointer = f"{container.pointer}/envFrom/{index}"
                yield Wanted(kind, found["name"], "", pointer, container.field("envFrom"), f"{source}/name")


def _volumes(pod: Object) -> Iterator[Wanted]:
    """Yield what a pod's volumes cannot do without, once for each key they list."""
    for index, volume in enumerate(spec(pod).get("volumes") or ()):
        pointer = f"/spec/volumes/{index}"
        yield from _volume(volume, pointer, "secretName")
        for place, source in enumerate((volume.get("projected") or {}).get("sources") or ()):
            yield from _volume(source, f"{pointer}/projected/sources/{place}", "name")


def _volume(holder: Mapping[str, Any], pointer: str, secret_key: str) -> Iterator[Wanted]:
    for source, (kind, name_key) in VOLUME_SOURCES.items():
        found = holder.get(source) or {}
        name = found.get(secret_key if source == "secret" else name_key)
        if not name or found.get("optional"):
            continue
        keys = [str(item.get("key")) for item in found.get("items") or ()] or [""]
        leaf = secret_key if source == "secret" else name_key
        for place, key in enumerate(keys):
            yield Wanted(kind, name, key, f"{pointer}/{source}", "volumes", leaf, f"items/{place}/key")


def _mounting(pod: Object) -> bool:
    """Return whether a scheduled pod has started nothing yet: only then do its volumes hold it back."""
    waits = status(pod).get("phase") == "Pending" and bool(spec(pod).get("nodeName"))
    started = any(container.running or any(container.ended()) for container in containers_of(pod))
    return waits and not started and not metadata(pod).get("deletionTimestamp")


def _mount_events(pod: Object, graph: Graph) -> list[Object]:
    return sorted((e for e in graph.events(pod) if e.get("reason") == "FailedMount"), key=event_time)


def _names(event: Object, wanted: Wanted) -> bool:
    message = event.get("message") or ""
    return f'"{wanted.name}"' in message or f"/{wanted.name}" in message


def _shown(pod: Object) -> Any:
    return lambda event: Evidence(ref(pod), f"event {event.get('reason', '')}", event.get("message") or "")


def _keys(source: Object | None) -> frozenset[str]:
    """Return a ConfigMap's keys; a Secret's are not known to anybody here."""
    if source is None or source.get("kind") == "Secret":
        return frozenset()
    return frozenset((source.get("data") or {}) | (source.get("binaryData") or {}))


RULES = (configmap_missing, secret_missing, key_missing, volume_source_missing)
