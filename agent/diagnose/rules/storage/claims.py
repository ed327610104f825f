"""Claims no volume is bound to: nobody makes one, or those there are do not fit. Waiting for a consumer is healthy."""

import re
from collections.abc import Iterator, Sequence

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.modes import Mode
from agent.diagnose.registry import rule
from agent.kube.claims import (
    BY_HAND,
    LATE,
    Match,
    candidates,
    class_of,
    consumers,
    default_class,
    holder,
    match,
    pending,
    size,
    wanted_size,
)
from agent.kube.edits import CLAIM_SIZE, edit, removal
from agent.kube.fields import condition, metadata, seconds_since, spec, status
from agent.kube.remedies import Edit, NeedsPerson, Path, kubectl
from agent.kube.wording import counted, duration, listed, memory, pairs, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, event_time, labels, ref
from agent.snapshot.record import Object

PATIENCE = 60
"""Seconds a provisioner may take without having said anything: making a volume takes its time."""

CLASS: Path = ("spec", "storageClassName")
VOLUME: Path = ("spec", "volumeName")

SELECTED_NODE = "volume.kubernetes.io/selected-node"

BLAMED = ("FailedBinding", "ProvisioningFailed", "VolumeMismatch", "ClaimLost", "ClaimMisbound")
"""Events that say why a claim is not bound."""

_WAITING = re.compile(r"external provisioner|provisioner is running", re.IGNORECASE)

Told = tuple[Mode, str, Fix]
"""Mode, code, what to say after the claim's name, and the fix."""


@rule(modes.NO_DEFAULT_CLASS, on="PersistentVolumeClaim")
def classless(claim: Object, graph: Graph) -> Iterator[Finding]:
    """A claim names no class, the cluster has no default one, and no volume made by hand is without a class."""
    if not pending(claim) or class_of(claim) or spec(claim).get("volumeName") or default_class(graph):
        return
    if not graph.snapshot.knows("StorageClass") or not graph.snapshot.knows("PersistentVolume"):
        return
    if candidates(claim, graph):
        return  # then one of those does not fit
    known = [ref(found).name for found in graph.all("StorageClass")]
    what = "asks for no class" if spec(claim).get("storageClassName") == "" else "names no StorageClass"
    why = "and no volume without a class exists" if "asks" in what else "and the cluster has no default class"
    there = f" (there {'is' if len(known) == 1 else 'are'} {listed(known)})" if known else " (it has no class at all)"
    proposed = known[0] if len(known) == 1 else ""
    fix = Fix(
        summary=f"Name a class{f' ({proposed})' if proposed else ''}, mark one as default, or make a volume by hand",
        remedies=(
            edit(claim, CLASS, proposed or NeedsPerson("the name of a StorageClass that exists")),
            kubectl("get", "storageclasses"),
        ),
    )
    yield _finding(claim, graph, (modes.NO_DEFAULT_CLASS, f"{what} {why}{there}", fix), ())


@rule(modes.NO_VOLUME_FITS, on="PersistentVolumeClaim")
def unfitting(claim: Object, graph: Graph) -> Iterator[Finding]:
    """The volumes of a claim's class are of another access mode, too small, labelled otherwise, or taken (36 to 40)."""
    if not pending(claim) or not graph.snapshot.knows("PersistentVolume") or _may_wait(claim, graph):
        return
    name = spec(claim).get("volumeName")
    volume = graph.get("PersistentVolume", "", name) if name else None
    if name and volume is None:
        yield _finding(claim, graph, _absent(claim, name), ())
        return
    found = [match(claim, volume)] if volume is not None else candidates(claim, graph)
    if volume is not None and class_of(volume) != class_of(claim):
        yield _finding(claim, graph, _other_class(claim, volume), (_shown(volume, "storageClassName"),))
    elif found and found[0].obstacles:
        told, pointer = _why(claim, found)
        yield _finding(claim, graph, told, (_shown(found[0].volume, pointer),))
    elif not found and graph.get("StorageClass", "", class_of(claim)) is not None:
        yield _finding(claim, graph, _unmade(claim), ())


