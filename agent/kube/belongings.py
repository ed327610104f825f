"""What belongs to an object: who made it, what it made, who sends it traffic or scales it, what it uses and calls."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent.kube.autoscalers import target
from agent.kube.endpoints import behind, chosen, services_of, workloads
from agent.kube.fields import WORKLOADS, claims, spec, template
from agent.kube.ingresses import backends, routed
from agent.kube.networkpolicy import isolating
from agent.kube.references import named, readers
from agent.kube.releases import helm_owner
from agent.kube.selectors import matches
from agent.kube.upstreams import called
from agent.snapshot.graph import Graph, controller, labels, ref
from agent.snapshot.record import Object, Ref


class Relation(StrEnum):
    """How one object belongs to another, as a person reads it before its name."""

    OWNER = "owned by"
    RELEASE = "installed by"
    OWNED = "owns"
    SERVICE = "served by"
    INGRESS = "exposed by"
    SCALER = "scaled by"
    BUDGET = "guarded by"
    POLICY = "isolated by"
    TARGET = "leads to"
    USED = "uses"
    READER = "used by"
    CALLED = "calls"
    CALLER = "called by"
    HOME = "runs on"
    GUEST = "runs"


@dataclass(frozen=True, slots=True)
class Belonging:
    """One object that belongs to another."""

    relation: Relation
    ref: Ref
    absent: bool = False
    """Whether it is named and is not there."""


RELEASE = "Release"
"""The kind a Helm release goes by, which is none of the API's."""


def belongings(obj: Object, graph: Graph) -> list[Belonging]:
    """Return what belongs to an object, each once, in the order of `Relation`."""
    found = dict.fromkeys((*_made(obj, graph), *_OF_KIND.get(ref(obj).kind, _nothing)(obj, graph)))
    order = list(Relation)
    return sorted(found, key=lambda item: (order.index(item.relation), item.ref))


def _made(obj: Object, graph: Graph) -> Iterator[Belonging]:
    """Yield who made an object, at every level, what it made, and the Helm release it is of."""
    owners = list(graph.owners(obj))
    yield from (Belonging(Relation.OWNER, ref(item)) for item in owners)
    yield from (Belonging(Relation.OWNED, ref(item)) for item in graph.below(obj) if not _is_old(item, graph))
    release = helm_owner([ref(obj), *(ref(item) for item in owners)], graph)
    if release is not None:
        yield Belonging(Relation.RELEASE, Ref(RELEASE, release.namespace, release.release))


def _is_old(item: Object, graph: Graph) -> bool:
    """Return whether an object is a ReplicaSet of an earlier revision, which has no pods any more."""
    return item.get("kind") == "ReplicaSet" and not graph.children(item)


def _nothing(_: Object, __: Graph) -> Iterator[Belonging]:
    yield from ()


def _workload(obj: Object, graph: Graph) -> Iterator[Belonging]:
    """Yield what counts on a workload or its pods, and what those need."""
    top = graph.workload(obj)
    name, carried = ref(top), labels(template(top))
    services = services_of(top, graph)
    yield from _seen(Relation.SERVICE, services)
    yield from _seen(Relation.INGRESS, [item for service in services for item in routed(service, graph)])
    yield from _seen(
        Relation.SCALER, [item for item in graph.all("HorizontalPodAutoscaler", name.namespace) if target(item) == name]
    )
    budgets = graph.all("PodDisruptionBudget", name.namespace)
    yield from _seen(Relation.BUDGET, [item for item in budgets if matches(spec(item).get("selector") or {}, carried)])
    yield from _isolated(obj, graph)
    yield from _used(top, graph)
    yield from _seen(Relation.CALLED, list(called(top, graph)))
    yield from (Belonging(Relation.CALLER, caller) for service in services for caller in callers(service, graph))
    if spec(obj).get("nodeName"):
        yield Belonging(Relation.HOME, Ref("Node", "", spec(obj)["nodeName"]))


def _seen(relation: Relation, found: Sequence[Object]) -> Iterator[Belonging]:
    return (Belonging(relation, ref(item)) for item in found)


