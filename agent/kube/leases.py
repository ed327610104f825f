"""Who leads: replicas that stand by because another one of them holds the Lease."""

from collections.abc import Mapping, Sequence

from agent.kube.containers import containers_of
from agent.kube.endpoints import is_ready
from agent.kube.fields import spec
from agent.kube.memo import per_graph
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref


def is_standby(pod: Object, graph: Graph) -> bool:
    """Return whether a replica that is not ready waits on purpose: a sibling holds a Lease of their namespace.

    Where no Lease was read, it says itself that it waits for one, and a sibling serves.
    """
    if not graph.all("Lease"):
        return _says_so(pod, graph) and any(is_ready(other) for other in graph.pods(graph.workload(pod)))
    holder = _leaders(graph).get(ref(graph.workload(pod)))
    return holder is not None and holder != ref(pod)


def _says_so(pod: Object, graph: Graph) -> bool:
    """Return whether the last thing a container says of a lease is that it tries to get it (client-go's words)."""
    logs = (graph.log(pod, container.name, previous=False) for container in containers_of(pod) if container.running)
    said = ([line for line in log.splitlines() if "lease" in line] for log in logs)
    return any(lines and "attempting to acquire leader lease" in lines[-1] for lines in said)


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