def _may_wait(claim: Object, graph: Graph) -> bool:
    """Return whether existing volumes say nothing: a provisioner should make one, or nobody needs it yet."""
    found = graph.get("StorageClass", "", class_of(claim))
    if found is None or spec(claim).get("volumeName"):
        return False
    used = (ref(claim).namespace, ref(claim).name) in consumers(graph)
    return found.get("provisioner") != BY_HAND or (found.get("volumeBindingMode") == LATE and not used)


def _why(claim: Object, found: Sequence[Match]) -> tuple[Told, str]:
    """Return what keeps the nearest volume from the claim, and where it stands."""
    nearest = found[0]
    if nearest.held:
        return _held(claim, found), "claimRef"
    if nearest.selector:
        return _unselected(claim, nearest.volume), "/metadata/labels"
    if nearest.modes:
        return _other_modes(claim, nearest.volume), "accessModes"
    return _too_small(claim, nearest.volume), "capacity"


def _absent(claim: Object, name: str) -> Told:
    remedies = (removal(claim, VOLUME), kubectl("get", "persistentvolumes"))
    fix = Fix(f"Make PersistentVolume {name}, or leave volumeName out", remedies)
    return modes.VOLUME_ABSENT, f"names PersistentVolume {name}, which does not exist", fix


def _unmade(claim: Object) -> Told:
    name = class_of(claim)
    fix = Fix(f"Make a PersistentVolume of class {name}, or use a class that makes volumes", (kubectl("get", "pv"),))
    return modes.NOBODY_MAKES_VOLUMES, f"is of class {name}, which makes no volumes itself, and there is none", fix


def _other_class(claim: Object, volume: Object) -> Told:
    ours, theirs = class_of(claim) or "none", class_of(volume) or "none"
    edits = (edit(claim, CLASS, class_of(volume)),)
    what = f"names PersistentVolume {ref(volume).name} but is of class {ours}, and the volume is of class {theirs}"
    return modes.STORAGE_CLASS_DIFFERS, what, Fix("Give the claim the volume's class", edits)


def _held(claim: Object, found: Sequence[Match]) -> Told:
    """Say who has the volume: a claim that is there, or one that is gone and left it Released."""
    volume = found[0].volume
    name, phase, owner = ref(volume).name, status(volume).get("phase"), holder(volume)
    whose = f"{owner.name} in namespace {owner.namespace}" if owner else "another claim"
    if phase in ("Released", "Failed"):
        gone = "a claim of the same name that was deleted" if owner == ref(claim) else f"claim {whose}, which is gone"
        fix = Fix(
            "Save what is on the volume, then clear its claimRef so that it is Available again, or make a new volume",
            (removal(volume, ("spec", "claimRef")),),
        )
        return modes.VOLUME_RELEASED, f"waits for PersistentVolume {name}, which is {phase}: it is kept for {gone}", fix
    which = f"PersistentVolume {name}" if len(found) == 1 else f"one of {counted(len(found), 'volume')} of its class"
    fix = Fix("Make another volume, or mount the claim that has this one", (kubectl("get", "persistentvolumes"),))
    return modes.VOLUME_TAKEN, f"waits for {which}, bound to claim {whose}", fix


def _unselected(claim: Object, volume: Object) -> Told:
    selector = spec(claim).get("selector") or {}
    wanted = pairs(selector.get("matchLabels") or {}) or str(selector.get("matchExpressions"))
    carried = pairs(labels(volume)) or "no labels"
    what = f"selects volumes labelled {wanted}, and PersistentVolume {ref(volume).name} carries {carried}"
    return (
        modes.VOLUME_NOT_SELECTED,
        what,
        Fix("Correct the selector, or label the volume", (), ("persistentVolumeClaim.selector",)),
    )


