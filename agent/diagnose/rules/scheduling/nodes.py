"""Pods no node takes. The nodes the pod may use come first, then what keeps it off those; the message comes last."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.modes import Mode
from agent.diagnose.registry import Rule, once_per_shape, rule
from agent.kube.edits import container_edits, pod_edits
from agent.kube.fields import spec, status
from agent.kube.pending import eligible, message, usable, verdict, waits
from agent.kube.remedies import END, Edit, NeedsPerson, kubectl
from agent.kube.requests import amounts, largest, requests
from agent.kube.scheduling import CONTROL_PLANE, Fit, described, fits, sees_every_pod
from agent.kube.wording import closest, cores, counted, listed, memory, pairs, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, labels, ref
from agent.snapshot.record import Object

_REFUSED_TAINT = re.compile(r"(\d+) node\(s\) had (?:untolerated )?taints?\b(?! \{node\.kubernetes\.io)")
_REFUSED_SELECTOR = re.compile(r"(\d+) node\(s\) didn't match (?:Pod's node affinity/selector|node selector)")
_NODES = re.compile(r"\d+/(\d+) nodes are available")


@dataclass(frozen=True, slots=True)
class Amount:
    """A resource the scheduler counts, and how to say it."""

    mode: Mode
    resource: str
    noun: str
    shown: Callable[[Decimal], str]


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


CPU = Amount(modes.INSUFFICIENT_CPU, "cpu", "CPU", cores)
MEMORY = Amount(modes.INSUFFICIENT_MEMORY, "memory", "memory", memory)
SCRATCH = Amount(modes.INSUFFICIENT_EPHEMERAL_STORAGE, "ephemeral-storage", "ephemeral storage", memory)


def device(resource: str) -> Amount:
    """Return how an extended resource (a GPU, huge pages) is counted: whole pieces of a name with a slash."""
    return Amount(modes.INSUFFICIENT_DEVICE, resource, resource, _plain)


@rule(modes.NODE_SELECTOR_UNMATCHED, on="Pod")
def selector_unmatched(pod: Object, graph: Graph) -> Iterator[Finding]:
    """No node carries the labels of the pod's nodeSelector."""
    wanted = spec(pod).get("nodeSelector") or {}
    if not wanted or not waits(pod, graph):
        return
    found = fits(pod, graph) if graph.snapshot.knows("Node") else ()
    if found and any(fit.selected for fit in found):
        return
    if not found and not _said_of_all(_REFUSED_SELECTOR, pod, graph):
        return
    workload = ref(graph.workload(pod))
    yield Finding(
        mode=modes.NODE_SELECTOR_UNMATCHED,
        subject=workload,
        cause=f"{said(workload)} may only run on nodes labelled {pairs(wanted)}{_what_nodes_carry(wanted, found)}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if found else Confidence.LIKELY,
        evidence=(Evidence(ref(pod), "/spec/nodeSelector", pairs(wanted)), *verdict(pod, graph)),
        fix=Fix(
            summary=f"Label a node with {pairs(wanted)}, or select labels that a node carries",
            remedies=(*_other_labels(pod, wanted, found, graph), kubectl("get", "nodes", "--show-labels")),
            concerns=("nodeSelector",),
        ),
        affected=(ref(pod),),
    )


def _other_labels(pod: Object, wanted: dict[str, str], found: Sequence[Fit], graph: Graph) -> Iterator[Edit]:
    """Yield the edits of the labels that no node carries: to one that is nearly the same, or to one a person names."""
    for key, value in wanted.items():
        carried = sorted({str(labels(fit.node)[key]) for fit in found if key in labels(fit.node)})
        if value not in carried:
            other = closest(value, carried) or NeedsPerson(f"a value of {key} that a node carries")
            yield from pod_edits(pod, graph, ("nodeSelector", key), other)


def _what_nodes_carry(wanted: dict[str, str], found: Sequence[Fit]) -> str:
    """Return the half-sentence that names the label no node has and what nodes have instead."""
    if not found:
        return ", which the scheduler found on no node"
    for key, value in wanted.items():
        carried = [labels(fit.node).get(key, "") for fit in found if key in labels(fit.node)]
        if value not in carried:
            instead = (
                f"the nodes carry {listed(f'{key}={other}' for other in carried)}" if carried else f"none has {key}"
            )
            return f", and none of the {counted(len(found), 'node')} is labelled {key}={value} ({instead})"
    return f", and no single one of the {counted(len(found), 'node')} carries all of them"


