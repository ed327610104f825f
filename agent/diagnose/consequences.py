"""What follows from a broken workload for those who use it: Services, Ingresses and autoscalers left without pods."""

from collections.abc import Iterator, Set

from agent.diagnose.finding import Finding, Severity
from agent.kube.autoscalers import target
from agent.kube.endpoints import chosen, is_ready, selected, services_of
from agent.kube.fields import WORKLOADS, condition_is
from agent.kube.ingresses import routed
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref


def consequences(finding: Finding, told: Set[Ref], graph: Graph) -> Iterator[str]:
    """Yield one line per Service, Ingress and autoscaler that does not work because of this; none is a finding."""
    if finding.severity is not Severity.ERROR:
        return
    broken = graph.get(*finding.subject)
    if broken is None:
        return
    if finding.subject.kind == "Service":
        yield from _routes(broken, graph)
    elif finding.subject.kind in (*WORKLOADS, "Pod"):
        yield from _services(broken, told, graph)
        yield from _autoscalers(finding.subject, told, graph)


def _services(workload: Object, told: Set[Ref], graph: Graph) -> Iterator[str]:
    for service in services_of(workload, graph):
        pods = selected(ref(service).namespace, chosen(service), graph)
        if ref(service) not in told and not any(is_ready(pod) for pod in pods):
            yield f"{ref(service)}: no ready pod stands behind it"
            yield from _routes(service, graph)


def _routes(service: Object, graph: Graph) -> Iterator[str]:
    for ingress in routed(service, graph):
        yield f"{ref(ingress)}: answers 503 for what it sends to Service {ref(service).name}"


def _autoscalers(workload: Ref, told: Set[Ref], graph: Graph) -> Iterator[str]:
    for scaler in graph.all("HorizontalPodAutoscaler", workload.namespace):
        if target(scaler) == workload and ref(scaler) not in told and condition_is(scaler, "ScalingActive", "False"):
            yield f"{ref(scaler)}: has no metrics to scale on"
