"""Who belongs to an object a person asks about: its owners, what it made, and what it leads to."""

from collections.abc import Iterator

from agent.kube.autoscalers import target
from agent.kube.endpoints import selected, services_of
from agent.kube.fields import WORKLOADS, claims, spec, template
from agent.kube.ingresses import backends, routed
from agent.kube.selectors import matches
from agent.snapshot.graph import Graph, labels, ref
from agent.snapshot.record import Object, Ref


def relatives(subject: Ref, graph: Graph) -> set[Ref]:
    """Return the subject and every object whose trouble is the subject's: a finding about any of them is about it."""
    if subject.kind == "Namespace":
        return {ref(obj) for kind in graph.snapshot.objects for obj in graph.all(kind, subject.name)} | {subject}
    obj = graph.get(*subject)
    found: set[Ref] = {subject}
    if obj is not None:
        for start in (obj, *_leads_to(obj, graph)):
            family = (start, *graph.owners(start), *graph.below(start))
            found |= {ref(item) for item in (*family, *_serving(graph.workload(start), graph))}
    return found


def _leads_to(obj: Object, graph: Graph) -> Iterator[Object]:
    """Yield what stands behind a Service, an Ingress, an autoscaler, a claim or a node."""
    name = ref(obj)
    match name.kind:
        case "Service":
            yield from selected(name.namespace, spec(obj).get("selector") or {}, graph)
        case "Ingress":
            for service in graph.all("Service", name.namespace):
                if ref(service).name in backends(obj):
                    yield service
                    yield from _leads_to(service, graph)
        case "HorizontalPodAutoscaler":
            workload = graph.get(*target(obj))
            yield from [workload] if workload is not None else []
        case "PersistentVolumeClaim":
            pods = graph.all("Pod", name.namespace)
            yield from (pod for pod in pods if any(claim == name.name for _, claim in claims(pod)))
        case "Node":
            yield from (pod for pod in graph.all("Pod") if spec(pod).get("nodeName") == name.name)


def _serving(workload: Object, graph: Graph) -> Iterator[Object]:
    """Yield who counts on a workload's pods: its Services and their Ingresses, its autoscalers and its budgets."""
    if ref(workload).kind not in (*WORKLOADS, "Pod"):
        return
    namespace, carried = ref(workload).namespace, labels(template(workload))
    for service in services_of(workload, graph):
        yield from (service, *routed(service, graph))
    yield from (item for item in graph.all("HorizontalPodAutoscaler", namespace) if target(item) == ref(workload))
    for budget in graph.all("PodDisruptionBudget", namespace):
        if matches(spec(budget).get("selector") or {}, carried):
            yield budget
