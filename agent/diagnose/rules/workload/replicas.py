"""Controllers that stand still: scaled to nothing, a rollout past its deadline, an autoscaler without a basis."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.registry import Rule, rule
from agent.kube.autoscalers import target
from agent.kube.edits import container_edits, edit
from agent.kube.endpoints import is_ready, selected, services_of
from agent.kube.fields import (
    condition,
    containers,
    is_sidecar,
    is_terminal,
    metadata,
    number,
    spec,
    status,
    template,
)
from agent.kube.ingresses import routed
from agent.kube.leases import all_standby
from agent.kube.memo import per_graph
from agent.kube.remedies import Edit, NeedsPerson, Remedy, kubectl
from agent.kube.rollouts import newest_set
from agent.kube.wording import counted, listed, pairs, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, controller, labels, ref
from agent.snapshot.record import Object, Ref

DELIVERY = ("Canary", "Rollout")
"""Kinds that bring a new version out step by step and keep one of two workloads at zero: Flagger, Argo Rollouts."""

SLEEPERS = ("serving.knative.dev/",)
"""Label prefixes of workloads their operator scales to zero and wakes on a request."""


def zero_replicas(workload: Object, graph: Graph) -> Iterator[Finding]:
    """A workload is scaled to zero while a Service or an autoscaler counts on its pods."""
    if spec(workload).get("replicas") != 0 or controller(workload) is not None or _sleeps(workload, graph):
        return
    if _is_delivered(workload, graph):
        return
    services = [found for found in services_of(workload, graph) if not _served_elsewhere(found, graph)]
    scalers = [found for found in _scalers(graph).get(ref(workload), ()) if spec(found).get("minReplicas") != 0]
    expecting = [*services, *scalers]
    if expecting:
        yield _zero_finding(workload, expecting, graph)


def _zero_finding(workload: Object, expecting: Sequence[Object], graph: Graph) -> Finding:
    name = ref(workload)
    headless = all(spec(found).get("clusterIP") == "None" for found in expecting)
    routes = [said(ref(found)) for found in expecting if ref(found).kind == "Service" for found in routed(found, graph)]
    asking = listed([said(ref(found)) for found in expecting] + routes)
    many = len(expecting) + len(routes) > 1
    return Finding(
        mode=modes.ZERO_REPLICAS,
        subject=name,
        cause=f"{said(name)} is scaled to zero replicas while {asking} {'count' if many else 'counts'} on its pods",
        severity=Severity.WARNING if headless else Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(Evidence(name, "/spec/replicas", "0"), *(_expectation(found) for found in expecting)),
        fix=Fix(
            summary=f"Scale {said(name)} up again",
            remedies=_one_replica(workload, expecting),
            concerns=("hpa.minReplicas",) if _is_scaled(expecting) else (),
        ),
        affected=tuple(ref(found) for found in expecting),
    )


def _one_replica(workload: Object, expecting: Sequence[Object]) -> tuple[Remedy, ...]:
    """Return how it gets a pod again: by hand where an autoscaler owns the number from then on, else by its field."""
    name = ref(workload)
    scale = kubectl("scale", f"{name.kind.lower()}/{name.name}", "-n", name.namespace, "--replicas=1")
    return (scale,) if _is_scaled(expecting) else (edit(workload, ("spec", "replicas"), 1), scale)


def _is_scaled(expecting: Sequence[Object]) -> bool:
    return any(ref(found).kind == "HorizontalPodAutoscaler" for found in expecting)


def _expectation(found: Object) -> Evidence:
    if ref(found).kind == "Service":
        return Evidence(ref(found), "/spec/selector", pairs(spec(found).get("selector") or {}))
    return Evidence(ref(found), "/spec/minReplicas", str(number(spec(found).get("minReplicas"), 1)))


def _sleeps(workload: Object, graph: Graph) -> bool:
    """Return whether zero is a state somebody manages: Knative, or KEDA's own autoscaler."""
    if any(key.startswith(SLEEPERS) for key in labels(workload)):
        return True
    owners = [controller(found) or {} for found in _scalers(graph).get(ref(workload), ())]
    return any(owner.get("kind") == "ScaledObject" for owner in owners)


def _is_delivered(workload: Object, graph: Graph) -> bool:
    """Return whether a progressive delivery keeps the workload at zero: its owner, its Services' owner, or a twin.

    Flagger copies a Deployment to `NAME-primary`, which serves, and leaves NAME at zero between two releases.
    """
    name = ref(workload)
    if _of_delivery(workload) or any(_of_delivery(found) for found in services_of(workload, graph)):
        return True
    twin = graph.get(name.kind, name.namespace, f"{name.name}-primary")
    return twin is not None and (_of_delivery(twin) or number(status(twin).get("readyReplicas")) > 0)


