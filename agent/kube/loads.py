"""What pods and nodes use, beside what they ask for and may have."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from agent.kube.fields import is_terminal, status
from agent.kube.requests import Amounts, amounts
from agent.kube.usage import asked, used_by_pod
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref

RESOURCES = ("cpu", "memory")


@dataclass(frozen=True, slots=True)
class Load:
    """One resource of a pod or a node: CPU in cores, memory in bytes; None for what is not known or not set."""

    used: Decimal | None
    request: Decimal | None
    limit: Decimal | None
    """Of a node what its pods may have of it."""

    @property
    def share(self) -> Decimal | None:
        """Return what is used of what may be: of the limit, else of the request; 1 is all of it."""
        whole = self.limit or self.request
        return self.used / whole if self.used is not None and whole else None


@dataclass(frozen=True, slots=True)
class Loads:
    """What one pod or node uses."""

    ref: Ref
    cpu: Load
    memory: Load

    @property
    def share(self) -> Decimal:
        """Return the larger of both shares, below nothing where neither is known."""
        return max((load.share for load in (self.cpu, self.memory) if load.share is not None), default=Decimal(-1))


def of_pods(pods: Sequence[Object], graph: Graph) -> list[Loads]:
    """Return what each running pod uses."""
    return [_of_pod(pod, graph) for pod in pods if not is_terminal(pod)]


def _of_pod(pod: Object, graph: Graph) -> Loads:
    name = ref(pod)
    used = used_by_pod(graph).get((name.namespace, name.name))
    cpu, memory = (
        Load(used.get(item) if used is not None else None, asked(pod, item), asked(pod, item, limit=True))
        for item in RESOURCES
    )
    return Loads(name, cpu, memory)


def of_nodes(nodes: Sequence[Object], graph: Graph) -> list[Loads]:
    """Return what each node uses, its system's share included, where the look asked for it."""
    serving = graph.snapshot.serving
    told = {
        item.node: {"cpu": Decimal(str(item.cpu)), "memory": Decimal(item.memory)}
        for item in (serving.nodes if serving else ())
    }
    return [_of_node(node, told.get(ref(node).name)) for node in nodes]


def _of_node(node: Object, used: Amounts | None) -> Loads:
    whole = amounts(status(node).get("allocatable"))
    cpu, memory = (Load(used.get(item) if used is not None else None, None, whole.get(item)) for item in RESOURCES)
    return Loads(ref(node), cpu, memory)