@rule(modes.UNTOLERATED_TAINT, on="Pod")
def untolerated_taint(pod: Object, graph: Graph) -> Iterator[Finding]:
    """Every node the pod may use carries a taint it does not tolerate."""
    if not waits(pod, graph):
        return
    found = eligible(pod, graph)
    tainted = _telling(found)
    kept_off = all(fit.cordoned or fit.taints for fit in found)
    by_objects = bool(tainted) and kept_off and not any(fit.only_cordoned for fit in found)
    by_message = not graph.snapshot.knows("Node") and _said_of_all(_REFUSED_TAINT, pod, graph)
    if by_objects or by_message:
        yield _taint_finding(pod, graph, tainted)


def _telling(found: Sequence[Fit]) -> list[Fit]:
    """Return the nodes whose taint a person set; a control plane's counts only where there is nothing else to use."""
    tainted = [fit for fit in found if fit.chosen_taints()]
    workers = [fit for fit in tainted if not _is_control_plane(fit)]
    return workers or (tainted if len(tainted) == len(found) else [])


def _taint_finding(pod: Object, graph: Graph, telling: Sequence[Fit]) -> Finding:
    workload = ref(graph.workload(pod))
    taints = list(dict.fromkeys(described(taint) for fit in telling for taint in fit.chosen_taints()))
    names = listed(fit.name for fit in telling)
    where = f"carries the taint {listed(taints)}" if len(telling) == 1 else f"carry the taint {listed(taints)}"
    told = f"{names} {where}" if taints else "the nodes carry taints"
    only = "the only nodes it may use" if len(telling) > 1 else "the only node it may use"
    return Finding(
        mode=modes.UNTOLERATED_TAINT,
        subject=workload,
        cause=f"{said(workload)} is not scheduled: {told}, which its pods do not tolerate ({only})",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if taints else Confidence.LIKELY,
        evidence=(*(_taint_evidence(fit) for fit in telling[:3]), *verdict(pod, graph)),
        fix=_taint_fix(pod, telling, taints, graph),
        affected=(ref(pod),),
    )


def _taint_evidence(fit: Fit) -> Evidence:
    return Evidence(ref(fit.node), "/spec/taints", listed(described(taint) for taint in fit.chosen_taints()))


def _taint_fix(pod: Object, tainted: Sequence[Fit], taints: Sequence[str], graph: Graph) -> Fix:
    first = next((taint for fit in tainted for taint in fit.chosen_taints()), None)
    if first is None:
        return Fix("Tolerate the taint, or take it off a node", concerns=("tolerations",))
    value = {"value": first["value"]} if first.get("value") else {}
    wanted = {"key": first.get("key", ""), "operator": "Equal" if value else "Exists", **value}
    toleration = wanted | {"effect": first.get("effect", "")}
    return Fix(
        summary=f"Tolerate {listed(taints)} if these pods belong on such nodes; otherwise take the taint off a node",
        remedies=(
            *pod_edits(pod, graph, ("tolerations", END), toleration),
            kubectl("taint", "nodes", tainted[0].name, f"{described(first)}-"),
        ),
    )


def insufficient(amount: Amount) -> Rule:
    """Return the rule for one countable resource: too much for any node, or for what is free now."""

    def test(pod: Object, graph: Graph) -> Iterator[Finding]:
        need = requests(pod).get(amount.resource)
        if need and waits(pod, graph):
            yield from _shortage(pod, graph, amount, usable(pod, graph))

    return Rule(amount.mode, "Pod", test)


@rule(modes.INSUFFICIENT_DEVICE, on="Pod")
def insufficient_device(pod: Object, graph: Graph) -> Iterator[Finding]:
    """No node has the GPUs (or other devices, or huge pages) the pod asks for."""
    if waits(pod, graph):
        for resource in requests(pod):
            if "/" in resource or resource.startswith("hugepages-"):
                yield from _shortage(pod, graph, device(resource), usable(pod, graph))


