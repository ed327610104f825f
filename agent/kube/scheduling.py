"""Which nodes could take a pod, and what keeps each of the others from it: the scheduler's filters, on objects."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from agent.kube.fields import is_terminal, metadata, spec, status
from agent.kube.memo import per_graph
from agent.kube.requests import Amounts, amounts, requests
from agent.snapshot.graph import Graph, labels
from agent.snapshot.record import Object

Taint = Mapping[str, str]

CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
"""Taints that keep ordinary pods away by design."""

CORDON = "node.kubernetes.io/unschedulable"

LIFECYCLE = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/")
"""Prefixes of taints the system sets for a node's condition: the node is the cause there, not the taint."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What one node says to one pod. All empty: by selector, taints and capacity the pod fits."""

    node: Object
    selected: bool
    """It has the labels of the nodeSelector."""
    affine: bool
    """It satisfies the required node affinity."""
    cordoned: bool
    taints: tuple[Taint, ...]
    """Taints the pod does not tolerate, the cordon's own aside."""
    short: Mapping[str, tuple[Decimal, Decimal]]
    """Resource -> (free, allocatable) where the request is more than what is free."""

    @property
    def eligible(self) -> bool:
        """Return whether the pod's own choice of nodes allows it."""
        return self.selected and self.affine

    @property
    def name(self) -> str:
        """The node's name."""
        return str(metadata(self.node).get("name", ""))

    @property
    def only_cordoned(self) -> bool:
        """Return whether a cordon is all that keeps the pod off: taken away, the pod would fit."""
        return self.cordoned and not self.taints and not self.short

    def chosen_taints(self) -> tuple[Taint, ...]:
        """Return the taints a person set, not the node's own condition."""
        return tuple(taint for taint in self.taints if not (taint.get("key") or "").startswith(LIFECYCLE))


def fits(pod: Object, graph: Graph) -> Sequence[Fit]:
    """Return what every node says to the pod; equal pods are asked once."""
    key, answers = shape(pod), _answers(graph)
    if key not in answers:
        needs = requests(pod)
        answers[key] = [_fit(pod, needs, node, graph) for node in graph.all("Node")]
    return answers[key]


def shape(pod: Object) -> str:
    """Return what the scheduler's filters here see of a pod: equal for equal pods."""
    wanted = spec(pod)
    node_affinity = (wanted.get("affinity") or {}).get("nodeAffinity")
    return repr((wanted.get("nodeSelector"), node_affinity, wanted.get("tolerations"), requests(pod)))


@per_graph
def _answers(graph: Graph) -> dict[str, Sequence[Fit]]:
    return {}


def _fit(pod: Object, needs: Amounts, node: Object, graph: Graph) -> Fit:
    return Fit(
        node=node,
        selected=has_labels(spec(pod).get("nodeSelector") or {}, node),
        affine=satisfies_affinity(pod, node),
        cordoned=bool(spec(node).get("unschedulable")) and not _tolerated(pod, {"key": CORDON, "effect": "NoSchedule"}),
        taints=tuple(untolerated(pod, node)),
        short=_short(needs, node, graph),
    )


def has_labels(wanted: Mapping[str, str], node: Object) -> bool:
    """Return whether a node carries all these labels."""
    found = labels(node)
    return all(found.get(key) == value for key, value in wanted.items())


