"""Pods no node takes. The nodes the pod may use come first, then what keeps it off those; the message comes last."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from agent.diagnose.demand import largest, requests
from agent.diagnose.fields import condition, is_unscheduled, metadata, seconds_since, spec
from agent.diagnose.finding import Change, Confidence, Evidence, Finding, Fix, Severity
from agent.diagnose.memo import per_graph
from agent.diagnose.nodes import CONTROL_PLANE, Fit, described, fits, sees_every_pod, shape
from agent.diagnose.registry import Rule, Test, rule
from agent.diagnose.wording import cores, counted, listed, memory, pairs, said
from agent.snapshot.graph import Graph, event_time, labels, ref
from agent.snapshot.record import Object, Ref

PATIENCE = 30
"""Seconds a pod may be unscheduled without the scheduler having said anything about it."""

_REFUSED_TAINT = re.compile(r"(\d+) node\(s\) had (?:untolerated )?taints?\b(?! \{node\.kubernetes\.io)")
_REFUSED_SELECTOR = re.compile(r"(\d+) node\(s\) didn't match (?:Pod's node affinity/selector|node selector)")
_NODES = re.compile(r"\d+/(\d+) nodes are available")


@dataclass(frozen=True, slots=True)
class Amount:
    """A resource the scheduler counts, and how to say it."""

    mode: int
    code: str
    resource: str
    noun: str
    shown: Callable[[Decimal], str]


CPU = Amount(17, "insufficient-cpu", "cpu", "CPU", cores)
MEMORY = Amount(18, "insufficient-memory", "memory", "memory", memory)


@rule(21, "node-selector-unmatched", on="Pod")
def selector_unmatched(pod: Object, graph: Graph) -> Iterator[Finding]:
    """No node carries the labels of the pod's nodeSelector."""
    wanted = spec(pod).get("nodeSelector") or {}
    if not wanted or not _waits(pod, graph):
        return
    found = fits(pod, graph) if graph.snapshot.knows("Node") else ()
    if found and any(fit.selected for fit in found):
        return
    if not found and not _said_of_all(_REFUSED_SELECTOR, pod, graph):
        return
    workload = ref(graph.workload(pod))
    yield Finding(
        mode=21,
        code="node-selector-unmatched",
        subject=workload,
        cause=f"{said(workload)} may only run on nodes labelled {pairs(wanted)}{_what_nodes_carry(wanted, found)}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if found else Confidence.LIKELY,
        evidence=(Evidence(ref(pod), "/spec/nodeSelector", pairs(wanted)), *_verdict(pod, graph)),
        fix=Fix(
            summary=f"Label a node with {pairs(wanted)}, or select labels that a node carries",
            changes=(Change("nodeSelector", pairs(wanted), "", "nodeSelector"),),
            command=f"kubectl label nodes NODE {' '.join(f'{key}={value}' for key, value in wanted.items())}",
        ),
        affected=(ref(pod),),
    )


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


@rule(24, "untolerated-taint", on="Pod")
def untolerated_taint(pod: Object, graph: Graph) -> Iterator[Finding]:
    """Every node the pod may use carries a taint it does not tolerate."""
    if not _waits(pod, graph):
        return
    eligible = _eligible(pod, graph)
    tainted = _telling(eligible)
    by_objects = bool(tainted) and all(fit.cordoned or fit.taints for fit in eligible)
    by_message = not graph.snapshot.knows("Node") and _said_of_all(_REFUSED_TAINT, pod, graph)
    if by_objects or by_message:
        yield _taint_finding(pod, graph, tainted)


def _telling(eligible: Sequence[Fit]) -> list[Fit]:
    """Return the nodes whose taint a person set; a control plane's counts only where there is nothing else to use."""
    tainted = [fit for fit in eligible if fit.chosen_taints()]
    workers = [fit for fit in tainted if not _is_control_plane(fit)]
    return workers or (tainted if len(tainted) == len(eligible) else [])


def _taint_finding(pod: Object, graph: Graph, telling: Sequence[Fit]) -> Finding:
    workload = ref(graph.workload(pod))
    taints = list(dict.fromkeys(described(taint) for fit in telling for taint in fit.chosen_taints()))
    names = listed(fit.name for fit in telling)
    where = f"carries the taint {listed(taints)}" if len(telling) == 1 else f"carry the taint {listed(taints)}"
    told = f"{names} {where}" if taints else "the nodes carry taints"
    only = "the only nodes it may use" if len(telling) > 1 else "the only node it may use"
    return Finding(
        mode=24,
        code="untolerated-taint",
        subject=workload,
        cause=f"{said(workload)} is not scheduled: {told}, which its pods do not tolerate ({only})",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if taints else Confidence.LIKELY,
        evidence=(*(_taint_evidence(fit) for fit in telling[:3]), *_verdict(pod, graph)),
        fix=_taint_fix(telling, taints),
        affected=(ref(pod),),
    )