def _of_delivery(obj: Object) -> bool:
    return any(owner.get("kind") in DELIVERY for owner in metadata(obj).get("ownerReferences") or ())


def _served_elsewhere(service: Object, graph: Graph) -> bool:
    """Return whether other pods stand behind the Service: blue is at zero because green serves."""
    pods = selected(ref(service).namespace, spec(service).get("selector") or {}, graph)
    return any(not is_terminal(pod) for pod in pods)


@per_graph
def _scalers(graph: Graph) -> Mapping[Ref, list[Object]]:
    """Return workload -> the HorizontalPodAutoscalers that scale it."""
    found: dict[Ref, list[Object]] = {}
    for scaler in graph.all("HorizontalPodAutoscaler"):
        found.setdefault(target(scaler), []).append(scaler)
    return found


_BARE_POD = re.compile(r"missing request for (?P<resource>\S+) in container (?P<container>\S+) of Pod (?P<pod>[\w.-]+)")
"""How the autoscaler's controller names the container that makes no request."""


@rule(modes.ROLLOUT_STUCK, on="Deployment")
def rollout_stuck(deployment: Object, graph: Graph) -> Iterator[Finding]:
    """A rollout passed its progress deadline and its new pods are still not available."""
    found = condition(deployment, "Progressing")
    if found is None or found[1].get("status") != "False" or found[1].get("reason") != "ProgressDeadlineExceeded":
        return
    has, wanted = status(deployment), number(spec(deployment).get("replicas"), 1)
    updated, unavailable = number(has.get("updatedReplicas")), number(has.get("unavailableReplicas"))
    outdated = number(has.get("observedGeneration"), 1) < number(metadata(deployment).get("generation"), 1)
    if outdated or spec(deployment).get("paused") or (updated >= wanted and not unavailable):
        return
    if all_standby([pod for pod in graph.pods(deployment) if not is_ready(pod)], graph):
        return
    yield _stuck_finding(deployment, graph, found)


def _stuck_finding(deployment: Object, graph: Graph, found: tuple[str, Mapping[str, Any]]) -> Finding:
    name = ref(deployment)
    new = newest_set(deployment, graph)
    pods = [pod for pod in graph.pods(new) if not is_ready(pod)] if new is not None else []
    wanted = number(spec(deployment).get("replicas"), 1)
    available = number(status(deployment).get("availableReplicas"))
    old = f"; {counted(available, 'pod')} of {wanted} still serve{'s' if available == 1 else ''}" if available else ""
    seconds = number(spec(deployment).get("progressDeadlineSeconds"), 600)
    return Finding(
        mode=modes.ROLLOUT_STUCK,
        subject=name,
        cause=f"The rollout of {said(name)} made no progress for {seconds} s: {_new_state(new)}{old}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(Evidence(name, f"{found[0]}/message", str(found[1].get("message") or found[1].get("reason"))),),
        fix=Fix(
            summary="Fix what keeps the new pods from becoming ready, or go back to the revision before",
            remedies=(kubectl("rollout", "undo", f"deployment/{name.name}", namespace=name.namespace),),
        ),
        affected=tuple(ref(pod) for pod in pods),
    )


def _new_state(new: Object | None) -> str:
    if new is None:
        return "new pods not ready"
    ready, wanted = number(status(new).get("readyReplicas")), number(spec(new).get("replicas"), 1)
    return f"{ready} of {wanted} new pods ready"


@rule(modes.AUTOSCALER_WITHOUT_REQUESTS, on="HorizontalPodAutoscaler")
def scaler_without_requests(scaler: Object, graph: Graph) -> Iterator[Finding]:
    """An autoscaler targets a share of a request that containers of its workload do not make."""
    workload = graph.get(*target(scaler))
    if workload is None or _works_or_rests(scaler):
        return
    pods = [pod for pod in graph.pods(workload) if not is_terminal(pod)]
    for resource, only in _shares(scaler):
        bare = _without_request(pods[:50] or [template(workload)], resource, only)
        if bare and not (not pods and _is_defaulted(ref(workload).namespace, resource, graph)):
            yield _scaler_finding(scaler, workload, resource, bare, graph)
            return
    yield from _foreign_pod(scaler, workload, graph)


