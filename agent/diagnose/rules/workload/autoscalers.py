"""Autoscalers that cannot scale: no target, no metrics, others at the same pods, no room."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.registry import rule
from agent.kube.autoscalers import target
from agent.kube.edits import edit
from agent.kube.endpoints import is_ready
from agent.kube.fields import WORKLOADS, condition, number, seconds_since, spec, status, template
from agent.kube.fields import metadata as meta
from agent.kube.remedies import NeedsPerson, kubectl
from agent.kube.selectors import matches
from agent.kube.wording import closest, listed, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, labels, ref
from agent.snapshot.record import Object, Ref, State

SETTLING = 120
"""Seconds an autoscaler, or its newest pod, may be without metrics: they come a minute after a pod's start."""

APIS = {
    "Pods": "custom.metrics.k8s.io",
    "Object": "custom.metrics.k8s.io",
    "External": "external.metrics.k8s.io",
    "Resource": "metrics.k8s.io",
    "ContainerResource": "metrics.k8s.io",
}
"""Metric type to the API that answers for it."""

_NO_METRIC = re.compile(r"^FailedGet(\w+)Metric$")
_ABSENT = re.compile(
    r"no (?:custom|external) metrics API|could not find the requested resource|no known available metric versions found"
)
"""How a controller says that nothing serves a metrics API, in 1.34 and in 1.36."""

_SILENT = re.compile(r"the server is currently unable to handle the request|the server was unable to return a response")
"""How the API server says that an APIService is registered, and that the Service behind it does not answer."""


@rule(modes.AUTOSCALER_TARGET_MISSING, on="HorizontalPodAutoscaler")
def target_missing(scaler: Object, graph: Graph) -> Iterator[Finding]:
    """An autoscaler scales an object that does not exist."""
    wanted = target(scaler)
    found = _refused(scaler, "AbleToScale", "FailedGetScale")
    there = graph.exists(*wanted) if wanted.kind in WORKLOADS else None
    if there or (there is None and found is None):
        return
    near = closest(wanted.name, (ref(obj).name for obj in graph.all(wanted.kind, wanted.namespace)))
    hint = f" (there is one called {near})" if near else ""
    yield Finding(
        mode=modes.AUTOSCALER_TARGET_MISSING,
        subject=ref(scaler),
        cause=f"{said(ref(scaler))} scales {said(wanted)}, which does not exist{hint}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if there is False else Confidence.LIKELY,
        evidence=(Evidence(ref(scaler), "/spec/scaleTargetRef", f"{wanted.kind} {wanted.name}"), *_as_tuple(found)),
        fix=Fix(
            f"Scale {near}" if near else f"Create {said(wanted)}, or remove the autoscaler",
            (edit(scaler, ("spec", "scaleTargetRef", "name"), near),) if near else (),
        ),
    )


@rule(modes.AUTOSCALERS_OVERLAP, on="HorizontalPodAutoscaler")
def overlap(scaler: Object, graph: Graph) -> Iterator[Finding]:
    """Two autoscalers count on the same pods: Kubernetes stops both, or each averages over the other's pods."""
    found = _refused(scaler, "ScalingActive", "AmbiguousSelector")
    if found is None:
        return
    others = [other for other in _rivals(scaler, graph) if other != ref(scaler)]
    with_whom = listed(said(other) for other in others) or "another one"
    own = said(target(scaler))
    yield Finding(
        mode=modes.AUTOSCALERS_OVERLAP,
        subject=min([ref(scaler), *others]),
        cause=f"{said(ref(scaler))} and {with_whom} select the same pods of {own}, so Kubernetes scales by neither",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(found,),
        fix=Fix(f"Keep one autoscaler for {own}, with all the metrics", concerns=("hpa.metrics",)),
        affected=(ref(scaler),),
    )


def _rivals(scaler: Object, graph: Graph) -> list[Ref]:
    """Return the autoscalers whose target's selector selects pods that this one's target makes, or the reverse."""
    return [
        ref(other)
        for other in graph.all("HorizontalPodAutoscaler", ref(scaler).namespace)
        if _meet(scaler, other, graph)
    ]


def _meet(scaler: Object, other: Object, graph: Graph) -> bool:
    mine, yours = graph.get(*target(scaler)), graph.get(*target(other))
    if mine is None or yours is None:
        return False
    return mine is yours or _selects(mine, yours) or _selects(yours, mine)


def _selects(workload: Object, other: Object) -> bool:
    selector = spec(workload).get("selector") or {}
    return bool(selector) and matches(selector, labels(template(other)))


@rule(modes.AUTOSCALER_WITHOUT_METRICS, on="HorizontalPodAutoscaler")
def without_metrics(scaler: Object, graph: Graph) -> Iterator[Finding]:
    """An autoscaler gets no metrics: nothing serves the API, or nothing measures its pods."""
    found = condition(scaler, "ScalingActive")
    kind = _NO_METRIC.match(str((found or ("", {}))[1].get("reason") or ""))
    if found is None or kind is None or found[1].get("status") != "False":
        return
    message = str(found[1].get("message") or "")
    if "missing request" in message:
        return  # mode 104 says it
    api = APIS.get(kind[1], "metrics.k8s.io")
    absent = bool(_ABSENT.search(message)) or (api == "metrics.k8s.io" and _not_served(graph))
    silent = not absent and bool(_SILENT.search(message))
    if absent or silent or not _settles(scaler, graph):
        shown = Evidence(ref(scaler), f"{found[0]}/message", message)
        yield _metrics_finding(scaler, api, shown, absent=absent, silent=silent)


