"""Containers that end because they cannot write to (or read from) a volume: it is full, or it is not theirs."""

import re
from collections.abc import Iterator, Mapping

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, finding
from agent.diagnose.messages.lines import last_words
from agent.diagnose.registry import rule
from agent.kube.containers import Container, containers_of, end_log, last_end
from agent.kube.edits import CLAIM_SIZE, container_edits, edit, pod_edits
from agent.kube.fields import number, spec, status
from agent.kube.mounts import Mount, mount_in, mounts
from agent.kube.remedies import JSON, Edit, Item, NeedsPerson
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

_FULL = re.compile(r"no space left on device|disk quota exceeded|ENOSPC", re.IGNORECASE)
_WATCHES = re.compile(r"inotify|fsnotify|watcher|/dev/shm", re.IGNORECASE)
"""A limit of the kernel's, which says "no space" too."""
NOT_EXECUTABLE = 126
"""The exit code of a shell that may not run a program."""

_DENIED = re.compile(r"permission denied|EACCES|operation not permitted|not writable|file access denied", re.IGNORECASE)
_OWNERSHIP = re.compile(
    r"data directory \"[^\"]*\" has (?:wrong ownership|invalid permissions|group or world access)"
    r"|must be owned by the user|[Kk]ey file .* permissions|must be accessible by owner only",
)
"""How databases say that others own, or may open, what only they may."""
_PATH = re.compile(r"/[\w.@+~/-]+")
_WRITES = ("containers[].volumeMounts", "volumes")
_READ_ONLY = re.compile(r"read-only file ?system|EROFS", re.IGNORECASE)