def _taint_evidence(fit: Fit) -> Evidence:
    return Evidence(ref(fit.node), "/spec/taints", listed(described(taint) for taint in fit.chosen_taints()))


def _taint_fix(tainted: Sequence[Fit], taints: Sequence[str]) -> Fix:
    first = next((taint for fit in tainted for taint in fit.chosen_taints()), None)
    if first is None:
        return Fix("Tolerate the taint, or take it off a node", (Change("tolerations", "", "", "tolerations"),))
    value = {"value": first["value"]} if first.get("value") else {}
    wanted = {"key": first.get("key", ""), "operator": "Equal" if value else "Exists", **value}
    entry = ", ".join(f'{key}: "{text}"' for key, text in (wanted | {"effect": first.get("effect", "")}).items())
    return Fix(
        summary=f"Tolerate {listed(taints)} if these pods belong on such nodes; otherwise take the taint off a node",
        changes=(Change("tolerations", "", f"[{{{entry}}}]", "tolerations"),),
        command=f"kubectl taint nodes {tainted[0].name} {described(first)}-",
    )


def insufficient(amount: Amount) -> Rule:
    """Return the rule for one countable resource: too much for any node, or for what is free now."""

    def test(pod: Object, graph: Graph) -> Iterator[Finding]:
        need = requests(pod).get(amount.resource)
        if need and _waits(pod, graph):
            usable = [fit for fit in _eligible(pod, graph) if not fit.taints and not fit.cordoned]
            yield from _shortage(pod, graph, amount, usable)

    return Rule(amount.mode, amount.code, "Pod", test)


def _shortage(pod: Object, graph: Graph, amount: Amount, usable: Sequence[Fit]) -> Iterator[Finding]:
    need = requests(pod)[amount.resource]
    if usable and all(need > _allocatable(fit, amount) for fit in usable):
        yield _shortage_finding(pod, graph, amount, _impossible(need, amount, usable), usable, Confidence.CERTAIN)
    elif usable and sees_every_pod(graph) and _is_the_limit(amount, usable):
        yield _shortage_finding(pod, graph, amount, _full(need, amount, usable), usable, _agreed(pod, graph, amount))
    elif f"Insufficient {amount.resource}" in _message(pod, graph) and (usable or not graph.snapshot.knows("Node")):
        text = f"requests {amount.shown(need)} {amount.noun} and the scheduler finds no node with that much free"
        yield _shortage_finding(pod, graph, amount, text, usable, Confidence.LIKELY)


def _agreed(pod: Object, graph: Graph, amount: Amount) -> Confidence:
    """Return how sure it is: the scheduler, whose word may be older than the objects, says so too."""
    text = _message(pod, graph)
    return Confidence.CERTAIN if not text or f"Insufficient {amount.resource}" in text else Confidence.LIKELY


def _allocatable(fit: Fit, amount: Amount) -> Decimal:
    """Return what the node has of it in all, or enough when it is not short of it."""
    return fit.short.get(amount.resource, (Decimal(), Decimal("Infinity")))[1]


def _is_the_limit(amount: Amount, usable: Sequence[Fit]) -> bool:
    """Return whether capacity alone keeps the pod off every usable node, and this resource on most of them."""
    if not all(fit.short for fit in usable):
        return False
    lacking = {name: sum(name in fit.short for fit in usable) for fit in usable for name in fit.short}
    best = max(lacking.values())
    names = sorted(name for name, nodes in lacking.items() if nodes == best)
    return names[0] == amount.resource


def _impossible(need: Decimal, amount: Amount, usable: Sequence[Fit]) -> str:
    biggest = max(usable, key=lambda fit: _allocatable(fit, amount))
    has = f"{amount.shown(_allocatable(biggest, amount))} {amount.noun} in all"
    which = (
        "the only node it may use" if len(usable) == 1 else f"the largest of {counted(len(usable), 'node')} it may use"
    )
    return (
        f"requests {amount.shown(need)} {amount.noun} per pod, more than any node has: "
        f"{biggest.name}, {which}, has {has}, so it can never be scheduled"
    )


def _full(need: Decimal, amount: Amount, usable: Sequence[Fit]) -> str:
    short = [fit for fit in usable if amount.resource in fit.short]
    best = max(short, key=lambda fit: fit.short[amount.resource][0])
    free, given = best.short[amount.resource]
    others = (
        ""
        if len(short) == len(usable)
        else f"; the other {counted(len(usable) - len(short), 'node')} lack something else"
    )
    return (
        f"requests {amount.shown(need)} {amount.noun} per pod and no node it may use has that much free now: "
        f"at most {amount.shown(max(free, Decimal()))} of {amount.shown(given)} on {best.name}{others}"
    )


