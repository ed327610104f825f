"""Disruption budgets nobody can keep: no pod they cover may ever be evicted."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.registry import rule
from agent.kube.autoscalers import target
from agent.kube.edits import edit
from agent.kube.endpoints import selected, workloads
from agent.kube.fields import number, spec, status, template
from agent.kube.memo import per_graph
from agent.kube.remedies import NeedsPerson
from agent.kube.selectors import matches
from agent.kube.wording import listed, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, controller, labels, ref
from agent.snapshot.record import Object, Ref


@rule(modes.BUDGET_BLOCKS_EVICTION, on="PodDisruptionBudget")
def blocks_eviction(budget: Object, graph: Graph) -> Iterator[Finding]:
    """A budget no number of healthy pods can satisfy with one less, or two budgets for the same pods."""
    expected = number(status(budget).get("expectedPods"))
    rivals = _rivals(graph).get(ref(budget), ())
    if rivals and expected:
        yield _rival_finding(budget, rivals)
    if not expected or number(status(budget).get("disruptionsAllowed")):
        return
    most = max([expected, *_may_grow_to(budget, graph)])
    least, ever = _least(budget, expected), _least(budget, most)
    drained = _drained(budget, graph)
    if least and ever and least[2] >= expected and (ever[2] >= most or drained):
        kept = controller(budget) is not None and not drained
        yield _budget_finding(budget, expected, *least[:2], drained, Severity.INFO if kept else Severity.WARNING)


def _may_grow_to(budget: Object, graph: Graph) -> Iterator[int]:
    """Yield how many replicas autoscalers may give the pods: a budget that suits those is none of ever blocking."""
    covered = _covered(graph).get(ref(budget), ())
    for scaler in graph.all("HorizontalPodAutoscaler", ref(budget).namespace) if covered else ():
        if target(scaler) in covered:
            yield number(spec(scaler).get("maxReplicas"))


def _drained(budget: Object, graph: Graph) -> str:
    """Return a cordoned node that runs one of the pods: somebody waits for it to be empty; "" for none."""
    cordoned = {ref(node).name for node in graph.all("Node") if spec(node).get("unschedulable")}
    pairs = _selector(budget).get("matchLabels") or {}
    pods = selected(ref(budget).namespace, pairs, graph) if cordoned else ()
    return next((str(name) for pod in pods if (name := spec(pod).get("nodeName")) in cordoned), "")


def _least(budget: Object, expected: int) -> tuple[str, str, int] | None:
    """Return (field, its value, pods that must stay) of a budget."""
    for field in ("minAvailable", "maxUnavailable"):
        value = spec(budget).get(field)
        if value is not None:
            amount = math.ceil(expected * int(str(value)[:-1]) / 100) if str(value).endswith("%") else number(value)
            return field, str(value), amount if field == "minAvailable" else expected - amount
    return None


def _budget_finding(budget: Object, expected: int, field: str, value: str, drained: str, severity: Severity) -> Finding:
    """Return a finding about a budget: a note where an operator keeps it so, and nobody waits for a node."""
    so = (
        f"node {drained}, which is cordoned, cannot be drained" if drained else "a node that runs one cannot be drained"
    )
    many = "the only pod" if expected == 1 else f"any of the {expected} pods"
    return Finding(
        mode=modes.BUDGET_BLOCKS_EVICTION,
        subject=ref(budget),
        cause=f"{said(ref(budget))} ({field} {value}) never lets {many} it covers be evicted, so {so}",
        severity=severity,
        confidence=Confidence.CERTAIN,
        evidence=(
            Evidence(ref(budget), f"/spec/{field}", value),
            Evidence(ref(budget), "/status/disruptionsAllowed", "0"),
            Evidence(ref(budget), "/status/expectedPods", str(expected)),
        ),
        fix=Fix(
            "Run one replica more than must stay, or allow one to be unavailable",
            (edit(budget, ("spec", field), 1 if field == "maxUnavailable" else NeedsPerson("fewer pods than run")),),
        ),
    )


def _rival_finding(budget: Object, rivals: Sequence[Object]) -> Finding:
    names = listed(ref(other).name for other in rivals)
    return Finding(
        mode=modes.BUDGETS_OVERLAP,
        subject=ref(budget),
        cause=f"PodDisruptionBudgets {names} cover the same pods, and the API refuses to evict a pod that has "
        "more than one",
        severity=Severity.WARNING,
        confidence=Confidence.CERTAIN,
        evidence=tuple(Evidence(ref(other), "/spec/selector", str(spec(other).get("selector"))) for other in rivals),
        fix=Fix("Keep one budget for these pods", concerns=("pdb.selector",)),
        affected=tuple(ref(other) for other in rivals),
    )


@per_graph
def _covering(graph: Graph) -> Mapping[Ref, list[Object]]:
    """Return workload -> the budgets that cover its pods, through an index over one pair of each budget."""
    by_pair: dict[tuple[str, str, str], list[Object]] = {}
    for budget in graph.all("PodDisruptionBudget"):
        for key, value in list(_selector(budget).get("matchLabels", {}).items())[:1]:
            by_pair.setdefault((ref(budget).namespace, key, value), []).append(budget)
    found: dict[Ref, list[Object]] = {}
    for namespace in {key[0] for key in by_pair}:
        for obj in workloads(namespace, graph):
            carried = labels(template(obj))
            near = (budget for pair in carried.items() for budget in by_pair.get((namespace, *pair), ()))
            found[ref(obj)] = [budget for budget in near if matches(_selector(budget), carried)]
    return found


@per_graph
def _covered(graph: Graph) -> Mapping[Ref, set[Ref]]:
    """Return budget -> the workloads whose pods it covers."""
    found: dict[Ref, set[Ref]] = {}
    for workload, budgets in _covering(graph).items():
        for budget in budgets:
            found.setdefault(ref(budget), set()).add(workload)
    return found


@per_graph
def _rivals(graph: Graph) -> Mapping[Ref, list[Object]]:
    """Return the first of several budgets for the same pods -> all of them."""
    return {min(map(ref, found)): found for found in _covering(graph).values() if len(found) > 1}


def _selector(budget: Object) -> Mapping[str, Any]:
    return spec(budget).get("selector") or {}


RULES = (blocks_eviction,)
