"""The kinds that are read: where the API serves them. Nothing else is ever asked for."""

from typing import NamedTuple


class Kind(NamedTuple):
    """One kind and its list endpoint."""

    name: str
    prefix: str
    """`/api/v1` or `/apis/GROUP/VERSION`."""
    plural: str
    namespaced: bool
    needed: bool = True
    """Whether an answer has a gap without it; the others only sharpen it, and many readers may not list them."""

    @property
    def version(self) -> str:
        """Return the apiVersion objects of this kind carry."""
        return self.prefix.removeprefix("/apis/").removeprefix("/api/")

    def path(self, namespace: str | None) -> str:
        """Return the list endpoint, of one namespace where the kind has any and one is named."""
        scope = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        return f"{self.prefix}{scope}/{self.plural}"


CORE, APPS, BATCH = "/api/v1", "/apis/apps/v1", "/apis/batch/v1"
NETWORKING = "/apis/networking.k8s.io/v1"
RBAC, GATEWAY = "/apis/rbac.authorization.k8s.io/v1", "/apis/gateway.networking.k8s.io/v1"

KINDS = (
    Kind("Pod", CORE, "pods", True),
    Kind("Event", CORE, "events", True),
    Kind("ReplicaSet", APPS, "replicasets", True),
    Kind("Service", CORE, "services", True),
    Kind("EndpointSlice", "/apis/discovery.k8s.io/v1", "endpointslices", True),
    Kind("Deployment", APPS, "deployments", True),
    Kind("StatefulSet", APPS, "statefulsets", True),
    Kind("DaemonSet", APPS, "daemonsets", True),
    Kind("Job", BATCH, "jobs", True),
    Kind("CronJob", BATCH, "cronjobs", True),
    Kind("ConfigMap", CORE, "configmaps", True),
    Kind("Secret", CORE, "secrets", True),
    Kind("ServiceAccount", CORE, "serviceaccounts", True),
    Kind("PersistentVolumeClaim", CORE, "persistentvolumeclaims", True),
    Kind("HorizontalPodAutoscaler", "/apis/autoscaling/v2", "horizontalpodautoscalers", True),
    Kind("PodDisruptionBudget", "/apis/policy/v1", "poddisruptionbudgets", True),
    Kind("Ingress", NETWORKING, "ingresses", True),
    Kind("NetworkPolicy", NETWORKING, "networkpolicies", True),
    Kind("ResourceQuota", CORE, "resourcequotas", True),
    Kind("LimitRange", CORE, "limitranges", True),
    Kind("Node", CORE, "nodes", False),
    Kind("Namespace", CORE, "namespaces", False),
    Kind("PersistentVolume", CORE, "persistentvolumes", False),
    Kind("StorageClass", "/apis/storage.k8s.io/v1", "storageclasses", False),
    Kind("IngressClass", NETWORKING, "ingressclasses", False),
    Kind("PriorityClass", "/apis/scheduling.k8s.io/v1", "priorityclasses", False),
    Kind("Lease", "/apis/coordination.k8s.io/v1", "leases", True, needed=False),
    Kind("Role", RBAC, "roles", True, needed=False),
    Kind("RoleBinding", RBAC, "rolebindings", True, needed=False),
    Kind("ClusterRole", RBAC, "clusterroles", False, needed=False),
    Kind("ClusterRoleBinding", RBAC, "clusterrolebindings", False, needed=False),
    Kind("HTTPRoute", GATEWAY, "httproutes", True, needed=False),
    Kind("Gateway", GATEWAY, "gateways", True, needed=False),
    Kind("GatewayClass", GATEWAY, "gatewayclasses", False, needed=False),
)
"""The large lists first: they decide how long a look takes, so they are asked for first."""

BY_NAME = {kind.name: kind for kind in KINDS}

METRICS = "/apis/metrics.k8s.io/v1beta1"
