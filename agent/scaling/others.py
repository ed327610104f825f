"""Who else decides how many replicas there are, or how much each of them asks for."""

from collections.abc import Iterator, Mapping
from typing import Any

from agent.audit.owners import HELM, Owner, owners
from agent.kube.autoscalers import target
from agent.kube.fields import metadata, spec
from agent.kube.gitops import keeper
from agent.kube.wording import said
from agent.scaling.metric import PERCENT, Metric
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

AUTOSCALER = "horizontal-pod-autoscaler"
"""What the controller writes as, through the scale subresource, where it has a client of its own."""

KEDA_OWNED = "ScaledObject"


def others(scaler: Object, found: tuple[Metric, ...], graph: Graph) -> Iterator[str]:
    """Yield a sentence for each other one that has a say."""
    yield from _keda(scaler, graph)
    yield from _vertical(scaler, found, graph)
    yield from _by_hand(scaler, graph)


def _keda(scaler: Object, graph: Graph) -> Iterator[str]:
    """Yield the ScaledObject that KEDA made this autoscaler of: what is changed here KEDA takes back."""
    above = next(
        (item for item in metadata(scaler).get("ownerReferences") or () if item.get("kind") == KEDA_OWNED), None
    )
    if above is None:
        return
    name = str(above.get("name"))
    keda = graph.get(KEDA_OWNED, ref(scaler).namespace, name)
    kinds = ", ".join(str(item.get("type")) for item in spec(keda or {}).get("triggers") or ())
    zero = spec(keda or {}).get("minReplicaCount", 0) == 0 if keda is not None else False
    more = f" (triggers: {kinds})" if kinds else ""
    down = "; to and from zero it scales by itself" if zero else ""
    yield f"KEDA keeps it for ScaledObject {name}{more}: change that one, not the autoscaler{down}"


def _vertical(scaler: Object, found: tuple[Metric, ...], graph: Graph) -> Iterator[str]:
    """Yield the VerticalPodAutoscaler of the same workload: it moves the requests that a share is taken of."""
    aim = target(scaler)
    for item in graph.all("VerticalPodAutoscaler", aim.namespace):
        named: Mapping[str, Any] = spec(item).get("targetRef") or {}
        if (named.get("kind"), named.get("name")) != (aim.kind, aim.name):
            continue
        mode = str((spec(item).get("updatePolicy") or {}).get("updateMode") or "Auto")
        same = [metric.name for metric in found if metric.kind == PERCENT]
        fights = bool(same) and mode not in ("Off", "Initial")
        says = f": both act on {' and '.join(same)}, which VPA forbids" if fights else ""
        yield f"VerticalPodAutoscaler {ref(item).name} sets the requests of {said(aim)} (updateMode {mode}){says}"


def _comes_again(owner: Owner) -> bool:
    """Return whether an owner holds a manifest that it applies anew; who wrote the field once does not."""
    return owner.operation == "Apply" or owner.manager in HELM or owner.manager == "kubectl-client-side-apply"


def _by_hand(scaler: Object, graph: Graph) -> Iterator[str]:
    """Yield who else holds the replicas of the target, as the API server records it."""
    workload = graph.get(*target(scaler))
    if workload is None:
        return
    own = [item for item in owners(workload, "/spec/replicas") if item.manager != "kube-controller-manager"]
    names = {item.manager for item in own if item.subresource != "scale" and _comes_again(item)}
    hands = {item.manager for item in own if item.subresource == "scale"}
    for name in sorted(names):
        kept = keeper([ref(workload)], graph)
        who = f"{name} (for {kept})" if kept else name
        yield f"{who} sets replicas of {said(ref(workload))} too: each time that is applied, the autoscaler starts anew"
    for name in sorted(hands):
        yield f"{name} scaled {said(ref(workload))} by hand last: the autoscaler takes it back where its metrics say so"
