"""What nodes have, what their pods request, may use and use, and whether that goes together."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from agent.health.concern import Area, Concern
from agent.kube.fields import condition, is_terminal, spec, status
from agent.kube.requests import Amounts, amounts, requests
from agent.kube.scheduling import sees_every_pod, used_by_node
from agent.kube.wording import cores, counted, memory
from agent.severity import Severity
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref

RESOURCES = ("cpu", "memory")
PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")

FULL = Decimal("0.9")
"""The share of what nodes have at which little fits any more."""

OVERCOMMITTED = Decimal(2)
"""Memory limits, as a multiple of what a node has, beyond which few pods have to fill up for the node to run out."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """One node, or all of them: amounts of `cpu` in cores and of `memory` in bytes."""

    node: str
    """"" for all of them."""
    ready: bool | None
    """None where the node does not say."""
    cordoned: bool
    pressures: tuple[str, ...]
    version: str
    has: Amounts
    """What pods may have of it (`allocatable`)."""
    requested: Amounts | None
    """None where not every pod was seen."""
    limited: Amounts | None
    unlimited: int
    """Pods of which a container has no memory limit."""
    used: Amounts | None
    """None where no metrics were read."""
    pods: int

    def share(self, amount: Amounts | None, resource: str) -> Decimal | None:
        """Return an amount as a share of what there is (1 is all of it), None where either is not known."""
        whole = self.has.get(resource)
        return None if amount is None or not whole else amount.get(resource, Decimal()) / whole


def capacities(graph: Graph) -> Sequence[Capacity]:
    """Return every node's capacity, in the order of their names."""
    used, pods = _used(graph), _pods(graph)
    rows = [_capacity(node, pods.get(ref(node).name, ()), used, graph) for node in graph.all("Node")]
    return sorted(rows, key=lambda row: row.node)


def total(rows: Sequence[Capacity]) -> Capacity:
    """Return what the nodes that take pods have together."""
    open_ = [row for row in rows if row.ready and not row.cordoned]
    return Capacity(
        node="",
        ready=all(row.ready for row in rows),
        cordoned=False,
        pressures=(),
        version="",
        has=_sum(row.has for row in open_) or {},
        requested=_sum(row.requested for row in open_),
        limited=_sum(row.limited for row in open_),
        unlimited=sum(row.unlimited for row in open_),
        used=_sum(row.used for row in open_),
        pods=sum(row.pods for row in open_),
    )


def _sum(parts: Iterator[Amounts | None]) -> Amounts | None:
    """Return the sum, None where one part of it is not known."""
    whole: Amounts = defaultdict(Decimal)
    for part in parts:
        if part is None:
            return None
        for name, amount in part.items():
            whole[name] += amount
    return dict(whole)


def _pods(graph: Graph) -> Mapping[str, Sequence[Object]]:
    found: dict[str, list[Object]] = defaultdict(list)
    for pod in graph.all("Pod"):
        if spec(pod).get("nodeName") and not is_terminal(pod):
            found[spec(pod)["nodeName"]].append(pod)
    return found


def _used(graph: Graph) -> Mapping[str, Amounts]:
    serving = graph.snapshot.serving
    told = serving.nodes if serving else ()
    return {item.node: {"cpu": Decimal(str(item.cpu)), "memory": Decimal(item.memory)} for item in told}


def _capacity(node: Object, pods: Sequence[Object], used: Mapping[str, Amounts], graph: Graph) -> Capacity:
    name, ready, whole = ref(node).name, condition(node, "Ready"), sees_every_pod(graph)
    limits = [requests(pod, limit=True) for pod in pods]
    return Capacity(
        node=name,
        ready=None if ready is None else ready[1].get("status") == "True",
        cordoned=bool(spec(node).get("unschedulable")),
        pressures=tuple(kind for kind in PRESSURES if (condition(node, kind) or ("", {}))[1].get("status") == "True"),
        version=str((status(node).get("nodeInfo") or {}).get("kubeletVersion") or ""),
        has=amounts(status(node).get("allocatable")),
        requested=dict(used_by_node(graph).get(name, {})) if whole else None,
        limited=_sum(iter(limits)) if whole else None,
        unlimited=sum(_is_unlimited(pod) for pod in pods),
        used=used.get(name),
        pods=len(pods),
    )


def _is_unlimited(pod: Object) -> bool:
    limits = ((item.get("resources") or {}).get("limits") or {} for item in spec(pod).get("containers") or ())
    return not all("memory" in found for found in limits)


SAID = {"cpu": cores, "memory": memory}


def concerns(rows: Sequence[Capacity], graph: Graph) -> Iterator[Concern]:
    """Yield where there is too little: nothing more fits, a node is nearly out, or its limits promise far too much."""
    whole = total(rows)
    for resource in RESOURCES:
        share = whole.share(whole.requested, resource)
        if share is not None and share > FULL:
            yield _crowded(whole, resource, share, graph)
    for row in rows:
        yield from _scarce(row)
        yield from _promised(row)


def _crowded(whole: Capacity, resource: str, share: Decimal, graph: Graph) -> Concern:
    asked, has = (SAID[resource](amount.get(resource, Decimal())) for amount in (whole.requested or {}, whole.has))
    nodes = counted(len(graph.all("Node")), "node")
    return Concern(
        Area.CAPACITY,
        f"requests-near-{resource}",
        Ref("Cluster", "", graph.snapshot.cluster.context),
        f"Pods request {share:.0%} of the {resource} of {nodes} ({asked} of {has}): a lost node or a rollout leaves "
        "pods pending",
        Severity.WARNING,
        advice="Add a node, or lower requests towards what the pods use",
        command="kubectl describe nodes",
    )


def _scarce(row: Capacity) -> Iterator[Concern]:
    share = row.share(row.used, "memory")
    if share is not None and share > FULL:
        used, has = memory((row.used or {})["memory"]), memory(row.has["memory"])
        node = Ref("Node", "", row.node)
        yield Concern(
            Area.CAPACITY,
            "memory-near-full",
            node,
            f"Node {row.node} uses {share:.0%} of its memory ({used} of {has}): when it runs out, pods are evicted",
            Severity.WARNING,
            (Evidence(node, "metrics", f"{used} used; /status/allocatable/memory {has}"),),
            advice="Find the pods that use more than they request, or add a node",
            command=f"kubectl top pods -A --sort-by=memory --field-selector=spec.nodeName={row.node}",
        )


def _promised(row: Capacity) -> Iterator[Concern]:
    share = row.share(row.limited, "memory")
    if share is not None and share > OVERCOMMITTED:
        most, has = memory((row.limited or {})["memory"]), memory(row.has["memory"])
        node = Ref("Node", "", row.node)
        yield Concern(
            Area.CAPACITY,
            "memory-overcommitted",
            node,
            f"Pods on node {row.node} may use {most} of memory, {share:.1f} times what it has ({has})",
            Severity.WARNING,
            (Evidence(node, "/status/allocatable/memory", has),),
            advice="Lower memory limits towards what the pods use, or spread them over more nodes",
            command=f"kubectl describe node {row.node}",
        )
