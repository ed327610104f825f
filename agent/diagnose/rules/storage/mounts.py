"""Volumes that exist and do not get to their container: pinned elsewhere, attached elsewhere, or not mountable."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.registry import once_per_shape, rule
from agent.kube.claims import consumers
from agent.kube.containers import containers_of, newest
from agent.kube.edits import edit, removal
from agent.kube.fields import claims, is_terminal, metadata, seconds_since, spec
from agent.kube.pending import eligible, message, verdict, waits
from agent.kube.remedies import Edit, kubectl
from agent.kube.scheduling import Fit, expressed, satisfies
from agent.kube.wording import listed, said
from agent.snapshot.evidence import Evidence, event_evidence
from agent.snapshot.graph import Graph, controller, ref
from agent.snapshot.record import Object, Ref

_ELSEWHERE = re.compile(r"volume node affinity conflict|didn't match PersistentVolume's node affinity")
_ALONE = re.compile(r"ReadWriteOncePod access mode already in-use|PersistentVolumeClaim with the same name and")
FORCED = 360
"""Seconds after which the controller takes a volume from a node that does not answer (`maxWaitForUnmountDuration`)."""

_MULTI = re.compile(r"Multi-Attach error for volume \"([^\"]+)\"")
_VOLUME = re.compile(r'for volume "([^"]+)"')
_TRANSIENT = re.compile(
    r"failed to sync (?:configmap|secret) cache|not registered|no relationship found|"
    r"(?:configmap|secret) \"?[^\s\"]+\"? not found|references non-existent (?:config|secret) key|couldn't find key"
)
"""Messages of a mount that is another rule's (a missing ConfigMap) or that goes away by itself."""
_DRIVER = re.compile(
    r"driver name (\S+) not found in the list of registered CSI drivers|external-attacher of (\S+) CSI"
)

CLASSES = (
    (re.compile(r"hostPath type check failed: (\S+) is not a? ?(.+)"), "the node has no {1} {0}"),
    (re.compile(r"unknown filesystem type '(\w+)'"), "the node cannot mount {0} (its client is not installed)"),
    (re.compile(r"need a /sbin/mount\.<?(\w+)>? helper"), "the node has no helper to mount it"),
    (re.compile(r"access denied by server"), "the server refuses this node"),
    (re.compile(r"No such file or directory"), "the path it names does not exist"),
    (
        re.compile(r"Connection timed out|No route to host|Connection refused|timed out waiting"),
        "its server does not answer",
    ),
    (re.compile(r"wrong fs type|bad superblock"), "its file system is not of the type it is mounted as, or is damaged"),
    (re.compile(r"failed to prepare subPath|subPath"), "its subPath cannot be used"),
    (re.compile(r"not a directory"), "a folder and a file are taken for one another"),
    (re.compile(r"[Pp]ermission denied"), "the node may not read it"),
    (re.compile(r"[Rr]ead-only file system"), "it is read-only"),
)
"""What a mount's error text looks like -> what it means, with the parts of the text it names."""


