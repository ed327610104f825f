"""Pods whose neighbours keep them from every node: anti-affinity, spread, affinity to nobody, a port that is taken."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.registry import once_per_shape, rule
from agent.kube.affinity import (
    Port,
    Term,
    domain,
    domain_of,
    held_ports,
    host_ports,
    meant,
    rivals,
    terms,
)
from agent.kube.edits import container_path, pod_edits, pod_removals
from agent.kube.fields import containers, number, spec
from agent.kube.pending import eligible, message, usable, verdict, waits
from agent.kube.remedies import Edit, Item, Path
from agent.kube.scheduling import Fit
from agent.kube.selectors import matches
from agent.kube.wording import counted, listed, pairs, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, controller, labels, ref
from agent.snapshot.record import Object

_REPELLED = re.compile(r"didn't (?:match|satisfy existing pods') (?:pod )?anti-affinity rules")
_SPREAD = re.compile(r"didn't match pod topology spread constraints")
_PORTS = re.compile(r"didn't have free ports")


@rule(modes.ANTI_AFFINITY_UNSATISFIABLE, on="Pod")
def repelled(pod: Object, graph: Graph) -> Iterator[Finding]:
    """Every node the pod may use is in a domain where a pod it refuses (or that refuses it) already runs."""
    if not waits(pod, graph):
        return
    nodes = usable(pod, graph)
    known = rivals(pod, graph)
    found = (_rival(fit, known) for fit in nodes)
    blocked = [entry for entry in found if entry is not None]
    everywhere = bool(nodes) and len(blocked) == len(nodes)
    if blocked and (everywhere or _REPELLED.search(message(pod, graph))):
        yield _repelled(pod, graph, blocked, nodes, everywhere)


def _rival(fit: Fit, known: Mapping[tuple[str, str | None], Object]) -> tuple[Object, str] | None:
    """Return (pod in the way, topology key) on a node, None when nobody there minds."""
    for key in {key for key, _ in known}:
        holder = known.get((key, domain(fit, key))) if domain(fit, key) is not None else None
        if holder is not None:
            return holder, key
    return None


def _repelled(
    pod: Object, graph: Graph, blocked: Sequence[tuple[Object, str]], nodes: Sequence[Fit], everywhere: bool
) -> Finding:
    workload, key = graph.workload(pod), blocked[0][1]
    wanted, own = spec(workload).get("replicas"), ref(blocked[0][0]) != ref(pod)
    same = own and ref(graph.workload(blocked[0][0])) == ref(workload)
    whom = "one of its own pods" if same else f"a pod of {said(ref(graph.workload(blocked[0][0])))}"
    domains = len({domain(fit, key) for fit in nodes})
    reach = (
        f"there {'is' if domains == 1 else 'are'} {counted(domains, 'domain')} for {wanted} replicas"
        if same
        else (f"no {key} is left without one")
    )
    return Finding(
        mode=modes.ANTI_AFFINITY_UNSATISFIABLE,
        subject=ref(workload),
        cause=f"{said(ref(workload))} may not run twice in one {key} (required anti-affinity), and {whom} already runs "
        f"wherever it could go: {reach}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if everywhere else Confidence.LIKELY,
        evidence=(
            Evidence(ref(pod), "/spec/affinity/podAntiAffinity", key),
            *(Evidence(ref(found), "/spec/nodeName", str(spec(found).get("nodeName"))) for found, _ in blocked[:3]),
            *verdict(pod, graph),
        ),
        fix=Fix(
            summary="Make the anti-affinity preferred rather than required, run fewer replicas, or add nodes",
            concerns=("affinity.podAntiAffinity", *(["replicas"] if same else [])),
        ),
        affected=(ref(pod),),
    )


@rule(modes.SPREAD_UNSATISFIABLE, on="Pod")
def unspread(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A hard spread constraint leaves no node: none carries its key, or every domain has its share already."""
    if not waits(pod, graph):
        return
    nodes = usable(pod, graph)
    for index, constraint in enumerate(spec(pod).get("topologySpreadConstraints") or ()):
        if constraint.get("whenUnsatisfiable") != "DoNotSchedule" or not nodes:
            continue
        why = _unspread(pod, constraint, nodes, graph)
        if why:
            yield _spread_finding(pod, graph, index, constraint, why)
            return