def _other_modes(claim: Object, volume: Object) -> Told:
    ours, theirs = (list(spec(item).get("accessModes") or ()) for item in (claim, volume))
    edits: tuple[Edit, ...] = ()
    if set(ours) <= set(theirs):  # then it is files against a block device
        ours, theirs = ([spec(item).get("volumeMode") or "Filesystem"] for item in (claim, volume))
        edits = (edit(claim, ("spec", "volumeMode"), theirs[0]),)
    elif len(ours) == 1 and theirs:
        edits = (edit(claim, ("spec", "accessModes", 0), theirs[0]),)
    what = f"asks for {listed(ours)}, and PersistentVolume {ref(volume).name} offers {listed(theirs)}"
    fix = Fix(
        "Ask for what the volume offers, or make one that offers it", edits, ("persistentVolumeClaim.accessModes",)
    )
    return modes.ACCESS_MODE_DIFFERS, what, fix


def _too_small(claim: Object, volume: Object) -> Told:
    ours, theirs = memory(wanted_size(claim)), memory(size(volume))
    edits = (edit(claim, CLAIM_SIZE, str((spec(volume).get("capacity") or {}).get("storage") or theirs)),)
    what = f"asks for {ours}, and PersistentVolume {ref(volume).name} has {theirs}"
    return modes.VOLUME_TOO_SMALL, what, Fix("Ask for less, or make a larger volume", edits)


@rule(modes.CLAIM_LOST, on="PersistentVolumeClaim")
def lost(claim: Object, graph: Graph) -> Iterator[Finding]:
    """The volume under a bound claim is gone, and what was on it with it."""
    if status(claim).get("phase") != "Lost":
        return
    name = str(spec(claim).get("volumeName") or "")
    volume = graph.get("PersistentVolume", "", name)
    how = "no longer exists" if volume is None else "belongs to another claim now"
    fix = Fix(
        "Restore the volume's data from a backup: delete the claim, make it anew, and restore into it",
        remedies=(kubectl("get", "persistentvolumes", name),),
    )
    told = (modes.CLAIM_LOST, f"is Lost: its PersistentVolume {name} {how}", fix)
    yield _finding(claim, graph, told, (Evidence(ref(claim), "/status/phase", "Lost"),))


@rule(modes.VOLUME_FAILED, on="PersistentVolume")
def failed(volume: Object, graph: Graph) -> Iterator[Finding]:
    """A volume could not be given back: its storage is kept, and paid for, until somebody looks."""
    owner = holder(volume)
    if status(volume).get("phase") != "Failed" or owner is None or not graph.in_scope(owner.namespace):
        return
    name, why = ref(volume).name, " ".join(str(status(volume).get("message") or "").split())
    yield Finding(
        mode=modes.VOLUME_FAILED,
        subject=ref(volume),
        cause=f"PersistentVolume {name} could not be reclaimed after claim {owner.name} went"
        f"{f': {why}' if why else ''}",
        severity=Severity.WARNING,
        confidence=Confidence.CERTAIN,
        evidence=(Evidence(ref(volume), "/status/phase", "Failed"),),
        fix=Fix(
            "See why its storage cannot be deleted, then delete the volume",
            remedies=(kubectl("describe", "pv", ref(volume).name),),
        ),
    )


@rule(modes.NOT_PROVISIONED, on="PersistentVolumeClaim")
def unprovisioned(claim: Object, graph: Graph) -> Iterator[Finding]:
    """The provisioner of the claim's class says nothing, or says why it cannot."""
    found = graph.get("StorageClass", "", class_of(claim))
    if not pending(claim) or found is None or spec(claim).get("volumeName"):
        return
    provisioner = str(found.get("provisioner"))
    chosen = (metadata(claim).get("annotations") or {}).get(SELECTED_NODE)
    if provisioner == BY_HAND or (found.get("volumeBindingMode") == LATE and not chosen):
        return
    newest = _newest(claim, graph, "ExternalProvisioning", "ProvisioningFailed")
    text = " ".join((newest.text if newest else "").split())
    age = seconds_since(graph.snapshot, metadata(claim).get("creationTimestamp"))
    silent = not text or _WAITING.search(text)
    if newest is None or (silent and (age is None or age < PATIENCE)):
        return
    why = (
        f"has not answered for {duration(age or 0)}: it is not installed, or not running" if silent else f"says: {text}"
    )
    fix = Fix(
        f"Install or repair {provisioner}, or use another class",
        (kubectl("get", "csidrivers"),),
        ("persistentVolumeClaim.storageClassName",),
    )
    told = (modes.NOT_PROVISIONED, f"is of class {class_of(claim)}, whose provisioner {provisioner} {why}", fix)
    yield _finding(claim, graph, told, (newest,), Confidence.LIKELY)