@rule(modes.VOLUME_FULL, on="Pod")
def full(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A container ends because a volume it writes to is full."""
    for container in containers_of(pod):
        line = _line(container, graph, _FULL)
        spoken = line if line and not _WATCHES.search(line[1]) else None
        found = (mount_in(container, spoken[1]) or _only_claim(container)) if spoken else None
        if line and found is not None:
            room, edits = _room(pod, found, graph)
            what = f"claim {found.claim}" if found.claim else f"volume {found.volume.get('name')}"
            fix = Fix(f"Make {what} larger, or have the container keep less there", edits)
            text = f"{container.said} ends because {what} at {found.path}{f' ({room})' if room else ''} is full"
            evidence = (Evidence(ref(pod), *line), _shown(container, found))
            yield finding(modes.VOLUME_FULL, container, graph, text, fix, evidence, Confidence.LIKELY)


@rule(modes.VOLUME_DENIED, on="Pod")
def denied(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A container ends because the volume it works on belongs to somebody else, or is mounted for reading only."""
    for container in containers_of(pod):
        line = next(filter(None, (_line(container, graph, one) for one in (_OWNERSHIP, _DENIED, _READ_ONLY))), None)
        found = mount_in(container, line[1]) if line else None
        if line and found is None and _READ_ONLY.search(line[1]) and _has_read_only_root(container):
            yield _root_finding(container, line, graph)
        if not line or found is None:
            continue
        if _READ_ONLY.search(line[1]):
            text, fix = _read_only(container, found, graph)
        elif _OWNERSHIP.search(line[1]):
            text, fix = _data_directory(container, found)
        elif _user(container) == "0":
            continue  # root is denied by something else than ownership
        else:
            text, fix = _foreign(container, found, graph)
        evidence = (Evidence(ref(pod), *line), _shown(container, found))
        yield finding(modes.VOLUME_DENIED, container, graph, text, fix, evidence, Confidence.LIKELY)


def _line(container: Container, graph: Graph, pattern: re.Pattern[str]) -> tuple[str, str] | None:
    """Return (log, its last line of that pattern) of a container that keeps ending with an error."""
    ended = last_end(container, graph)
    if ended is None or ended[1].get("exitCode") in (None, 0, NOT_EXECUTABLE):
        return None  # 126: what was denied is running the program, not writing beside it
    pointer, text = end_log(container, graph)
    found = next((line for line in last_words(text) if pattern.search(line)), "")
    return (pointer, found[:300]) if found else None


def _only_claim(container: Container) -> Mount | None:
    """Return the claim a container keeps its data on, None for none or several: databases name files relative to it."""
    found = [mount for mount in mounts(container) if mount.claim]
    return found[0] if len(found) == 1 else None


def _has_read_only_root(container: Container) -> bool:
    return bool((container.spec.get("securityContext") or {}).get("readOnlyRootFilesystem"))


def _root_finding(container: Container, line: tuple[str, str], graph: Graph) -> Finding:
    """Return that a container writes where its image has its files, and may not."""
    named = _PATH.search(line[1])
    where = f"to {named[0].rstrip('/.:')}" if named else "to its own file system"
    text = f"{container.said} ends because it writes {where}, and its root file system is read-only"
    pointer = f"{container.pointer}/securityContext/readOnlyRootFilesystem"
    evidence = (Evidence(ref(container.pod), *line), Evidence(ref(container.pod), pointer, "true"))
    fix = Fix("Mount an emptyDir where it writes, or have it write to a volume it has", concerns=_WRITES)
    return finding(modes.VOLUME_DENIED, container, graph, text, fix, evidence, Confidence.CERTAIN)


def _shown(container: Container, found: Mount) -> Evidence:
    return Evidence(
        ref(container.pod), f"{container.pointer}/volumeMounts/{found.index}", f"{found.mount['name']} at {found.path}"
    )


def _room(pod: Object, found: Mount, graph: Graph) -> tuple[str, tuple[Edit, ...]]:
    """Return (how large a volume is, the edit that makes it larger), "" and none where nothing says it."""
    larger = NeedsPerson("a size that what is kept there fits into")
    if found.claim:
        claim = graph.get("PersistentVolumeClaim", ref(pod).namespace, found.claim)
        size = (status(claim).get("capacity") or {}).get("storage") if claim is not None else None
        return str(size or ""), (edit(claim, CLAIM_SIZE, larger),) if claim is not None else ()
    scratch = found.volume.get("emptyDir")
    if isinstance(scratch, Mapping):
        path = ("volumes", Item("name", str(found.volume.get("name"))), "emptyDir", "sizeLimit")
        limited = bool(scratch.get("sizeLimit"))
        return str(scratch.get("sizeLimit") or ""), pod_edits(pod, graph, path, larger) if limited else ()
    return "", ()


def _user(container: Container) -> str:
    """Return the user id a container runs as, "" where only its image says it."""
    own, shared = container.spec.get("securityContext") or {}, spec(container.pod).get("securityContext") or {}
    found = own.get("runAsUser", shared.get("runAsUser"))
    return "" if found is None else str(number(found))


def _read_only(container: Container, found: Mount, graph: Graph) -> tuple[str, Fix]:
    by_choice = bool(found.mount.get("readOnly"))
    kind = found.kind
    why = "mounted readOnly" if by_choice else f"a {kind}, which is always read-only" if kind else "read-only"
    path = ("volumeMounts", Item("mountPath", str(found.mount.get("mountPath"))), "readOnly")
    edits = container_edits(container.pod, graph, container.name, path, value=False) if by_choice else ()
    fix = Fix("Mount it for writing, or have the container write to an emptyDir", edits)
    return f"{container.said} ends because it writes to {found.path}, which is {why}", fix


def _data_directory(container: Container, found: Mount) -> tuple[str, Fix]:
    group = (spec(container.pod).get("securityContext") or {}).get("fsGroup")
    state = f"fsGroup {group} opens its files to that group" if group is not None else "no fsGroup is set"
    fix = Fix(
        "Give the data directory to the user the container runs as, with mode 0700: a directory below the mount, or "
        "fsGroupChangePolicy OnRootMismatch, or an init container that does it"
    )
    return f"{container.said} does not take what it finds on its volume at {found.path} for its own ({state})", fix


def _foreign(container: Container, found: Mount, graph: Graph) -> tuple[str, Fix]:
    shared = spec(container.pod).get("securityContext") or {}
    group, user = shared.get("fsGroup"), _user(container)
    who = f"runs as user {user}" if user else "does not run as root"
    by_hand = "hostPath" in found.volume or found.claim
    state = f"fsGroup {group} does not help there" if group is not None else "no fsGroup is set"
    own: JSON | NeedsPerson = int(user) if user else NeedsPerson("the id of a group the container runs as")
    edits = pod_edits(container.pod, graph, ("securityContext", "fsGroup"), own) if group is None else ()
    more = "; where the volume ignores fsGroup (hostPath, NFS), change its owner" if by_hand else ""
    fix = Fix(f"Set the pod's fsGroup to the container's group{more}", edits, ("securityContext.fsGroup",))
    return f"{container.said} {who} and may not write to its volume at {found.path} ({state})", fix


RULES = (full, denied)
