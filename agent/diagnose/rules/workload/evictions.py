"""Pods that were made to leave, and pods that do not: evictions by the kubelet, and finalizers nobody removes."""

import re
from collections.abc import Iterator

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.modes import Mode
from agent.diagnose.registry import rule
from agent.kube.containers import RECENT, Container, containers_of, workload_ref
from agent.kube.edits import container_edits, pod_edits
from agent.kube.fields import condition, containers, metadata, moment, number, seconds_since, spec, status
from agent.kube.history import is_history
from agent.kube.remedies import Edit, Item, NeedsPerson
from agent.kube.wording import listed, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref

EVICTED = "Evicted"

OWN_DISK = re.compile(
    r"ephemeral local storage usage exceeds the total limit of containers (?P<all>\S+?)\.?(?:\s|$)"
    r"|Container (?P<name>\S+) exceeded its local ephemeral storage limit \"(?P<own>[^\"]+)\""
    r"|Usage of EmptyDir volume \"(?P<volume>[^\"]+)\" exceeds the limit \"(?P<size>[^\"]+)\""
)
"""The three limits of local disk a kubelet evicts for (pkg/kubelet/eviction): of a pod, a container, a volume."""

LOW = re.compile(r"low on resource: (?P<what>[\w-]+(?:\.[\w-]+)*)")
USING = re.compile(r"Container (?P<name>\S+) was using (?P<used>[^,\s]+), request is (?P<asked>[^,\s]+)")

GONE = 10
"""Seconds after which an ended pod that was deleted is held by its finalizers, and not just being cleared away."""


