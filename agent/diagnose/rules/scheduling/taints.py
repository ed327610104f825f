"""Taints that a controller puts on a new node and takes off once the node works: nobody took them off."""

from collections.abc import Iterator

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.registry import rule
from agent.kube.fields import metadata, seconds_since
from agent.kube.pending import eligible, verdict, waits
from agent.kube.remedies import kubectl
from agent.kube.wording import listed, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

PATIENCE = 120
"""Seconds a new node may be set up before its taint counts."""

UNINITIALIZED = "node.cloudprovider.kubernetes.io/uninitialized"
"""Set by a kubelet that runs with `--cloud-provider=external`."""


@rule(modes.UNTOLERATED_TAINT, on="Pod")
def uninitialized(pod: Object, graph: Graph) -> Iterator[Finding]:
    """Every node the pod may use waits for a cloud controller manager that never comes."""
    found = eligible(pod, graph) if waits(pod, graph) else []
    raw = [fit for fit in found if any(taint.get("key") == UNINITIALIZED for taint in fit.taints)]
    ages = [seconds_since(graph.snapshot, metadata(fit.node).get("creationTimestamp")) for fit in raw]
    if not raw or len(raw) < len(found) or not all(age is not None and age > PATIENCE for age in ages):
        return
    workload, names = ref(graph.workload(pod)), listed(fit.name for fit in raw)
    yield Finding(
        mode=modes.UNTOLERATED_TAINT,
        subject=workload,
        cause=f"{said(workload)} is not scheduled: {names} still {'carries' if len(raw) == 1 else 'carry'} the taint "
        f"{UNINITIALIZED}, which a cloud controller manager takes off when it has set a node up",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(*(Evidence(ref(fit.node), "/spec/taints", UNINITIALIZED) for fit in raw[:3]), *verdict(pod, graph)),
        fix=Fix(
            "Bring up the cloud controller manager, or run the kubelets without --cloud-provider=external",
            (kubectl("get", "pods", "-n", "kube-system", "-o", "wide"),),
        ),
        affected=(ref(pod),),
    )


RULES = (uninitialized,)