def _unspread(pod: Object, constraint: Mapping[str, Any], nodes: Sequence[Fit], graph: Graph) -> str:
    """Return why a constraint leaves no node, "" when it leaves one."""
    key = str(constraint.get("topologyKey"))
    keyed = [fit for fit in nodes if domain(fit, key) is not None]
    if not keyed:
        return f"no node it may use carries the label {key}"
    counts = _counts(pod, constraint, key, graph)
    fewest = min(counts.values(), default=0)
    if number(constraint.get("minDomains"), 1) > len(counts):
        fewest = 0
    most = number(constraint.get("maxSkew"), 1)
    if any(counts[str(domain(fit, key))] + 1 - fewest <= most for fit in keyed):
        return ""
    behind = min(counts, key=lambda name: counts[name])
    if not _SPREAD.search(message(pod, graph)):
        return ""  # the least crowded domain may just be waiting for the scheduler's next turn
    return f"domain {behind} has {counts[behind]} of its pods, and the nodes it may use are ahead by more than {most}"


def _counts(pod: Object, constraint: Mapping[str, Any], key: str, graph: Graph) -> Counter[str]:
    """Return domain -> pods of the constraint's selector there, of the nodes the pod's own selector allows."""
    found: Counter[str] = Counter({str(domain(fit, key)): 0 for fit in eligible(pod, graph) if domain(fit, key)})
    selector = _with_keys(pod, constraint)
    for other in meant(pod, {"labelSelector": selector}, graph) or ():
        where = domain_of(other, key, graph)
        if where in found:
            found[str(where)] += 1
    return found