def _foreign_pod(scaler: Object, workload: Object, graph: Graph) -> Iterator[Finding]:
    """Yield a finding when a pod of somebody else, which the workload's selector selects too, makes no request."""
    found = condition(scaler, "ScalingActive")
    told = _BARE_POD.search(str((found or ("", {}))[1].get("message") or ""))
    pod = graph.get("Pod", ref(scaler).namespace, told["pod"]) if told else None
    if found is None or told is None or pod is None or graph.workload(pod) is workload:
        return
    whole, name = ref(workload), ref(pod).name
    yield Finding(
        mode=modes.AUTOSCALER_WITHOUT_REQUESTS,
        subject=ref(scaler),
        cause=f"{said(ref(scaler))} cannot scale: the selector of {said(whole)} also selects Pod {name}, whose "
        f"container {told['container']} requests no {told['resource']}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(Evidence(ref(scaler), f"{found[0]}/message", str(found[1].get("message"))),),
        fix=Fix(
            f"Give Pod {name} labels that the selector of {said(whole)} does not select, or delete it; or give its "
            f"container a {told['resource']} request",
        ),
    )


def _works_or_rests(scaler: Object) -> bool:
    """Return whether its controller says that its only metric is there, or that it has nothing to scale (at zero)."""
    found = (condition(scaler, "ScalingActive") or ("", {}))[1]
    single = len(spec(scaler).get("metrics") or ("cpu",)) == 1
    return found.get("reason") == "ScalingDisabled" or (found.get("status") == "True" and single)


def _shares(scaler: Object) -> Iterator[tuple[str, str]]:
    """Yield (resource, container or "") for each target that is a percentage of the request."""
    wanted = spec(scaler)
    metrics = wanted.get("metrics")
    if not metrics:
        yield "cpu", ""  # what the API means by no metric, and by autoscaling/v1
        return
    for metric in metrics:
        source = metric.get("resource") or metric.get("containerResource") or {}
        share = (source.get("target") or {}).get("type") == "Utilization"
        if source.get("name") and (share or source.get("targetAverageUtilization") is not None):
            yield source["name"], source.get("container") or ""


def _without_request(pods: Sequence[Object], resource: str, only: str) -> list[str]:
    """Return the containers that make no such request; the metric fails for the whole workload with one of them."""
    bare = {}
    for pod in pods:
        if _requests(spec(pod), resource):
            continue
        for where, container in containers(pod):
            counts = "/containers/" in where or is_sidecar(container)
            name = str(container.get("name", ""))
            if counts and only in ("", name) and not _requests(container, resource):
                bare[name] = True
    return list(bare)


def _requests(holder: Mapping[str, Any], resource: str) -> bool:
    resources = holder.get("resources") or {}
    return any((resources.get(part) or {}).get(resource) is not None for part in ("requests", "limits"))


def _is_defaulted(namespace: str, resource: str, graph: Graph) -> bool:
    """Return whether a LimitRange gives containers that say nothing a request."""
    items = [item for found in graph.all("LimitRange", namespace) for item in spec(found).get("limits") or ()]
    return any(
        item.get("type") == "Container"
        and resource in ((item.get("defaultRequest") or {}) | (item.get("default") or {}))
        for item in items
    )


def _scaler_finding(scaler: Object, workload: Object, resource: str, bare: Sequence[str], graph: Graph) -> Finding:
    found = condition(scaler, "ScalingActive")
    stopped = found is not None and found[1].get("status") == "False"
    evidence = [Evidence(ref(scaler), f"{found[0]}/message", str(found[1].get("message")))] if found and stopped else []
    path = f"resources.requests.{resource}"
    which = f"container{'' if len(bare) == 1 else 's'} {listed(bare)}"
    return Finding(
        mode=modes.AUTOSCALER_WITHOUT_REQUESTS,
        subject=ref(scaler),
        cause=f"HorizontalPodAutoscaler {ref(scaler).name} targets a percentage of the {resource} request, and "
        f"{which} of {said(ref(workload))} request{'s' if len(bare) == 1 else ''} no {resource}, so it cannot scale",
        severity=Severity.ERROR if stopped or found is None else Severity.WARNING,
        confidence=Confidence.CERTAIN,
        evidence=(*evidence, Evidence(ref(workload), "/spec/template/spec/containers", f"{which}: no {path}")),
        fix=Fix(
            summary=f"Give {which} a {resource} request",
            remedies=tuple(found for name in bare for found in _request(workload, graph, name, resource)),
            concerns=(f"containers[].{path}",),
        ),
        container=bare[0],
    )


def _request(workload: Object, graph: Graph, container: str, resource: str) -> tuple[Edit, ...]:
    value = NeedsPerson(f"the {resource} that container {container} needs")
    return container_edits(workload, graph, container, ("resources", "requests", resource), value)


RULES = (
    *(Rule(modes.ZERO_REPLICAS, kind, zero_replicas) for kind in ("Deployment", "StatefulSet", "ReplicaSet")),
    rollout_stuck,
    scaler_without_requests,
)
