"""Pods kept from a node by what they ask for besides room: affinity, a name, a cordon, a gate, a scheduler, a rival."""

import re
from collections.abc import Iterator, Mapping, Sequence

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.registry import once_per_shape, rule
from agent.kube.edits import pod_edits, pod_removals
from agent.kube.fields import condition, is_unscheduled, metadata, seconds_since, spec, status, template
from agent.kube.memo import per_graph
from agent.kube.pending import eligible, message, verdict, waits
from agent.kube.remedies import kubectl
from agent.kube.scheduling import Fit, described, expressed, fits
from agent.kube.wording import closest, counted, listed, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, controller, labels, ref
from agent.snapshot.record import Object, Ref

DEFAULT_SCHEDULER = "default-scheduler"

UNSEEN = 30
"""Seconds a pod may go without any scheduler having looked at it."""

GATED = 60
"""Seconds a scheduling gate may hold a pod before it counts: queues hold pods on purpose."""

PREEMPTED = 3600
"""Seconds since a preemption that count as now."""

_REFUSED_AFFINITY = re.compile(r"(\d+) node\(s\) didn't match (?:Pod's node affinity/selector|node selector)")
_PREEMPTOR = re.compile(r"Preempted by (?:pod )?(\S+)(?: on node (\S+))?")


@rule(modes.NODE_AFFINITY_UNMATCHED, on="Pod")
def affinity_unmatched(pod: Object, graph: Graph) -> Iterator[Finding]:
    """No node that the nodeSelector allows satisfies the required node affinity."""
    terms = _terms(pod)
    if not terms or not waits(pod, graph):
        return
    nodes = [fit for fit in fits(pod, graph) if fit.selected] if graph.snapshot.knows("Node") else []
    by_message = not graph.snapshot.knows("Node") and _REFUSED_AFFINITY.search(message(pod, graph))
    if any(fit.affine for fit in nodes) or not (nodes or by_message):
        return
    workload = ref(graph.workload(pod))
    yield Finding(
        mode=modes.NODE_AFFINITY_UNMATCHED,
        subject=workload,
        cause=f"{said(workload)} requires nodes where {_told(terms)}, and none of the {counted(len(nodes), 'node')} is"
        f"{_carried(terms, nodes)}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if nodes else Confidence.LIKELY,
        evidence=(
            Evidence(ref(pod), f"/spec/affinity/nodeAffinity/{REQUIRED}/nodeSelectorTerms", _told(terms)),
            *verdict(pod, graph),
        ),
        fix=Fix(
            summary="Label a node so that it matches, change the affinity, or make it preferred rather than required",
            remedies=(kubectl("get", "nodes", "--show-labels"),),
            concerns=("affinity.nodeAffinity",),
        ),
        affected=(ref(pod),),
    )


REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def _terms(pod: Object) -> Sequence[Mapping[str, Sequence[Mapping[str, object]]]]:
    affinity = (spec(pod).get("affinity") or {}).get("nodeAffinity") or {}
    return (affinity.get(REQUIRED) or {}).get("nodeSelectorTerms") or ()


def _told(terms: Sequence[Mapping[str, Sequence[Mapping[str, object]]]]) -> str:
    """`topology.kubernetes.io/zone is in eu-west-1a, eu-west-1b`: terms of an affinity inside a sentence."""
    return " or ".join(
        " and ".join(
            expressed(item) for item in (*(term.get("matchExpressions") or ()), *(term.get("matchFields") or ()))
        )
        or "an empty term matches"
        for term in terms
    )


def _carried(terms: Sequence[Mapping[str, Sequence[Mapping[str, object]]]], nodes: Sequence[Fit]) -> str:
    """Return what the nodes carry under the first key asked for."""
    keys = [str(item.get("key")) for term in terms for item in term.get("matchExpressions") or ()]
    if not keys or not nodes:
        return ""
    values = [labels(fit.node)[keys[0]] for fit in nodes if keys[0] in labels(fit.node)]
    return f" ({listed(f'{keys[0]}={value}' for value in values)})" if values else f" (none carries {keys[0]})"


