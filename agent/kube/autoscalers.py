"""What a HorizontalPodAutoscaler scales."""

from agent.kube.fields import (
    spec,
)
from agent.snapshot.graph import ref
from agent.snapshot.record import Object, Ref


def target(scaler: Object) -> Ref:
    """Return the workload a HorizontalPodAutoscaler scales."""
    wanted = spec(scaler).get("scaleTargetRef") or {}
    return Ref(str(wanted.get("kind")), ref(scaler).namespace, str(wanted.get("name")))