@rule(modes.TOO_MANY_PODS, on="Pod")
def too_many_pods(pod: Object, graph: Graph) -> Iterator[Finding]:
    """Every node the pod may use holds as many pods as it may."""
    if not waits(pod, graph):
        return
    nodes = usable(pod, graph)
    full = [fit for fit in nodes if "pods" in fit.short]
    said_so = "Too many pods" in message(pod, graph)
    if full and len(full) == len(nodes) and (said_so or sees_every_pod(graph)):
        yield _crowded(pod, graph, full)
    elif said_so and not any(set(fit.short) - {"pods"} for fit in nodes) and "Insufficient" not in message(pod, graph):
        yield _crowded(pod, graph, full or nodes)


def _crowded(pod: Object, graph: Graph, full: Sequence[Fit]) -> Finding:
    workload = ref(graph.workload(pod))
    allowed = [amounts(status(fit.node).get("allocatable")).get("pods", Decimal()) for fit in full]
    holds = f"at most {_plain(allowed[0])} pods" if len(set(allowed)) == 1 else "no more pods"
    where = (
        f"{listed(fit.name for fit in full)} hold{'s' if len(full) == 1 else ''} {holds}" if full else "all are full"
    )
    return Finding(
        mode=modes.TOO_MANY_PODS,
        subject=workload,
        cause=f"{said(workload)} finds no place: every node it may use holds as many pods as it may ({where})",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if full else Confidence.LIKELY,
        evidence=(
            *(
                Evidence(ref(fit.node), "/status/allocatable/pods", _plain(most))
                for fit, most in list(zip(full, allowed, strict=True))[:3]
            ),
            *verdict(pod, graph),
        ),
        fix=Fix("Add a node, raise the kubelet's maxPods, or run fewer replicas"),
        affected=(ref(pod),),
    )


def _shortage(pod: Object, graph: Graph, amount: Amount, nodes: Sequence[Fit]) -> Iterator[Finding]:
    need = requests(pod)[amount.resource]
    if nodes and all(need > _allocatable(fit, amount) for fit in nodes):
        yield _shortage_finding(pod, graph, amount, _impossible(need, amount, nodes), nodes, Confidence.CERTAIN)
    elif nodes and sees_every_pod(graph) and _is_the_limit(amount, nodes):
        yield _shortage_finding(pod, graph, amount, _full(need, amount, nodes), nodes, _agreed(pod, graph, amount))
    elif f"Insufficient {amount.resource}" in message(pod, graph) and (nodes or not graph.snapshot.knows("Node")):
        text = f"requests {amount.shown(need)} {amount.noun} and the scheduler finds no node with that much free"
        yield _shortage_finding(pod, graph, amount, text, nodes, Confidence.LIKELY)


def _agreed(pod: Object, graph: Graph, amount: Amount) -> Confidence:
    """Return how sure it is: the scheduler, whose word may be older than the objects, says so too."""
    text = message(pod, graph)
    return Confidence.CERTAIN if not text or f"Insufficient {amount.resource}" in text else Confidence.LIKELY


def _allocatable(fit: Fit, amount: Amount) -> Decimal:
    """Return what the node has of it in all, or enough when it is not short of it."""
    return fit.short.get(amount.resource, (Decimal(), Decimal("Infinity")))[1]


def _is_the_limit(amount: Amount, nodes: Sequence[Fit]) -> bool:
    """Return whether capacity alone keeps the pod off every nodes node, and this resource on most of them."""
    if not all(fit.short for fit in nodes):
        return False
    lacking = {name: sum(name in fit.short for fit in nodes) for fit in nodes for name in fit.short}
    best = max(lacking.values())
    names = sorted(name for name, nodes in lacking.items() if nodes == best)
    return names[0] == amount.resource


def _impossible(need: Decimal, amount: Amount, nodes: Sequence[Fit]) -> str:
    biggest = max(nodes, key=lambda fit: _allocatable(fit, amount))
    has = f"{amount.shown(_allocatable(biggest, amount))} {amount.noun} in all"
    which = (
        "the only node it may use" if len(nodes) == 1 else f"the largest of {counted(len(nodes), 'node')} it may use"
    )
    if not _allocatable(biggest, amount):
        return f"requests {amount.shown(need)} {amount.noun} per pod, and no node it may use offers any"
    return (
        f"requests {amount.shown(need)} {amount.noun} per pod, more than any node has: "
        f"{biggest.name}, {which}, has {has}, so it can never be scheduled"
    )


