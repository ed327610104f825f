"""`deploy/web`, as kubectl spells it, becomes the name of an object."""

from agent.errors import UsageError
from agent.snapshot.record import Ref
from tools.kinds import BY_NAME, kind_called

KINDS = (
    "Pod Deployment ReplicaSet StatefulSet DaemonSet Job CronJob Service Ingress HorizontalPodAutoscaler"
    " PodDisruptionBudget PersistentVolumeClaim PersistentVolume ConfigMap Node Namespace"
).split()
"""Kinds a diagnosis can be asked about."""


def parse(text: str, namespace: str) -> Ref:
    """Return the object `KIND/NAME` names.

    Raises:
        UsageError: no slash, or a kind nobody can be asked about.

    """
    kind, _, name = text.partition("/")
    found = kind_called(kind)
    if not name:
        raise UsageError(f"{text!r}: say what it is, as in pod/{text} or deploy/{text}")
    if found is None or found.name not in KINDS:
        known = ", ".join(BY_NAME[name].word for name in KINDS)
        raise UsageError(f"{kind!r}: not a kind this can diagnose; known: {known}")
    return Ref(found.name, namespace if found.namespaced else "", name)
