"""What is not as asked and still within the time it is given: said as it is now, so that silence never means health."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from agent.diagnose.pods import Told, just_started, told_of
from agent.diagnose.rules.network.endpoints import patience as balancer_patience
from agent.diagnose.rules.workload.autoscalers import SETTLING
from agent.diagnose.unexplained import PATIENCE
from agent.kube.autoscalers import target
from agent.kube.claims import class_of, pending, waits_for_consumer
from agent.kube.containers import newest
from agent.kube.endpoints import is_ready
from agent.kube.fields import WORKLOADS, condition, metadata, moment, number, seconds_since, spec, status
from agent.kube.leases import all_standby, is_standby
from agent.kube.rollouts import outstanding
from agent.kube.wording import counted, said
from agent.snapshot.evidence import Evidence, event_evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref

NO_DEADLINE = 2**31 - 1
"""`progressDeadlineSeconds` of a Deployment that may take for ever."""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """One thing that is not as asked yet, and may still become so by itself."""

    subject: Ref
    """The object to look at: the owning workload where there is one, else the object itself."""
    says: str
    """What it says now, in one sentence: `1 of 3 replicas ready; pod web-1: …`."""
    since: datetime | None
    """Since when it has been so, None where nothing tells."""
    until: datetime | None
    """When the time it is given ends and it becomes a finding; None where it may wait for ever."""
    evidence: tuple[Evidence, ...] = ()
    affected: tuple[Ref, ...] = ()
    """The objects it is said of: the pods of a workload."""


def unsettled(suspects: Sequence[Object], explained: Set[Ref], graph: Graph) -> list[Unsettled]:
    """Return what is not settled and in nobody's finding, one entry for each subject, the one that ends first first.

    Args:
        suspects: the pods that are not simply running and ready.
        explained: every object a finding names.
        graph: the look.

    """
    pods = {ref(pod): pod for pod in (*suspects, *just_started(graph))}
    found = [*_pods(pods.values(), explained, graph), *_workloads(explained, graph)]
    for kind, test in KINDS.items():
        open_ones = (obj for obj in graph.all(kind) if explained.isdisjoint((ref(obj), target(obj))))
        found += [item for obj in open_ones for item in test(obj, graph)]
    groups: dict[Ref, list[Unsettled]] = {}
    for item in found:
        groups.setdefault(item.subject, []).append(item)
    return sorted((_one(group, graph) for group in groups.values()), key=_order)


def _order(item: Unsettled) -> tuple[bool, datetime | None, Ref]:
    return item.until is None, item.until, item.subject


def _one(group: list[Unsettled], graph: Graph) -> Unsettled:
    """Return what is said of one subject as one entry: its pods speak first, and the soonest end counts."""
    of: dict[str, list[Ref]] = {}
    for item in group:
        of.setdefault(item.says, []).extend(item.affected)
    says = [f"{_whose(names, group[0].subject)}{text}" for text, names in of.items()]
    more = f"; and {len(says) - MOST} more" if len(says) > MOST else ""
    ends = [item.until for item in group if item.until is not None and item.until > graph.snapshot.taken_at]
    return replace(
        group[0],
        says="; ".join(says[:MOST]) + more,
        until=min(ends, default=None),
        evidence=tuple(dict.fromkeys(shown for item in group for shown in item.evidence))[: 2 * MOST],
        affected=tuple(dict.fromkeys(name for item in group for name in item.affected)),
    )


def _whose(names: Sequence[Ref], subject: Ref) -> str:
    """Return `pod web-1: `, `3 pods: `: of whom something is said, "" where it is the subject itself."""
    if tuple(names) == (subject,):
        return ""
    kind = names[0].kind.lower()
    return f"{kind} {names[0].name}: " if len(names) == 1 else f"{counted(len(names), kind)}: "


MOST = 3
"""Things said of one subject in full; the others are counted."""


def _pods(suspects: Iterable[Object], explained: Set[Ref], graph: Graph) -> Iterator[Unsettled]:
    for pod in suspects:
        subject = ref(graph.workload(pod))
        if ref(pod) in explained or subject in explained or is_standby(pod, graph) or _is_spare(pod, graph):
            continue
        found: Told | None = told_of(pod, graph)
        if found is not None:
            yield Unsettled(subject, found.says, found.since, found.until, found.evidence, (ref(pod),))


def _is_spare(pod: Object, graph: Graph) -> bool:
    """Return whether a pod goes, within its grace period, that its workload needs no more: that one is as asked."""
    workload = graph.workload(pod)
    going = seconds_since(graph.snapshot, metadata(pod).get("deletionTimestamp"))
    return going is not None and going < PATIENCE and workload is not pod and not outstanding(workload)


def _workloads(explained: Set[Ref], graph: Graph) -> Iterator[Unsettled]:
    """Yield the workloads that lack something; a Deployment speaks for its ReplicaSets."""
    for kind in WORKLOADS:
        for workload in graph.all(kind):
            lacks = outstanding(workload)
            above = graph.owner(workload) is not None and kind != "Job"
            if lacks and not above and explained.isdisjoint((ref(workload), ref(graph.workload(workload)))):
                yield from _workload(workload, lacks, explained, graph)


def _workload(workload: Object, lacks: str, explained: Set[Ref], graph: Graph) -> Iterator[Unsettled]:
    unready = [pod for pod in graph.pods(workload) if not is_ready(pod)]
    if all_standby(unready, graph) or (unready and set(map(ref, unready)) <= explained):
        return
    subject, since = ref(graph.workload(workload)), _began(workload)
    shown = Evidence(ref(workload), "/status", lacks)
    yield Unsettled(subject, lacks, since, _deadline(workload, since), (shown,), (ref(workload),))


def _began(workload: Object) -> datetime | None:
    """Return when the newest change of a workload began to be carried out."""
    progress = (condition(workload, "Progressing") or ("", {}))[1]
    told = progress.get("lastUpdateTime") or progress.get("lastTransitionTime") or status(workload).get("startTime")
    return moment(told or metadata(workload).get("creationTimestamp"))


def _deadline(workload: Object, since: datetime | None) -> datetime | None:
    """Return when the time a workload gives itself ends: a Deployment's progress deadline, a Job's active one."""
    wanted = spec(workload)
    if workload.get("kind") == "Job":
        seconds = wanted.get("activeDeadlineSeconds")
    elif workload.get("kind") == "Deployment" and not wanted.get("paused"):
        seconds = wanted.get("progressDeadlineSeconds") or 600
    else:
        seconds = None
    return None if seconds is None or number(seconds) >= NO_DEADLINE else _after(since, number(seconds))


def _after(since: datetime | None, seconds: float) -> datetime | None:
    return None if since is None else since + timedelta(seconds=seconds)


def _claim(claim: Object, graph: Graph) -> Iterator[Unsettled]:
    """A claim that waits for the first pod that uses it, or for a volume that is being made."""
    if not pending(claim):
        return
    since = moment(metadata(claim).get("creationTimestamp"))
    last = newest(graph.events(claim))
    shown = (event_evidence(last, claim),) if last else ()
    if waits_for_consumer(claim, graph):
        return  # as asked: there is no volume before there is a pod
    made = f" of class {class_of(claim)}" if class_of(claim) else ""
    says = f"waits for a volume{made}{_quoted(last)}"
    yield Unsettled(ref(claim), says, since, _after(since, PATIENCE), shown, (ref(claim),))


def _quoted(event: Object | None) -> str:
    return f": {event.get('message')}" if event and event.get("message") else ""


def _autoscaler(scaler: Object, graph: Graph) -> Iterator[Unsettled]:
    """An autoscaler that has nothing to scale on yet: metrics come a minute after a pod's start."""
    found = condition(scaler, "ScalingActive")
    if found is not None and (found[1].get("status") == "True" or found[1].get("reason") == "ScalingDisabled"):
        return
    since = moment((found or ("", {}))[1].get("lastTransitionTime") or metadata(scaler).get("creationTimestamp"))
    told = str((found or ("", {}))[1].get("message") or "its controller has not looked at it yet")
    shown = (Evidence(ref(scaler), f"{found[0]}/message", told),) if found else ()
    says = f"does not scale {said(target(scaler))} yet: {told}"
    yield Unsettled(ref(scaler), says, since, _after(since, SETTLING), shown, (ref(scaler),))


def _balancer(service: Object, graph: Graph) -> Iterator[Unsettled]:
    """A Service of type LoadBalancer that has no address yet."""
    if spec(service).get("type") != "LoadBalancer" or (status(service).get("loadBalancer") or {}).get("ingress"):
        return
    since = moment(metadata(service).get("creationTimestamp"))
    shown = Evidence(ref(service), "/status/loadBalancer", "{}")
    until = _after(since, balancer_patience(service, graph))
    yield Unsettled(ref(service), "has no load balancer address yet", since, until, (shown,), (ref(service),))


KINDS: Mapping[str, Callable[[Object, Graph], Iterator[Unsettled]]] = {
    "PersistentVolumeClaim": _claim,
    "HorizontalPodAutoscaler": _autoscaler,
    "Service": _balancer,
}
"""Kinds beside pods and workloads that may take their time."""
