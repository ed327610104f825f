"""Who leads: replicas that stand by because another one of them holds the Lease."""

from collections.abc import Mapping, Sequence

from agent.kube.fields import spec
from agent.kube.memo import per_graph
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref


def is_standby(pod: Object, graph: Graph) -> bool:
    """Return whether a replica that is not ready waits on purpose: a sibling holds a Lease of their namespace."""
    holder = _leaders(graph).get(ref(graph.workload(pod))) if graph.all("Lease") else None
    return holder is not None and holder != ref(pod)


def all_standby(unready: Sequence[Object], graph: Graph) -> bool:
    """Return whether these pods, and there are some, all stand by: their workload is as asked without them."""
    return bool(unready) and all(is_standby(pod, graph) for pod in unready)


@per_graph
def _leaders(graph: Graph) -> Mapping[Ref, Ref]:
    """Return workload -> its pod that a Lease names as holder: `web-7d9f-x`, or that with `_UUID` behind it."""
    found: dict[Ref, Ref] = {}
    for lease in graph.all("Lease"):
        holder = str(spec(lease).get("holderIdentity") or "").partition("_")[0]
        pod = graph.get("Pod", ref(lease).namespace, holder) if holder else None
        if pod is not None:
            found[ref(graph.workload(pod))] = ref(pod)
    return found