@rule(modes.DISK_LIMIT_EXCEEDED, on="Pod")
def disk_limit_exceeded(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A container wrote more to its node's disk than its limit, and the kubelet evicted the pod."""
    message = _eviction(pod)
    found = OWN_DISK.search(message)
    if found is None:
        return
    if found["volume"]:
        yield _full_volume(found["volume"], found["size"], pod, graph, message)
        return
    limit, container = found["own"] or found["all"], _limited(pod, found["name"])
    name = f"container {container.name}" if container else "its containers"
    cause = f"{name} wrote more than the limit of {limit} to the node's disk, and the pod was evicted"
    path, more = ("resources", "limits", "ephemeral-storage"), NeedsPerson("a limit that what it writes fits into")
    edits = container_edits(pod, graph, container.name, path, more) if container else ()
    fix = Fix("Write less (logs, caches, temporary files), write to a volume, or raise the limit", edits)
    yield _evicted(modes.DISK_LIMIT_EXCEEDED, pod, graph, cause, fix, message, container)


def _full_volume(name: str, size: str, pod: Object, graph: Graph, message: str) -> Finding:
    """Return the finding that a scratch volume was written fuller than it may be."""
    mounting = [item for item in containers_of(pod) if name in _mounted(item)]
    only = mounting[0] if len(mounting) == 1 else None
    who = f"container {only.name}" if only else "its containers"
    cause = f"{who} wrote more than the limit of {size} to volume {name} (emptyDir), and the pod was evicted"
    path = ("volumes", Item("name", name), "emptyDir", "sizeLimit")
    edits = pod_edits(pod, graph, path, NeedsPerson("a limit that what it writes fits into"))
    fix = Fix("Write less to it, or raise the volume's sizeLimit", edits)
    return _evicted(modes.DISK_LIMIT_EXCEEDED, pod, graph, cause, fix, message, only)


def _mounted(container: Container) -> set[str]:
    return {str(item.get("name")) for item in container.spec.get("volumeMounts") or ()}


@rule(modes.DISK_LIMIT_EXCEEDED, on="ReplicaSet")
def disk_limit_exceeded_again(owner: Object, graph: Graph) -> Iterator[Finding]:
    """Each pod is evicted and replaced by the next, which may look well for now."""
    gone = [pod for pod in graph.pods(owner) if OWN_DISK.search(_eviction(pod)) and _is_recent(pod, graph)]
    if gone and is_history(gone[-1], graph) and (len(gone) > 1 or not _outlived(gone[-1], owner, graph)):
        yield from disk_limit_exceeded.test(gone[-1], graph)


def _outlived(gone: Object, owner: Object, graph: Graph) -> bool:
    """Return whether a pod that came after an evicted one has lived longer than that one did: then it may stay."""
    lived = _lived(gone)
    now = (seconds_since(graph.snapshot, status(pod).get("startTime")) for pod in graph.pods(owner) if pod is not gone)
    return lived is None or any(age is not None and age > lived for age in now)


def _lived(pod: Object) -> float | None:
    """Return how many seconds an evicted pod had, None where its kubelet does not say when it was no longer ready."""
    told, started = condition(pod, "Ready"), moment(status(pod).get("startTime"))
    went = moment(told[1].get("lastTransitionTime")) if told else None
    return (went - started).total_seconds() if went and started else None


def _is_recent(pod: Object, graph: Graph) -> bool:
    age = seconds_since(graph.snapshot, metadata(pod).get("creationTimestamp"))
    return age is not None and age < RECENT


def _limited(pod: Object, name: str | None) -> Container | None:
    """Return the container the message names, or the only one with such a limit."""
    having = [container for container in containers_of(pod) if _limit(container)]
    return next((container for container in having if container.name == name), having[0] if len(having) == 1 else None)


def _limit(container: Container) -> str:
    return str(((container.spec.get("resources") or {}).get("limits") or {}).get("ephemeral-storage") or "")


@rule(modes.EVICTED_BY_NODE, on="Pod")
def evicted_by_node(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The node ran out of memory, disk or process ids, and this pod was among those that had to go."""
    message = _eviction(pod)
    found = LOW.search(message)
    if found is None:
        return
    uses = [f"{item['name']} used {item['used']} of a request of {item['asked']}" for item in USING.finditer(message)]
    more = f"; {listed(uses)}" if uses else ""
    node = spec(pod).get("nodeName") or "its node"
    cause = f"evicted because node {node} was low on {found['what']}{more}"
    resource = "memory" if "memory" in found["what"] else "ephemeral-storage"
    fix = Fix("Request what it really uses, so that it goes where there is room", _asking(pod, graph, resource))
    mode = modes.EVICTED_BY_NODE if resource == "memory" or "pid" in found["what"] else modes.EVICTED_FOR_DISK
    yield _evicted(mode, pod, graph, cause, fix, message, None)


def _asking(pod: Object, graph: Graph, resource: str) -> tuple[Edit, ...]:
    """Return the edit of the request of a pod's only container; of several nobody says which one used so much."""
    names = [str(container.get("name")) for _, container in containers(pod, init=False)]
    used = NeedsPerson(f"a {resource} request of what it really uses")
    path = ("resources", "requests", resource)
    return container_edits(pod, graph, names[0], path, used) if len(names) == 1 else ()


def _eviction(pod: Object) -> str:
    found = status(pod)
    return str(found.get("message") or "") if found.get("reason") == EVICTED else ""


def _evicted(
    mode: Mode, pod: Object, graph: Graph, cause: str, fix: Fix, message: str, container: Container | None
) -> Finding:
    """Return a finding about an evicted pod."""
    return Finding(
        mode=mode,
        subject=workload_ref(pod, graph),
        cause=f"{said(workload_ref(pod, graph))}: {cause}",
        severity=_severity(pod, graph),
        confidence=Confidence.CERTAIN,
        evidence=(Evidence(ref(pod), "/status/message", message),),
        fix=fix,
        affected=(ref(pod),),
        container=container.name if container else "",
        roots=_node(pod),
    )


def _severity(pod: Object, graph: Graph) -> Severity:
    """An error while the workload lacks pods or lost several; else a warning where the pod itself was at fault."""
    workload = graph.workload(pod)
    whole = ref(workload) != ref(pod) and number(status(workload).get("readyReplicas")) >= number(
        spec(workload).get("replicas"), 1
    )
    if not whole or sum(bool(_eviction(other)) for other in graph.pods(workload)) > 1:
        return Severity.ERROR
    return Severity.WARNING if OWN_DISK.search(_eviction(pod)) else Severity.INFO


def _node(pod: Object) -> tuple[Ref, ...]:
    name = spec(pod).get("nodeName")
    return (Ref("Node", "", name),) if name and LOW.search(_eviction(pod)) else ()


@rule(modes.HELD_BY_FINALIZER, on="Pod")
def held_by_finalizer(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A pod was deleted and has ended, and stays because a finalizer is not removed."""
    held = [str(name) for name in metadata(pod).get("finalizers") or ()]
    gone = seconds_since(graph.snapshot, metadata(pod).get("deletionTimestamp"))
    if not held or gone is None or gone < GONE or any(container.running for container in containers_of(pod)):
        return
    workload = workload_ref(pod, graph)
    one = len(held) == 1
    yield Finding(
        mode=modes.HELD_BY_FINALIZER,
        subject=workload,
        cause=f"{said(ref(pod))} was deleted and stays: its finalizer{'' if one else 's'} {listed(held)} "
        f"{'is' if one else 'are'} not removed, whose controller is not running or cannot finish",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(
            Evidence(ref(pod), "/metadata/finalizers", listed(held)),
            Evidence(ref(pod), "/metadata/deletionTimestamp", str(metadata(pod).get("deletionTimestamp"))),
        ),
        fix=Fix("Bring up the controller that owns the finalizer; remove it by hand only if what it guards is done"),
        affected=(ref(pod),),
    )


RULES = (disk_limit_exceeded, disk_limit_exceeded_again, evicted_by_node, held_by_finalizer)