def _with_keys(pod: Object, constraint: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the selector with the values of `matchLabelKeys`, which tell one rollout from the next."""
    selector = constraint.get("labelSelector") or {}
    own = {key: labels(pod)[key] for key in constraint.get("matchLabelKeys") or () if key in labels(pod)}
    return {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), **own}}


def _spread_finding(pod: Object, graph: Graph, index: int, constraint: Mapping[str, Any], why: str) -> Finding:
    workload, key = ref(graph.workload(pod)), str(constraint.get("topologyKey"))
    return Finding(
        mode=modes.SPREAD_UNSATISFIABLE,
        subject=workload,
        cause=f"{said(workload)} must be spread over {key} (DoNotSchedule, maxSkew {constraint.get('maxSkew', 1)}), "
        f"and {why}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(Evidence(ref(pod), f"/spec/topologySpreadConstraints/{index}", key), *verdict(pod, graph)),
        fix=Fix(
            summary=f"Label the nodes with {key}, add nodes where pods are few, or let the constraint be soft",
            remedies=pod_edits(pod, graph, (*_constraint(pod, index), "whenUnsatisfiable"), "ScheduleAnyway"),
        ),
        affected=(ref(pod),),
    )


def _constraint(pod: Object, index: int) -> Path:
    """Return the path to a constraint: by its key, where no other has the same."""
    keys = [str(item.get("topologyKey")) for item in spec(pod).get("topologySpreadConstraints") or ()]
    alone = keys.count(keys[index]) == 1
    return ("topologySpreadConstraints", Item("topologyKey", keys[index]) if alone else index)


@rule(modes.AFFINITY_TARGET_ABSENT, on="Pod")
def companionless(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The pod must run beside pods that run nowhere it may go."""
    if not waits(pod, graph):
        return
    nodes = usable(pod, graph)
    for index, term in enumerate(terms(pod, "podAffinity")):
        found = meant(pod, term, graph)
        if found is None or not nodes or (not found and _is_its_own_company(pod, term)):
            continue
        key = str(term.get("topologyKey"))
        domains = {domain_of(other, key, graph) for other in found} - {None}
        if not any(domain(fit, key) in domains for fit in nodes):
            yield _companion_finding(pod, graph, index, term, found)
            return


def _is_its_own_company(pod: Object, term: Term) -> bool:
    """Return whether the pod is one of those it wants beside it: the first of them may go anywhere."""
    selector = term.get("labelSelector")
    elsewhere = term.get("namespaces") and ref(pod).namespace not in (term.get("namespaces") or ())
    return selector is not None and not elsewhere and matches(selector, labels(pod))


def _companion_finding(pod: Object, graph: Graph, index: int, term: Term, found: Sequence[Object]) -> Finding:
    workload, selector = ref(graph.workload(pod)), term.get("labelSelector") or {}
    whom = pairs(selector.get("matchLabels") or {}) or str(selector.get("matchExpressions") or "")
    places = listed(str(spec(other).get("nodeName")) for other in found)
    why = f"they run only on {places}, where it may not go" if found else "no such pod runs"
    return Finding(
        mode=modes.AFFINITY_TARGET_ABSENT,
        subject=workload,
        cause=f"{said(workload)} must run in one {term.get('topologyKey')} with pods labelled {whom}, and {why}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(Evidence(ref(pod), f"/spec/affinity/podAffinity/{index}", whom), *verdict(pod, graph)),
        fix=Fix(
            summary=f"Deploy what carries {whom}, correct the label, or make the affinity preferred",
            concerns=("affinity.podAffinity",),
        ),
        affected=(ref(pod),),
    )


@rule(modes.HOST_PORT_TAKEN, on="Pod")
def port_taken(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The port of the node that the pod wants is held by another pod on every node it may use."""
    wanted = host_ports(pod)
    if not wanted or not waits(pod, graph):
        return
    nodes = usable(pod, graph)
    taken = [found for fit in nodes for found in _clashes(wanted, fit, graph)[:1]]
    holders = [holder for _, holder in taken]
    if holders and all(_is_older_self(pod, holder, graph) for holder in holders):
        return  # a rollout that blocks itself: the strategy is the cause
    everywhere = bool(nodes) and len(taken) == len(nodes)
    if everywhere or (_PORTS.search(message(pod, graph)) and (taken or not graph.snapshot.knows("Node"))):
        yield _port_finding(pod, graph, taken, wanted, nodes)


def _clashes(wanted: Sequence[Port], fit: Fit, graph: Graph) -> list[tuple[Port, Object]]:
    return [(mine, pod) for mine in wanted for port, pod in held_ports(graph).get(fit.name, ()) if mine.clashes(port)]


def _is_older_self(pod: Object, holder: Object, graph: Graph) -> bool:
    """Return whether the holder is the pod's own workload of another revision."""
    ours, theirs = controller(pod) or {}, controller(holder) or {}
    same = ref(graph.workload(pod)) == ref(graph.workload(holder))
    return same and ours.get("uid") != theirs.get("uid")


def _without(pod: Object, graph: Graph, port: Port) -> Iterator[Edit]:
    """Yield the edits that leave a hostPort out where the pod template asks for it."""
    for _, container in containers(pod):
        for item in container.get("ports") or ():
            above = container_path(pod, graph, str(container.get("name")))
            if above and item.get("hostPort") == port.number and not spec(pod).get("hostNetwork"):
                named = Item("containerPort", item["containerPort"])
                yield from pod_removals(pod, graph, (*above, "ports", named, "hostPort"))


def _port_finding(
    pod: Object, graph: Graph, taken: Sequence[tuple[Port, Object]], wanted: Sequence[Port], nodes: Sequence[Fit]
) -> Finding:
    workload = ref(graph.workload(pod))
    port = taken[0][0] if taken else wanted[0]
    whose = listed(said(ref(graph.workload(holder))) for _, holder in taken)
    by = (
        f"{whose} hold{'' if ' and ' in whose else 's'} on every node it may use" if taken else "is taken on every node"
    )
    itself = bool(taken) and all(ref(graph.workload(holder)) == workload for _, holder in taken)
    more = f" (more replicas than the {counted(len(nodes), 'node')})" if itself else ""
    return Finding(
        mode=modes.HOST_PORT_TAKEN,
        subject=workload,
        cause=f"{said(workload)} wants host port {port.number}/{port.protocol}, which {by}{more}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if len(taken) == len(nodes) and taken else Confidence.LIKELY,
        evidence=(
            Evidence(ref(pod), "/spec/containers/0/ports", f"hostPort {port.number}"),
            *(Evidence(ref(holder), "/spec/nodeName", str(spec(holder).get("nodeName"))) for _, holder in taken[:3]),
            *verdict(pod, graph),
        ),
        fix=Fix(
            summary="Leave the hostPort out and use a Service, or choose another port",
            remedies=tuple(_without(pod, graph, port)),
            concerns=("containers[].ports[].hostPort", *(["replicas"] if itself else [])),
        ),
        affected=(ref(pod),),
    )


RULES = tuple(once_per_shape(found) for found in (repelled, unspread, companionless, port_taken))