def _isolated(obj: Object, graph: Graph) -> Iterator[Belonging]:
    """Yield the network policies that a pod, or the pods of a workload, stand under."""
    pods = list(graph.pods(obj))[:1]
    found = (item for pod in pods for way in ("Ingress", "Egress") for item in isolating(way, pod, graph))
    return (Belonging(Relation.POLICY, ref(item)) for item in found)


def _used(workload: Object, graph: Graph) -> Iterator[Belonging]:
    """Yield the configuration, Secrets, claims and account that a template names, also where none is there."""
    home, pod = ref(workload).namespace, template(workload)
    names = [Ref(kind, home, name) for kind, name in named(pod)]
    names += [Ref("PersistentVolumeClaim", home, claim) for _, claim in claims(pod)]
    account = str(spec(pod).get("serviceAccountName") or "")
    names += [Ref("ServiceAccount", home, account)] if account not in ("", "default") else []
    return (Belonging(Relation.USED, name, absent=graph.exists(*name) is False) for name in names)


def callers(service: Object, graph: Graph) -> list[Ref]:
    """Return the workloads that are told to call a Service: by a variable, their command or their arguments."""
    wanted, home = ref(service), ref(service).namespace
    every = [item for kind in WORKLOADS for item in graph.all(kind) if controller(item) is None]
    near = sorted(every, key=lambda item: ref(item).namespace != home)
    return [ref(item) for item in near if any(ref(found) == wanted for found in called(item, graph))]


def _service(service: Object, graph: Graph) -> Iterator[Belonging]:
    yield from _seen(Relation.TARGET, behind(ref(service).namespace, chosen(service), graph))
    yield from _seen(Relation.INGRESS, routed(service, graph))
    yield from (Belonging(Relation.CALLER, caller) for caller in callers(service, graph))


def _ingress(ingress: Object, graph: Graph) -> Iterator[Belonging]:
    home = ref(ingress).namespace
    names = [Ref("Service", home, name) for name in sorted(backends(ingress))]
    return (Belonging(Relation.TARGET, name, absent=graph.exists(*name) is False) for name in names)


def _scaler(scaler: Object, graph: Graph) -> Iterator[Belonging]:
    yield Belonging(Relation.TARGET, target(scaler), absent=graph.exists(*target(scaler)) is False)


def _read(config: Object, graph: Graph) -> Iterator[Belonging]:
    return (Belonging(Relation.READER, name) for name in readers(config, graph))


def _claim(claim: Object, graph: Graph) -> Iterator[Belonging]:
    name = ref(claim)
    if spec(claim).get("volumeName"):
        yield Belonging(Relation.TARGET, Ref("PersistentVolume", "", spec(claim)["volumeName"]))
    near = (*workloads(name.namespace, graph), *graph.all("Pod", name.namespace))
    mounting = [item for item in near if any(found == name.name for _, found in claims(template(item)))]
    yield from _seen(Relation.READER, mounting)


def _node(node: Object, graph: Graph) -> Iterator[Belonging]:
    here = [pod for pod in graph.all("Pod") if spec(pod).get("nodeName") == ref(node).name]
    return _seen(Relation.GUEST, here)


def _account(account: Object, graph: Graph) -> Iterator[Belonging]:
    name = ref(account)
    near = workloads(name.namespace, graph)
    return _seen(
        Relation.READER, [item for item in near if spec(template(item)).get("serviceAccountName") == name.name]
    )


def _guarded(budget: Object, graph: Graph) -> Iterator[Belonging]:
    near = workloads(ref(budget).namespace, graph)
    chosen_ = spec(budget).get("selector") or {}
    return _seen(Relation.TARGET, [item for item in near if matches(chosen_, labels(template(item)))])


_OF_KIND: Mapping[str, Callable[[Object, Graph], Iterator[Belonging]]] = {
    **dict.fromkeys((*WORKLOADS, "Pod", "ReplicaSet"), _workload),
    "Service": _service,
    "Ingress": _ingress,
    "HorizontalPodAutoscaler": _scaler,
    **dict.fromkeys(("ConfigMap", "Secret"), _read),
    "PersistentVolumeClaim": _claim,
    "Node": _node,
    "ServiceAccount": _account,
    "PodDisruptionBudget": _guarded,
}