def _not_served(graph: Graph) -> bool:
    return any(part.name == "metrics" and part.state is State.NOT_SERVED for part in graph.snapshot.parts)


def _settles(scaler: Object, graph: Graph) -> bool:
    """Return whether metrics may just not be there yet: the autoscaler or a pod is new, or no pod runs at all."""
    workload = graph.get(*target(scaler))
    pods = list(graph.pods(workload)) if workload is not None else []
    born = [meta(obj).get("creationTimestamp") for obj in (scaler, *pods)]
    ages = [age for stamp in born if (age := seconds_since(graph.snapshot, stamp)) is not None]
    return min(ages, default=0.0) < SETTLING or not any(is_ready(pod) for pod in pods)


def _metrics_finding(scaler: Object, api: str, shown: Evidence, *, absent: bool, silent: bool) -> Finding:
    names = listed(_metric_names(scaler, api))
    why = f"nothing in the cluster serves {api}" if absent else f"{api} has no value of it for the pods"
    why = f"what serves {api} does not answer" if silent else why
    return Finding(
        mode=modes.AUTOSCALER_WITHOUT_METRICS,
        subject=ref(scaler),
        cause=f"{said(ref(scaler))} cannot scale {said(target(scaler))}: it wants {names}, and {why}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if absent or silent else Confidence.LIKELY,
        evidence=(shown,),
        fix=Fix(
            f"Bring up the Service that the APIService of {api} names"
            if silent
            else "Install metrics-server"
            if api == "metrics.k8s.io"
            else f"Install an adapter that serves {api}, or scale by cpu",
            remedies=(kubectl("get", "apiservices"),),
        ),
        roots=() if absent or silent else (target(scaler),),
    )


def _metric_names(scaler: Object, api: str) -> Iterator[str]:
    for metric in spec(scaler).get("metrics") or ({"type": "Resource", "resource": {"name": "cpu"}},):
        source = next((value for key, value in metric.items() if isinstance(value, dict)), {})
        if APIS.get(str(metric.get("type"))) == api:
            yield str(source.get("name") or (source.get("metric") or {}).get("name") or metric.get("type"))


@rule(modes.AUTOSCALER_AT_MAXIMUM, on="HorizontalPodAutoscaler")
def at_maximum(scaler: Object, graph: Graph) -> Iterator[Finding]:
    """The metrics ask for more replicas than maxReplicas allows."""
    found = condition(scaler, "ScalingLimited")
    most = number(spec(scaler).get("maxReplicas"))
    if found is None or found[1].get("status") != "True" or found[1].get("reason") != "TooManyReplicas":
        return
    if number(status(scaler).get("currentReplicas")) < most:
        return  # on its way there
    goals = _goals(scaler)
    shown = [text for metric in status(scaler).get("currentMetrics") or () if (text := _current(metric, goals))]
    yield Finding(
        mode=modes.AUTOSCALER_AT_MAXIMUM,
        subject=ref(scaler),
        cause=f"{said(ref(scaler))} is at its maxReplicas of {most} and would run more of {said(target(scaler))}"
        + (f": {listed(shown)}" if shown else ""),
        severity=Severity.WARNING,
        confidence=Confidence.CERTAIN,
        evidence=(
            Evidence(ref(scaler), f"{found[0]}/message", str(found[1].get("message") or "")),
            Evidence(ref(scaler), "/spec/maxReplicas", str(most)),
        ),
        fix=Fix(
            "Allow more replicas, or give each one more to work with",
            (edit(scaler, ("spec", "maxReplicas"), NeedsPerson(f"a number above {most}")),),
        ),
    )


def _goals(scaler: Object) -> Mapping[str, int]:
    """Return resource -> the share of its request the autoscaler aims at."""
    sources = (metric.get("resource") or {} for metric in spec(scaler).get("metrics") or ())
    shares = ((source.get("name"), (source.get("target") or {}).get("averageUtilization")) for source in sources)
    return {str(name): number(share) for name, share in shares if share is not None}


def _current(metric: Mapping[str, Any], goals: Mapping[str, int]) -> str:
    """`memory at 472 % of its request`: what one metric is now, where it is above what is aimed at."""
    source = next((value for value in metric.values() if isinstance(value, dict)), {})
    share = (source.get("current") or {}).get("averageUtilization")
    name = str(source.get("name") or "")
    above = share is not None and share > goals.get(name, 0)
    return f"{name} at {share} % of its request (target {goals[name]} %)" if above and name in goals else ""


def _refused(scaler: Object, kind: str, reason: str) -> Evidence | None:
    found = condition(scaler, kind)
    if found is None or found[1].get("status") != "False" or found[1].get("reason") != reason:
        return None
    return Evidence(ref(scaler), f"{found[0]}/message", str(found[1].get("message") or reason))


def _as_tuple(found: Evidence | None) -> tuple[Evidence, ...]:
    return () if found is None else (found,)


RULES = (target_missing, overlap, without_metrics, at_maximum)
