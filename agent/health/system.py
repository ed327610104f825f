"""The control plane and what a cluster needs beside it: its checks, who leads, its own workloads, its addons."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.health.concern import Area, Concern
from agent.kube.endpoints import is_ready
from agent.kube.fields import moment, number, spec
from agent.kube.wording import counted, duration, listed
from agent.severity import Severity
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, labels, ref
from agent.snapshot.record import Object, Ref, State

SYSTEM = "kube-system"

LEADERS = ("kube-controller-manager", "kube-scheduler")
"""Leases of kube-system that the control plane's own parts hold, one after another."""

SILENT = 4
"""How many times a lease's duration nobody has renewed it: a follower takes over after one."""

TIER = ("tier", "control-plane")
"""The label of static pods that kubeadm (and minikube, kind) make of the control plane."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the control plane, or one addon."""

    name: str
    well: bool | None
    """None where nobody can say."""
    says: str


def control_plane(graph: Graph) -> Sequence[Part]:
    """Return how each part of the control plane stands, as far as this identity may see it."""
    return [_server(graph), *_leaders(graph), *_static(graph)]


def _server(graph: Graph) -> Part:
    serving = graph.snapshot.serving
    if serving is None or not serving.checks:
        return Part("kube-apiserver", None, "did not say how its checks (/readyz) stand")
    failing = [name for name, passes in serving.checks.items() if not passes]
    if failing:
        return Part("kube-apiserver", False, f"fails {listed(failing)} of /readyz")
    return Part("kube-apiserver", True, f"passes all {len(serving.checks)} checks")


def _leaders(graph: Graph) -> Iterator[Part]:
    for name in LEADERS:
        lease = graph.get("Lease", SYSTEM, name)
        if lease is not None:
            yield _leader(name, lease, graph)


def _leader(name: str, lease: Object, graph: Graph) -> Part:
    renewed = moment(spec(lease).get("renewTime"))
    if renewed is None:
        return Part(name, None, "its lease does not say when it was renewed")
    silent = (graph.snapshot.taken_at - renewed).total_seconds()
    well = silent <= SILENT * number(spec(lease).get("leaseDurationSeconds"), 15)
    since = "leads" if well else f"nobody has renewed its lease for {duration(silent)}"
    return Part(name, well, since)


def _static(graph: Graph) -> Iterator[Part]:
    """Yield what runs as pods of the control plane and holds no lease: etcd, and the API server itself."""
    for pod in graph.all("Pod", SYSTEM):
        name = labels(pod).get("component", "")
        if labels(pod).get(TIER[0]) == TIER[1] and name == "etcd":
            ready = is_ready(pod)
            yield Part(ref(pod).name, ready, "ready" if ready else "not ready")


def addons(graph: Graph) -> Sequence[Part]:
    """Return what most charts count on: a name server, metrics, and whoever serves Ingresses."""
    return [_dns(graph), _metrics(graph), *_ingress(graph)]


def _dns(graph: Graph) -> Part:
    service = graph.get("Service", SYSTEM, "kube-dns")
    if service is None:
        return Part("DNS", None, "is called otherwise than kube-dns, or was not seen")
    pods = graph.selected(service)
    ready = sum(map(is_ready, pods))
    return Part("DNS", bool(ready), f"has {ready} of {counted(len(pods), 'pod')} ready")


def _metrics(graph: Graph) -> Part:
    part = next((item for item in graph.snapshot.parts if item.name == "metrics"), None)
    if part is None or part.state is State.COMPLETE:
        return Part("metrics", part is not None, "are served" if part else "were not asked for")
    missing = part.state is State.NOT_SERVED
    return Part("metrics", None, "are not served (no metrics-server)" if missing else f"{part.state}: {part.reason}")


def _ingress(graph: Graph) -> Iterator[Part]:
    classes = [ref(item).name for item in graph.all("IngressClass")]
    if classes:
        yield Part("ingress", True, f"class {listed(classes)}")
    elif graph.all("Ingress"):
        yield Part("ingress", None, "there are Ingresses and no IngressClass")


def concerns(parts: Sequence[Part], graph: Graph) -> Iterator[Concern]:
    """Yield the parts of the control plane that are not well; what its pods suffer from the diagnosis says."""
    for part in parts:
        if part.well is False:
            yield Concern(
                Area.CONTROL_PLANE,
                "control-plane-unwell",
                Ref("Cluster", "", graph.snapshot.cluster.context),
                f"{part.name}: {part.says}",
                Severity.ERROR,
                (Evidence(Ref("Lease", SYSTEM, part.name), "/spec/renewTime", part.says),),
                advice="Read its log on the control plane's machine",
                command="kubectl get --raw '/readyz?verbose'",
            )