def _full(need: Decimal, amount: Amount, nodes: Sequence[Fit]) -> str:
    short = [fit for fit in nodes if amount.resource in fit.short]
    best = max(short, key=lambda fit: fit.short[amount.resource][0])
    free, given = best.short[amount.resource]
    others = (
        ""
        if len(short) == len(nodes)
        else f"; the other {counted(len(nodes) - len(short), 'node')} lack something else"
    )
    return (
        f"requests {amount.shown(need)} {amount.noun} per pod and no node it may use has that much free now: "
        f"at most {amount.shown(max(free, Decimal()))} of {amount.shown(given)} on {best.name}{others}"
    )


def _shortage_finding(
    pod: Object, graph: Graph, amount: Amount, text: str, nodes: Sequence[Fit], confidence: Confidence
) -> Finding:
    workload = ref(graph.workload(pod))
    return Finding(
        mode=amount.mode,
        subject=workload,
        cause=f"{said(workload)} {text}{_tainted_room(pod, graph, nodes)}",
        severity=Severity.ERROR,
        confidence=confidence,
        evidence=(*_request_evidence(pod, amount), *_node_evidence(nodes, amount, graph), *verdict(pod, graph)),
        fix=_shortage_fix(pod, amount, graph, impossible="never" in text),
        affected=(ref(pod),),
        container=_asker(pod, amount),
    )


def _tainted_room(pod: Object, graph: Graph, nodes: Sequence[Fit]) -> str:
    """Return a half-sentence on nodes that have room and are kept from the pod by a taint or a cordon."""
    names = {fit.name for fit in nodes}
    room = [
        fit for fit in eligible(pod, graph) if fit.name not in names and not fit.short and not _is_control_plane(fit)
    ]
    if not room:
        return ""
    reasons = listed([described(taint) for fit in room for taint in fit.taints] or ["cordoned"])
    return f" ({listed(fit.name for fit in room)} would have room: {reasons})"


def _request_evidence(pod: Object, amount: Amount) -> Iterator[Evidence]:
    found = largest(pod, amount.resource)
    if found is not None:
        pointer, container, value = found
        text = f"{container.get('name', '')}: {amount.shown(value)}"
        yield Evidence(ref(pod), f"{pointer}/resources/requests/{amount.resource}", text)


def _node_evidence(nodes: Sequence[Fit], amount: Amount, graph: Graph) -> Iterator[Evidence]:
    for fit in [fit for fit in nodes if amount.resource in fit.short][:3]:
        free, given = fit.short[amount.resource]
        left = f", {amount.shown(max(free, Decimal()))} not requested by pods" if sees_every_pod(graph) else ""
        text = f"{amount.shown(given)} allocatable{left}"
        yield Evidence(ref(fit.node), f"/status/allocatable/{amount.resource}", text)


def _shortage_fix(pod: Object, amount: Amount, graph: Graph, *, impossible: bool) -> Fix:
    # devices are asked for by their limit: the request follows it
    part = "limits" if amount.mode is modes.INSUFFICIENT_DEVICE else "requests"
    less = NeedsPerson(f"a request of {amount.noun} that a node has room for")
    edits = container_edits(pod, graph, _asker(pod, amount), ("resources", part, amount.resource), less)
    way = "add a larger node" if impossible else f"free {amount.noun} on a node, or add one"
    return Fix(
        summary=f"Lower the {amount.noun} request, or {way}",
        remedies=edits,
    )


def _asker(pod: Object, amount: Amount) -> str:
    found = largest(pod, amount.resource)
    return str(found[1].get("name", "")) if found else ""


def _is_control_plane(fit: Fit) -> bool:
    return any(taint.get("key") in CONTROL_PLANE for taint in fit.taints)


def _said_of_all(pattern: re.Pattern[str], pod: Object, graph: Graph) -> bool:
    """Return whether the message blames that reason on most nodes (a taint on half of them is a control plane's)."""
    text = message(pod, graph)
    nodes, found = _NODES.search(text), pattern.search(text)
    share = int(found[1]) / int(nodes[1]) if nodes and found and int(nodes[1]) else 0.0
    return share > 0.5 or (share == 0.5 and pattern is _REFUSED_SELECTOR)


RULES = tuple(
    once_per_shape(found)
    for found in (
        selector_unmatched,
        untolerated_taint,
        insufficient(CPU),
        insufficient(MEMORY),
        insufficient_device,
        insufficient(SCRATCH),
        too_many_pods,
    )
)