def _newest(obj: Object, graph: Graph, *reasons: str) -> Evidence | None:
    events = [event for event in graph.events(obj) if event.get("reason") in reasons]
    found = max(events, key=event_time, default=None)
    return Evidence(ref(obj), f"event {found.get('reason')}", found.get("message") or "") if found else None


@rule(modes.RESIZE_FAILED, on="PersistentVolumeClaim")
def unresized(claim: Object, graph: Graph) -> Iterator[Finding]:
    """A bound claim asks for more than it has, and the resize failed."""
    has = size({"spec": {"capacity": status(claim).get("capacity") or {}}})
    if status(claim).get("phase") != "Bound" or wanted_size(claim) <= has:
        return
    kinds = ("ControllerResizeError", "NodeResizeError")
    told = next(
        (found for kind in kinds if (found := condition(claim, kind)) and found[1].get("status") == "True"), None
    )
    event = _newest(claim, graph, "VolumeResizeFailed", "FileSystemResizeFailed")
    failed_states = [
        value for value in (status(claim).get("allocatedResourceStatuses") or {}).values() if "Infeasible" in str(value)
    ]
    shown = Evidence(ref(claim), f"{told[0]}/message", str(told[1].get("message") or "")) if told else event
    if shown is None and not failed_states:
        return
    why = " ".join((shown.text if shown else failed_states[0]).split())
    kept = str((status(claim).get("capacity") or {}).get("storage") or "")
    fix = Fix(
        "See whether the class allows growth and the backend has room; else ask for what it has",
        (*((edit(claim, CLAIM_SIZE, kept),) if kept else ()), kubectl("get", "storageclasses")),
    )
    text = f"asks for {memory(wanted_size(claim))} and stays at {memory(has)}: {why}"
    yield _finding(
        claim, graph, (modes.RESIZE_FAILED, text, fix), (shown,) if shown else (), Confidence.CERTAIN, Severity.WARNING
    )


def _shown(volume: Object, field: str) -> Evidence:
    pointer = field if field.startswith("/") else f"/spec/{field}"
    value = labels(volume) if field.startswith("/") else spec(volume).get(field)
    text = pairs(value) if isinstance(value, dict) and field.startswith("/") else str(value)
    return Evidence(ref(volume), pointer, text)


def _finding(
    claim: Object,
    graph: Graph,
    told: Told,
    evidence: Sequence[Evidence],
    confidence: Confidence = Confidence.CERTAIN,
    severity: Severity | None = None,
) -> Finding:
    """Return a finding about a claim; it is an error only where a pod wants to mount it."""
    users = consumers(graph).get((ref(claim).namespace, ref(claim).name), ())
    waiting = (
        f", so {counted(len(users), 'pod')} that mount{'s' if len(users) == 1 else ''} it cannot start"
        if users and not severity
        else ""
    )
    blamed = _newest(
        claim, graph, "FailedBinding", "ProvisioningFailed", "VolumeMismatch", "ClaimLost", "ClaimMisbound"
    )
    found = [item for item in (*evidence, blamed) if item is not None]
    mode, what, fix = told
    return Finding(
        mode=mode,
        subject=ref(claim),
        cause=f"{said(ref(claim))} {what}{waiting}",
        severity=severity or (Severity.ERROR if users else Severity.WARNING),
        confidence=confidence,
        evidence=tuple(dict.fromkeys(found))
        or (Evidence(ref(claim), "/status/phase", str(status(claim).get("phase"))),),
        fix=fix,
        affected=() if severity else tuple(users),
    )


RULES = (classless, unfitting, lost, failed, unprovisioned, unresized)
