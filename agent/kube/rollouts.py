"""Which ReplicaSet of a Deployment is which revision."""

from agent.kube.fields import (
    metadata,
)
from agent.snapshot.graph import Graph
from agent.snapshot.record import Object


def newest_set(deployment: Object, graph: Graph) -> Object | None:
    """Return the ReplicaSet of the current revision."""
    sets = [child for child in graph.children(deployment) if child.get("kind") == "ReplicaSet"]
    return max(sets, key=revision, default=None)


def revision(replicaset: Object) -> int:
    """Return which revision of its Deployment a ReplicaSet is, 0 when nothing says it."""
    annotations = metadata(replicaset).get("annotations") or {}
    text = str(annotations.get("deployment.kubernetes.io/revision") or "0")
    return int(text) if text.isdigit() else 0