def satisfies_affinity(pod: Object, node: Object) -> bool:
    """Return whether a node satisfies the required node affinity: one term of several, all expressions of a term."""
    affinity = (spec(pod).get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    return satisfies(required.get("nodeSelectorTerms") or (), node)


def satisfies(terms: Sequence[Mapping[str, Any]], node: Object) -> bool:
    """Return whether a node is one of those that node selector terms mean: one term of several is enough."""
    return any(_term(term, node) for term in terms)


def _term(term: Mapping[str, Sequence[Mapping[str, object]]], node: Object) -> bool:
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return False  # an empty term selects no node
    found = labels(node)
    own = {"metadata.name": str(metadata(node).get("name", ""))}
    return all(_expression(item, found) for item in expressions) and all(_expression(item, own) for item in fields)


def _expression(expression: Mapping[str, object], found: Mapping[str, str]) -> bool:
    key, values = str(expression.get("key")), expression.get("values")
    given = values if isinstance(values, list) else []
    match expression.get("operator"):
        case "In":
            return found.get(key) in given
        case "NotIn":
            return found.get(key) not in given
        case "Exists":
            return key in found
        case "DoesNotExist":
            return key not in found
        case "Gt" | "Lt" as operator:
            return _compares(found.get(key, ""), str(next(iter(given), "")), greater=operator == "Gt")
    return False


def _compares(found: str, wanted: str, *, greater: bool) -> bool:
    try:
        return int(found) > int(wanted) if greater else int(found) < int(wanted)
    except ValueError:
        return False


def untolerated(pod: Object, node: Object) -> Iterator[Taint]:
    """Yield the taints that keep the pod off the node, except a cordon's."""
    for taint in spec(node).get("taints") or ():
        keeps_off = taint.get("effect") in ("NoSchedule", "NoExecute")
        if keeps_off and taint.get("key") != CORDON and not _tolerated(pod, taint):
            yield taint


def _tolerated(pod: Object, taint: Taint) -> bool:
    return any(tolerates(toleration, taint) for toleration in spec(pod).get("tolerations") or ())


def tolerates(toleration: Mapping[str, str], taint: Taint) -> bool:
    """Return whether a toleration matches a taint: no effect means all, no key with Exists means all."""
    if toleration.get("effect") and toleration["effect"] != taint.get("effect"):
        return False
    operator = toleration.get("operator") or "Equal"
    if toleration.get("key") and toleration["key"] != taint.get("key"):
        return False
    if operator == "Exists":
        return True
    if not toleration.get("key"):
        return False
    wanted, found = toleration.get("value") or "", taint.get("value") or ""
    if operator in ("Gt", "Lt"):
        return _compares(found, wanted, greater=operator == "Gt")
    return operator == "Equal" and wanted == found


def _short(needs: Amounts, node: Object, graph: Graph) -> Mapping[str, tuple[Decimal, Decimal]]:
    allocatable = amounts(status(node).get("allocatable") or status(node).get("capacity"))
    used = used_by_node(graph).get(str(metadata(node).get("name", "")), {})
    short: dict[str, tuple[Decimal, Decimal]] = {}
    if not allocatable:
        return short
    for resource, need in (needs | {"pods": Decimal(1)}).items():
        given = allocatable.get(resource, Decimal())
        free = given - used.get(resource, Decimal())
        if need and need > free:
            short[resource] = (free, given)
    return short


@per_graph
def used_by_node(graph: Graph) -> Mapping[str, Amounts]:
    """Return what the pods bound to each node request in all: node name -> resource -> amount."""
    used: dict[str, Amounts] = defaultdict(lambda: defaultdict(Decimal))
    for pod in graph.all("Pod"):
        node = spec(pod).get("nodeName")
        if node and not is_terminal(pod):
            _add(used[node], requests(pod))
    return used


def _add(total: Amounts, more: Amounts) -> None:
    for resource, amount in more.items():
        total[resource] += amount
    total["pods"] += 1


def sees_every_pod(graph: Graph) -> bool:
    """Return whether free capacity can be known: every pod of every namespace was listed."""
    return graph.snapshot.namespace is None and graph.snapshot.knows("Pod")


def described(taint: Taint) -> str:
    """`dedicated=gpu:NoSchedule`: a taint as kubectl writes it."""
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint.get('key', '')}{value}:{taint.get('effect', '')}"


def expressed(expression: Mapping[str, object]) -> str:
    """`disktype is in ssd, nvme`: one expression of a node selector term inside a sentence."""
    key, values = expression.get("key"), expression.get("values")
    given = ", ".join(str(value) for value in values) if isinstance(values, list) else ""
    verbs = {"In": "is in", "NotIn": "is not in", "Exists": "is set", "DoesNotExist": "is not set"}
    verb = verbs.get(str(expression.get("operator")), str(expression.get("operator")))
    return f"{key} {verb} {given}".strip()