def _shortage_finding(
    pod: Object, graph: Graph, amount: Amount, text: str, usable: Sequence[Fit], confidence: Confidence
) -> Finding:
    workload = ref(graph.workload(pod))
    return Finding(
        mode=amount.mode,
        code=amount.code,
        subject=workload,
        cause=f"{said(workload)} {text}{_tainted_room(pod, graph, usable)}",
        severity=Severity.ERROR,
        confidence=confidence,
        evidence=(*_request_evidence(pod, amount), *_node_evidence(usable, amount, graph), *_verdict(pod, graph)),
        fix=_shortage_fix(pod, amount, impossible="never" in text),
        affected=(ref(pod),),
        container=_asker(pod, amount),
    )


def _tainted_room(pod: Object, graph: Graph, usable: Sequence[Fit]) -> str:
    """Return a half-sentence on nodes that have room and are kept from the pod by a taint or a cordon."""
    names = {fit.name for fit in usable}
    room = [
        fit for fit in _eligible(pod, graph) if fit.name not in names and not fit.short and not _is_control_plane(fit)
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


def _node_evidence(usable: Sequence[Fit], amount: Amount, graph: Graph) -> Iterator[Evidence]:
    for fit in [fit for fit in usable if amount.resource in fit.short][:3]:
        free, given = fit.short[amount.resource]
        left = f", {amount.shown(max(free, Decimal()))} not requested by pods" if sees_every_pod(graph) else ""
        text = f"{amount.shown(given)} allocatable{left}"
        yield Evidence(ref(fit.node), f"/status/allocatable/{amount.resource}", text)


def _shortage_fix(pod: Object, amount: Amount, *, impossible: bool) -> Fix:
    found = largest(pod, amount.resource)
    old = amount.shown(found[2]) if found else ""
    path = f"resources.requests.{amount.resource}"
    way = "add a larger node" if impossible else f"free {amount.noun} on a node, or add one"
    return Fix(
        summary=f"Lower the {amount.noun} request, or {way}",
        changes=(Change(f"containers[].{path}", old, "", path),),
    )


def _asker(pod: Object, amount: Amount) -> str:
    found = largest(pod, amount.resource)
    return str(found[1].get("name", "")) if found else ""


def _eligible(pod: Object, graph: Graph) -> list[Fit]:
    """Return the nodes the pod's selector and affinity allow; empty when nodes are not known."""
    return [fit for fit in fits(pod, graph) if fit.eligible] if graph.snapshot.knows("Node") else []


def _is_control_plane(fit: Fit) -> bool:
    return any(taint.get("key") in CONTROL_PLANE for taint in fit.taints)


def _waits(pod: Object, graph: Graph) -> bool:
    """Return whether the pod is unscheduled and the scheduler has said so, or has had time to."""
    if not is_unscheduled(pod):
        return False
    if _message(pod, graph):
        return True
    age = seconds_since(graph.snapshot, metadata(pod).get("creationTimestamp"))
    return age is not None and age > PATIENCE


def _message(pod: Object, graph: Graph) -> str:
    return next((item.text for item in _verdict(pod, graph)), "")


def _verdict(pod: Object, graph: Graph) -> Iterator[Evidence]:
    """Yield what the scheduler says now: its condition, or else its newest event."""
    found = condition(pod, "PodScheduled")
    if found is not None and found[1].get("reason") == "Unschedulable" and found[1].get("message"):
        yield Evidence(ref(pod), f"{found[0]}/message", found[1]["message"])
        return
    events = [event for event in graph.events(pod) if event.get("reason") == "FailedScheduling"]
    if events:
        newest = max(events, key=event_time)
        yield Evidence(ref(pod), "event FailedScheduling", newest.get("message") or "")


def _said_of_all(pattern: re.Pattern[str], pod: Object, graph: Graph) -> bool:
    """Return whether the message blames that reason on most nodes (a taint on half of them is a control plane's)."""
    text = _message(pod, graph)
    nodes, found = _NODES.search(text), pattern.search(text)
    share = int(found[1]) / int(nodes[1]) if nodes and found and int(nodes[1]) else 0.0
    return share > 0.5 or (share == 0.5 and pattern is _REFUSED_SELECTOR)


def _once_per_shape(test: Test) -> Test:
    """Ask about one pod of many equal ones: hundreds of replicas wait for one reason."""

    @per_graph
    def answers(graph: Graph) -> dict[tuple[Ref, str, str], list[Finding]]:
        return {}

    def asked(pod: Object, graph: Graph) -> Iterator[Finding]:
        if not is_unscheduled(pod):
            return
        key = (ref(graph.workload(pod)), shape(pod), _message(pod, graph))
        known = answers(graph).get(key) if key[2] else None
        if known is None:
            known = answers(graph)[key] = list(test(pod, graph))
            yield from known
        else:
            yield from (replace(finding, affected=(ref(pod),), evidence=()) for finding in known)

    return asked


RULES = tuple(
    replace(found, test=_once_per_shape(found.test))
    for found in (selector_unmatched, untolerated_taint, insufficient(CPU), insufficient(MEMORY))
)