@rule(modes.NODE_ABSENT, on="Pod")
def node_absent(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A pod is tied by name to a node that is not there: no scheduler asks, and no kubelet comes."""
    name = spec(pod).get("nodeName")
    starting = (status(pod).get("phase") or "Pending") == "Pending" and not status(pod).get("startTime")
    if not name or not starting or graph.exists("Node", "", name) is not False:
        return
    workload = graph.workload(pod)
    written = spec(template(workload)).get("nodeName") == name
    near = closest(name, (ref(node).name for node in graph.all("Node")))
    yield Finding(
        mode=modes.NODE_ABSENT,
        subject=ref(workload),
        cause=f"{said(ref(workload))} {'names' if written else 'was put on'} node {name}, which is not in the cluster"
        f"{f' (there is {near})' if near else ''}, so nobody starts its pods",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(Evidence(ref(pod), "/spec/nodeName", name),),
        fix=Fix(
            summary="Leave nodeName out and let the scheduler choose (a nodeSelector says which nodes may be used)",
            remedies=(*(pod_removals(pod, graph, ("nodeName",)) if written else ()), kubectl("get", "nodes")),
        ),
        affected=(ref(pod),),
    )


@rule(modes.NODES_CORDONED, on="Pod")
def cordoned(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A cordon is what keeps the pod off the nodes it may use; the others are tainted or were never meant."""
    if not waits(pod, graph):
        return
    nodes = eligible(pod, graph)
    held = [fit for fit in nodes if fit.only_cordoned]
    if not held or not all(fit.cordoned or fit.taints for fit in nodes):
        return
    workload, names = ref(graph.workload(pod)), listed(fit.name for fit in held)
    others = [fit for fit in nodes if not fit.cordoned]
    taints = listed(described(taint) for fit in others for taint in fit.taints)
    rest = f"; the other {counted(len(others), 'node')} it may use carry taints ({taints})" if others else ""
    only = "the only node it may use is" if len(nodes) == 1 else "the nodes it may use are"
    yield Finding(
        mode=modes.NODES_CORDONED,
        subject=workload,
        cause=f"{said(workload)} is not scheduled: {only} cordoned ({names}){rest}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(
            *(Evidence(ref(fit.node), "/spec/unschedulable", "true") for fit in held[:3]),
            *verdict(pod, graph),
        ),
        fix=Fix(
            summary="Uncordon the node when its maintenance is over, or let the pods use other nodes",
            remedies=(kubectl("uncordon", held[0].name),),
        ),
        affected=(ref(pod),),
    )


