"""`deploy/web`, as kubectl spells it, becomes the name of an object."""

from agent.errors import UsageError
from agent.snapshot.record import Ref

KINDS = {
    "Pod": ("po", "pod", "pods"),
    "Deployment": ("deploy", "deployment", "deployments"),
    "ReplicaSet": ("rs", "replicaset", "replicasets"),
    "StatefulSet": ("sts", "statefulset", "statefulsets"),
    "DaemonSet": ("ds", "daemonset", "daemonsets"),
    "Job": ("job", "jobs"),
    "CronJob": ("cj", "cronjob", "cronjobs"),
    "Service": ("svc", "service", "services"),
    "Ingress": ("ing", "ingress", "ingresses"),
    "HorizontalPodAutoscaler": ("hpa", "horizontalpodautoscaler", "horizontalpodautoscalers"),
    "PodDisruptionBudget": ("pdb", "poddisruptionbudget", "poddisruptionbudgets"),
    "PersistentVolumeClaim": ("pvc", "persistentvolumeclaim", "persistentvolumeclaims"),
    "PersistentVolume": ("pv", "persistentvolume", "persistentvolumes"),
    "ConfigMap": ("cm", "configmap", "configmaps"),
    "Node": ("no", "node", "nodes"),
    "Namespace": ("ns", "namespace", "namespaces"),
}
"""Kind to the names kubectl takes for it."""

CLUSTER_SCOPED = ("PersistentVolume", "Node", "Namespace")


def parse(text: str, namespace: str) -> Ref:
    """Return the object `KIND/NAME` names.

    Raises:
        UsageError: no slash, or a kind nobody can be asked about.

    """
    kind, _, name = text.partition("/")
    found = next((known for known, names in KINDS.items() if kind.lower() in names), None)
    if not name:
        raise UsageError(f"{text!r}: say what it is, as in pod/{text} or deploy/{text}")
    if found is None:
        raise UsageError(
            f"{kind!r}: not a kind this can diagnose; known: {', '.join(names[0] for names in KINDS.values())}"
        )
    return Ref(found, "" if found in CLUSTER_SCOPED else namespace, name)