@rule(modes.VOLUME_ELSEWHERE, on="Pod")
def pinned(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A bound volume can be used on no node the pod may use: its zone or its node is another."""
    if not waits(pod, graph):
        return
    nodes = eligible(pod, graph)
    for name, volume in _bound(pod, graph):
        terms = _terms(volume)
        if not terms or not nodes:
            continue
        near = [fit for fit in nodes if satisfies(terms, fit.node)]
        blocked = (
            bool(near) and all(fit.cordoned or fit.taints for fit in near) and _ELSEWHERE.search(message(pod, graph))
        )
        if not near or blocked:
            yield _pinned(pod, graph, name, volume, near)
            return


def _bound(pod: Object, graph: Graph) -> Iterator[tuple[str, Object]]:
    """Yield (claim, volume) for every bound claim the pod mounts."""
    for _, name in claims(pod):
        claim = graph.get("PersistentVolumeClaim", ref(pod).namespace, name)
        volume = graph.get("PersistentVolume", "", spec(claim).get("volumeName") or "") if claim is not None else None
        if volume is not None:
            yield name, volume


def _terms(volume: Object) -> Sequence[Mapping[str, Any]]:
    return ((spec(volume).get("nodeAffinity") or {}).get("required") or {}).get("nodeSelectorTerms") or ()


def _pinned(pod: Object, graph: Graph, claim: str, volume: Object, near: Sequence[Fit]) -> Finding:
    workload, name = ref(graph.workload(pod)), ref(volume).name
    where = " or ".join(
        " and ".join(expressed(item) for item in term.get("matchExpressions") or ()) for term in _terms(volume)
    )
    why = (
        f"{listed(fit.name for fit in near)} is {'cordoned' if near[0].cordoned else 'tainted'}"
        if near
        else "no node it may use is"
    )
    return Finding(
        mode=modes.VOLUME_ELSEWHERE,
        subject=workload,
        cause=f"{said(workload)} mounts claim {claim}, whose volume {name} can only be used where {where}, and {why}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(Evidence(ref(volume), "/spec/nodeAffinity/required", where), *verdict(pod, graph)),
        fix=Fix(
            summary="Bring a node back where the volume is, or restore the data into a claim of a class that waits for "
            "its first consumer (volumeBindingMode: WaitForFirstConsumer)",
            remedies=(kubectl("get", "pv", name, "-o", "wide"),),
            concerns=("persistentVolumeClaim.storageClassName",),
        ),
        affected=(ref(pod),),
    )


@rule(modes.ATTACHED_ELSEWHERE, on="Pod")
def attached(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A volume for one node is still with a pod on another, so this pod cannot have it."""
    if is_terminal(pod) or _has_started(pod):
        return
    event = newest([item for item in graph.events(pod) if _MULTI.search(item.get("message") or "")])
    alone = bool(_ALONE.search(message(pod, graph)))
    for _, name in claims(pod):
        claim = graph.get("PersistentVolumeClaim", ref(pod).namespace, name)
        modes = list(spec(claim).get("accessModes") or ()) if claim is not None else []
        shared = {"ReadWriteMany", "ReadOnlyMany"} & set(modes)
        others = _others(pod, name, graph)
        if claim is None or shared or not others or not (alone or _is_about(event, claim)):
            continue
        yield _attached(pod, graph, claim, modes, others, event)
        return
    waited = seconds_since(graph.snapshot, metadata(pod).get("creationTimestamp")) or 0.0
    if event is not None and waited > FORCED and not any(_others(pod, name, graph) for _, name in claims(pod)):
        yield _detaching(pod, graph, event)


def _detaching(pod: Object, graph: Graph, event: Object) -> Finding:
    """Return the finding about a volume no pod of this look uses: a node that is lost or gone still has it."""
    workload = ref(graph.workload(pod))
    found = _MULTI.search(event.get("message") or "")
    return Finding(
        mode=modes.ATTACHED_ELSEWHERE,
        subject=workload,
        cause=f"{said(workload)} cannot start: volume {found[1] if found else ''} is still attached to another node, "
        "though no pod seen here uses it there",
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY,
        evidence=(event_evidence(event, pod),),
        fix=Fix(
            "See which node has it; one that is lost gives it up 6 min after its pods are gone, or at once with the "
            "taint node.kubernetes.io/out-of-service",
            (kubectl("get", "volumeattachments"),),
        ),
        affected=(ref(pod),),
    )


def _is_about(event: Object | None, claim: Object) -> bool:
    found = _MULTI.search((event or {}).get("message") or "")
    return found is not None and found[1] == spec(claim).get("volumeName")


def _others(pod: Object, claim: str, graph: Graph) -> list[Object]:
    """Return the pods that have the claim: those that mount it and were there before."""
    mounting = (graph.get(*name) for name in consumers(graph).get((ref(pod).namespace, claim), ()))
    found = [other for other in mounting if other is not None and ref(other) != ref(pod) and not is_terminal(other)]
    return [other for other in found if spec(other).get("nodeName") not in (None, "", spec(pod).get("nodeName"))]


def _attached(
    pod: Object, graph: Graph, claim: Object, offered: Sequence[str], others: Sequence[Object], event: Object | None
) -> Finding:
    workload, other = ref(graph.workload(pod)), others[0]
    rolls = ref(graph.workload(other)) == workload and (controller(other) or {}).get("uid") != (
        controller(pod) or {}
    ).get("uid")
    whose = f"{'its own old pod' if rolls else said(ref(graph.workload(other)))} on node {spec(other).get('nodeName')}"
    leaving = ", which is being deleted and does not end" if metadata(other).get("deletionTimestamp") else ""
    shown = (event_evidence(event, pod),) if event is not None else tuple(verdict(pod, graph))
    return Finding(
        mode=modes.ATTACHED_ELSEWHERE,
        subject=workload,
        cause=f"{said(workload)} cannot start: claim {ref(claim).name} is {listed(offered)} and still with "
        f"{whose}{leaving}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(*shown, Evidence(ref(other), "/spec/nodeName", str(spec(other).get("nodeName")))),
        fix=Fix(
            summary="Let the old pod go first (strategy Recreate), or use a volume many nodes may write",
            remedies=tuple(_recreate(graph.workload(pod))) if rolls else (),
            concerns=("persistentVolumeClaim.accessModes",),
        ),
        affected=(ref(pod), ref(claim)),
        roots=(Ref("Node", "", str(spec(other).get("nodeName"))),),
    )


def _recreate(workload: Object) -> Iterator[Edit]:
    """Yield the edits that make a Deployment stop its old pods first; the API takes no rollingUpdate beside that."""
    if workload.get("kind") == "Deployment":
        yield edit(workload, ("spec", "strategy", "type"), "Recreate")
        if (spec(workload).get("strategy") or {}).get("rollingUpdate"):
            yield removal(workload, ("spec", "strategy", "rollingUpdate"))


@rule(modes.MOUNT_FAILED, on="Pod")
def unmounted(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A volume cannot be mounted into a pod that has not started: the newest failure says why."""
    if is_terminal(pod) or not spec(pod).get("nodeName") or _has_started(pod):
        return
    reasons = ("FailedMount", "FailedAttachVolume", "FailedMapVolume")
    events = [event for event in graph.events(pod) if event.get("reason") in reasons]
    failures = [event for event in events if not _TRANSIENT.search(event.get("message") or "")]
    plain = [event for event in failures if not (event.get("message") or "").startswith("Unable to attach or mount")]
    event = newest(plain or failures)
    waiting = next(
        (container for container in containers_of(pod) if "subPath" in (container.waiting.get("message") or "")), None
    )
    if event is not None and not _MULTI.search(event.get("message") or ""):
        yield _mount(pod, graph, event.get("message") or "", event_evidence(event, pod))
    elif waiting is not None:
        text = str(waiting.waiting.get("message"))
        yield _mount(pod, graph, text, Evidence(ref(pod), f"{waiting.status_pointer}/state/waiting/message", text))


def _has_started(pod: Object) -> bool:
    """Return whether any container runs or ran: then its volumes were there."""
    return any(
        container.running or any(container.ended()) for container in containers_of(pod) if not container.initial
    ) or any(container.running or any(container.ended()) for container in containers_of(pod))


def _mount(pod: Object, graph: Graph, text: str, shown: Evidence) -> Finding:
    workload, driver, found = ref(graph.workload(pod)), _DRIVER.search(text), _VOLUME.search(text)
    volume = found[1] if found else ""
    source, pointer = _source(pod, volume, graph)
    why, known = _meaning(text)
    if driver is not None:
        why, known = f"CSI driver {driver[1] or driver[2]} does not run on node {spec(pod).get('nodeName')}", True
    name = f"volume {volume}" if volume else "a volume"
    return Finding(
        mode=modes.DRIVER_ABSENT if driver else modes.MOUNT_FAILED,
        subject=workload,
        cause=f"{said(workload)} cannot start: {name}{f' ({source})' if source else ''} cannot be mounted, {why}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if known and pointer else Confidence.LIKELY,
        evidence=(shown, *((Evidence(ref(pod), pointer, source),) if pointer else ())),
        fix=Fix(
            "Install the driver on the node, or use another class"
            if driver
            else "Correct the volume, or prepare the node",
            (kubectl("describe", "pod", ref(pod).name, namespace=ref(pod).namespace),),
            ("volumes[]",) if source else (),
        ),
        affected=(ref(pod),),
    )


def _meaning(text: str) -> tuple[str, bool]:
    """Return what an error text means, and whether it is one of those known."""
    for pattern, meaning in CLASSES:
        found = pattern.search(text)
        if found is not None:
            return meaning.format(*found.groups()), True
    return " ".join(text.split())[:240], False


def _source(pod: Object, volume: str, graph: Graph) -> tuple[str, str]:
    """Return (what a volume is, its pointer) of the volume or the PersistentVolume of that name."""
    for index, item in enumerate(spec(pod).get("volumes") or ()):
        claimed = (item.get("persistentVolumeClaim") or {}).get("claimName")
        if item.get("name") == volume and not claimed:
            return _described(item), f"/spec/volumes/{index}"
        claim = graph.get("PersistentVolumeClaim", ref(pod).namespace, claimed) if claimed else None
        if claim is not None and volume in (spec(claim).get("volumeName"), item.get("name")):
            bound = graph.get("PersistentVolume", "", spec(claim).get("volumeName") or "")
            return f"claim {claimed}{f', {_described(spec(bound))}' if bound else ''}", f"/spec/volumes/{index}"
    return "", ""


def _described(item: Mapping[str, Any]) -> str:
    if item.get("hostPath"):
        return f"hostPath {item['hostPath'].get('path')}"
    if item.get("nfs"):
        return f"NFS {item['nfs'].get('server')}:{item['nfs'].get('path')}"
    if item.get("csi"):
        return f"CSI driver {item['csi'].get('driver')}"
    kind = next((key for key in item if key not in ("name", "capacity", "accessModes", "claimRef")), "")
    return kind if isinstance(item.get(kind), Mapping) else ""


RULES = (once_per_shape(pinned), attached, unmounted)