@rule(modes.PREEMPTED, on="Pod")
def preempted(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A pod of this workload had to go for one of higher priority, and its replacement finds no room."""
    if not waits(pod, graph):
        return
    for event in _preemptions(graph).get(_stem(pod), ()):
        lasted = seconds_since(graph.snapshot, event.get("lastTimestamp") or event.get("eventTime"))
        found = _PREEMPTOR.search(event.get("message") or "")
        if found is None or (lasted is not None and lasted > PREEMPTED):
            continue
        yield _preemption(pod, event, found, graph)
        return


@per_graph
def _preemptions(graph: Graph) -> Mapping[tuple[str, str], Sequence[Object]]:
    """Return (namespace, name without its random end) -> the events of pods that had to go, newest first."""
    found: dict[tuple[str, str], list[Object]] = {}
    for event in graph.all("Event"):
        if event.get("reason") == "Preempted":
            about = event.get("involvedObject") or {}
            key = (about.get("namespace", ""), (about.get("name") or "").rpartition("-")[0])
            found.setdefault(key, []).insert(0, event)
    return found


def _stem(pod: Object) -> tuple[str, str]:
    """Return the part of a pod's name that its replacement shares, in its namespace; a bare pod shares none."""
    return (ref(pod).namespace, ref(pod).name.rpartition("-")[0] if controller(pod) else "")


def _preemption(pod: Object, event: Object, found: re.Match[str], graph: Graph) -> Finding:
    workload, rival = ref(graph.workload(pod)), _by_uid(graph).get(found[1])
    own = spec(pod).get("priorityClassName") or f"priority {spec(pod).get('priority') or 0}"
    who = f"{said(ref(graph.workload(rival)))} (PriorityClass {_priority(rival)})" if rival else "a pod it cannot see"
    where = f" on node {found[2]}" if found[2] else ""
    victim = Ref("Pod", ref(pod).namespace, str((event.get("involvedObject") or {}).get("name")))
    return Finding(
        mode=modes.PREEMPTED,
        subject=workload,
        cause=f"{said(workload)} ({own}) had to make room{where} for {who}, and its replacement finds no place",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(Evidence(victim, "event Preempted", event.get("message") or ""), *verdict(pod, graph)),
        fix=Fix(
            summary="Give the workload a class of its own rank, add room, or set preemptionPolicy: Never on the class "
            "that pushes it out",
            remedies=(kubectl("get", "priorityclasses"),),
            concerns=("priorityClassName",),
        ),
        affected=(ref(pod),),
    )


def _priority(pod: Object) -> str:
    return str(spec(pod).get("priorityClassName") or spec(pod).get("priority") or 0)


@per_graph
def _by_uid(graph: Graph) -> Mapping[str, Object]:
    return {metadata(pod).get("uid", ""): pod for pod in graph.all("Pod")}


@rule(modes.SCHEDULING_GATED, on="Pod")
def gated(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A scheduling gate holds the pod back until whoever set it takes it away."""
    gates = [str(gate.get("name")) for gate in spec(pod).get("schedulingGates") or ()]
    if not gates or spec(pod).get("nodeName") or metadata(pod).get("deletionTimestamp"):
        return
    workload = ref(graph.workload(pod))
    age = seconds_since(graph.snapshot, metadata(pod).get("creationTimestamp"))
    yield Finding(
        mode=modes.SCHEDULING_GATED,
        subject=workload,
        cause=f"{said(workload)} is held back by the scheduling gate {listed(gates)}, which whoever set it has not "
        "taken away",
        severity=Severity.WARNING if age is not None and age > GATED else Severity.INFO,
        confidence=Confidence.CERTAIN,
        evidence=(Evidence(ref(pod), "/spec/schedulingGates", listed(gates)),),
        fix=Fix("See whether the controller that owns the gate runs and what it waits for (a queue, a quota)"),
        affected=(ref(pod),),
    )


@rule(modes.NO_SCHEDULER, on="Pod")
def unseen(pod: Object, graph: Graph) -> Iterator[Finding]:
    """No scheduler has looked at the pod: it names one nobody runs, or the cluster's own is down."""
    age = seconds_since(graph.snapshot, metadata(pod).get("creationTimestamp"))
    if not is_unscheduled(pod) or age is None or age <= UNSEEN or _was_seen(pod, graph):
        return
    name, workload = spec(pod).get("schedulerName") or DEFAULT_SCHEDULER, ref(graph.workload(pod))
    other = name != DEFAULT_SCHEDULER
    why = f"asks for scheduler {name}, and no such scheduler looks" if other else f"waits and {name} does not look"
    leases = kubectl("get", "leases", namespace="kube-system")
    yield Finding(
        mode=modes.NO_SCHEDULER,
        subject=workload,
        cause=f"{said(workload)} {why} at its pods: {int(age)} s without a word",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if other else Confidence.LIKELY,
        evidence=(Evidence(ref(pod), "/spec/schedulerName", name),),
        fix=Fix(
            summary=f"Leave schedulerName out, or start {name}" if other else "Start the scheduler again",
            remedies=(*(pod_edits(pod, graph, ("schedulerName",), DEFAULT_SCHEDULER) if other else ()), leases),
        ),
        affected=(ref(pod),),
    )


def _was_seen(pod: Object, graph: Graph) -> bool:
    """Return whether any scheduler spoke of the pod, in a condition or an event."""
    said_so = any(event.get("reason") in ("FailedScheduling", "Scheduled") for event in graph.events(pod))
    return said_so or condition(pod, "PodScheduled") is not None or not graph.snapshot.knows("Event")


RULES = (
    *(once_per_shape(found) for found in (affinity_unmatched, cordoned)),
    node_absent,
    preempted,
    gated,
    unseen,
)
