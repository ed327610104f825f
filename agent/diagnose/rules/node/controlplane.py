"""The control plane's own trouble, as far as its objects, events and logs show it: overload, and nodes not added."""

import re
from collections.abc import Iterator

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity, finding
from agent.diagnose.registry import Rule, rule, unsatisfied
from agent.kube.containers import containers_of, end_log, last_end, newest
from agent.kube.fields import CREATORS, is_unscheduled, seconds_since
from agent.kube.remedies import kubectl
from agent.kube.replicas import Shortfall, refusals
from agent.kube.wording import said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, event_time, ref
from agent.snapshot.record import Object

READY = kubectl("get", "--raw", "/readyz?verbose")

RECENT = 1800
"""Seconds since the autoscaler last spoke that count as now."""

_OVERLOADED = re.compile(
    r"etcdserver: (?:request timed out|leader changed|too many requests|no leader|mvcc: database space exceeded)|"
    r"the server was unable to return a response in the time allotted|Too Many Requests|"
    r"too many requests, please try again later|the server is currently unable to handle the request"
)
_LEASE_LOST = re.compile(r"(?:leader ?election lost|failed to renew lease)", re.IGNORECASE)
_NO_SCALE = re.compile(r"didn't trigger scale-up:?\s*(.*)", re.DOTALL)


def overloaded(creator: Object, missing: Shortfall, graph: Graph) -> Iterator[Finding]:
    """The API server (or etcd behind it) could not answer when pods were to be created."""
    for item in refusals(creator, graph):
        found = _OVERLOADED.search(item.text)
        if found is None or "admission webhook" in item.text or "failed calling webhook" in item.text:
            continue
        workload, full = ref(graph.workload(creator)), "space exceeded" in found[0]
        fix = "Compact and defragment etcd, then disarm its alarm" if full else "See the API server's and etcd's load"
        yield Finding(
            mode=modes.CONTROL_PLANE_OVERLOADED,
            subject=workload,
            cause=f"{said(workload)} lacks pods because the control plane could not take them: {found[0]} ({missing})",
            severity=Severity.ERROR,
            confidence=Confidence.CERTAIN,
            evidence=(item,),
            fix=Fix(fix, (READY,)),
            affected=(ref(creator),),
        )
        return


@rule(modes.LEASE_LOST, on="Pod")
def lease_lost(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A controller ends because it could not renew its lease in time: the API server was slow or away."""
    for container in containers_of(pod):
        if last_end(container, graph) is None:
            continue
        pointer, text = end_log(container, graph)
        line = next((line for line in reversed(text.splitlines()[-100:]) if _LEASE_LOST.search(line)), "")
        if line:
            fix = Fix(
                "See the API server's and etcd's load; a longer lease duration makes the controller more patient",
                (READY,),
            )
            what = f"{container.said} ends because it could not renew its lease at the API server in time"
            evidence = (Evidence(ref(pod), pointer, line.strip()[:300]),)
            yield finding(modes.LEASE_LOST, container, graph, what, fix, evidence, Confidence.POSSIBLE)


@rule(modes.AUTOSCALER_ADDS_NO_NODE, on="Pod")
def no_scale_up(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The cluster autoscaler sees a waiting pod and says why it adds no node for it."""
    if not is_unscheduled(pod):
        return
    event = newest([item for item in graph.events(pod) if item.get("reason") in ("NotTriggerScaleUp", "FailedScaleUp")])
    lasted = seconds_since(graph.snapshot, event_time(event)) if event is not None else None
    if event is None or (lasted is not None and lasted > RECENT):
        return
    text = " ".join((event.get("message") or "").split())
    found, workload = _NO_SCALE.search(text), ref(graph.workload(pod))
    why = (found[1] if found else text).rstrip(": ") or "it names no reason"
    most = " (a node group is at its maximum)" if "max node group size" in text or "limit reached" in text else ""
    yield Finding(
        mode=modes.AUTOSCALER_ADDS_NO_NODE,
        subject=workload,
        cause=f"The cluster autoscaler adds no node for {said(workload)}: {why}{most}",
        severity=Severity.WARNING,
        confidence=Confidence.CERTAIN,
        evidence=(Evidence(ref(pod), f"event {event.get('reason')}", text),),
        fix=Fix(
            "Raise the node group's maximum, or add a group whose nodes the pod may use",
            (kubectl("describe", "configmap", "cluster-autoscaler-status", namespace="kube-system"),),
        ),
        affected=(ref(pod),),
    )


RULES = (
    *(Rule(modes.CONTROL_PLANE_OVERLOADED, kind, unsatisfied(overloaded)) for kind in CREATORS),
    lease_lost,
    no_scale_up,
)
