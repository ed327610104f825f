"""The kinds of Kubernetes: where the API serves them and what kubectl calls them.

The one table of kinds. It stands with the tools because the reader is the lowest that needs it; what judges a subject,
a checklist's line or a manifest looks its words up here too. Short names are those of `kubectl api-resources` (1.36)
and of the Gateway API; the singular is the kind's name in small letters.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Kind(NamedTuple):
    """One kind, its list endpoint and its short names."""

    name: str
    prefix: str
    """`/api/v1` or `/apis/GROUP/VERSION`."""
    plural: str
    namespaced: bool
    needed: bool = True
    """Whether an answer has a gap without it; the others only sharpen it, and many readers may not list them."""
    short: tuple[str, ...] = ()
    """`po`, `crd`: what kubectl takes for it beside its name and its plural."""

    @property
    def optional(self) -> bool:
        """Return whether a cluster may do without it: an API that is installed. The others every API server serves."""
        return self.prefix in (GATEWAY, CERT_MANAGER, KEDA, VPA, WGPOLICY)

    @property
    def version(self) -> str:
        """Return the apiVersion objects of this kind carry."""
        return self.prefix.removeprefix("/apis/").removeprefix("/api/")

    @property
    def group(self) -> str:
        """Return the API group, "" for the core's."""
        return self.version.rpartition("/")[0]

    @property
    def word(self) -> str:
        """Return the shortest word kubectl takes for it."""
        return self.short[0] if self.short else self.name.casefold()

    def path(self, namespace: str | None) -> str:
        """Return the list endpoint, of one namespace where the kind has any and one is named."""
        scope = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        return f"{self.prefix}{scope}/{self.plural}"


CORE, APPS, BATCH = "/api/v1", "/apis/apps/v1", "/apis/batch/v1"
NETWORKING = "/apis/networking.k8s.io/v1"
RBAC, GATEWAY = "/apis/rbac.authorization.k8s.io/v1", "/apis/gateway.networking.k8s.io/v1"
_ADMISSION, CERT_MANAGER = "/apis/admissionregistration.k8s.io/v1", "/apis/cert-manager.io/v1"
KEDA, VPA = "/apis/keda.sh/v1alpha1", "/apis/autoscaling.k8s.io/v1"
WGPOLICY = "/apis/wgpolicyk8s.io/v1alpha2"

KINDS = (
    Kind("Pod", CORE, "pods", True, short=("po",)),
    Kind("Event", CORE, "events", True, short=("ev",)),
    Kind("ReplicaSet", APPS, "replicasets", True, short=("rs",)),
    Kind("Service", CORE, "services", True, short=("svc",)),
    Kind("EndpointSlice", "/apis/discovery.k8s.io/v1", "endpointslices", True),
    Kind("Deployment", APPS, "deployments", True, short=("deploy",)),
    Kind("StatefulSet", APPS, "statefulsets", True, short=("sts",)),
    Kind("DaemonSet", APPS, "daemonsets", True, short=("ds",)),
    Kind("Job", BATCH, "jobs", True),
    Kind("CronJob", BATCH, "cronjobs", True, short=("cj",)),
    Kind("ConfigMap", CORE, "configmaps", True, short=("cm",)),
    Kind("Secret", CORE, "secrets", True),
    Kind("ServiceAccount", CORE, "serviceaccounts", True, short=("sa",)),
    Kind("PersistentVolumeClaim", CORE, "persistentvolumeclaims", True, short=("pvc",)),
    Kind("HorizontalPodAutoscaler", "/apis/autoscaling/v2", "horizontalpodautoscalers", True, short=("hpa",)),
    Kind("PodDisruptionBudget", "/apis/policy/v1", "poddisruptionbudgets", True, short=("pdb",)),
    Kind("Ingress", NETWORKING, "ingresses", True, short=("ing",)),
    Kind("NetworkPolicy", NETWORKING, "networkpolicies", True, short=("netpol",)),
    Kind("ResourceQuota", CORE, "resourcequotas", True, short=("quota",)),
    Kind("LimitRange", CORE, "limitranges", True, short=("limits",)),
    Kind("Node", CORE, "nodes", False, short=("no",)),
    Kind("Namespace", CORE, "namespaces", False, short=("ns",)),
    Kind("PersistentVolume", CORE, "persistentvolumes", False, short=("pv",)),
    Kind("StorageClass", "/apis/storage.k8s.io/v1", "storageclasses", False, short=("sc",)),
    Kind("IngressClass", NETWORKING, "ingressclasses", False),
    Kind("PriorityClass", "/apis/scheduling.k8s.io/v1", "priorityclasses", False, short=("pc",)),
    Kind("Lease", "/apis/coordination.k8s.io/v1", "leases", True, needed=False),
    Kind("Role", RBAC, "roles", True, needed=False),
    Kind("RoleBinding", RBAC, "rolebindings", True, needed=False),
    Kind("ClusterRole", RBAC, "clusterroles", False, needed=False),
    Kind("ClusterRoleBinding", RBAC, "clusterrolebindings", False, needed=False),
    Kind("HTTPRoute", GATEWAY, "httproutes", True, needed=False),
    Kind("Gateway", GATEWAY, "gateways", True, needed=False, short=("gtw",)),
    Kind("GatewayClass", GATEWAY, "gatewayclasses", False, needed=False, short=("gc",)),
)
"""The kinds that every look reads; beside these and `MORE` no list is ever asked for. The large ones first: they
decide how long a look takes."""

SERVING = (
    Kind("APIService", "/apis/apiregistration.k8s.io/v1", "apiservices", False, needed=False),
    Kind("MutatingWebhookConfiguration", _ADMISSION, "mutatingwebhookconfigurations", False, needed=False),
    Kind("ValidatingWebhookConfiguration", _ADMISSION, "validatingwebhookconfigurations", False, needed=False),
    Kind("Certificate", CERT_MANAGER, "certificates", True, needed=False, short=("cert",)),
)
"""Kinds that a report of the cluster's health reads as well: who answers for the API server, and until when."""

SCALERS = (
    Kind("ScaledObject", KEDA, "scaledobjects", True, needed=False, short=("so",)),
    Kind("VerticalPodAutoscaler", VPA, "verticalpodautoscalers", True, needed=False, short=("vpa",)),
)
"""Kinds of others that scale: KEDA's, which make HorizontalPodAutoscalers, and whoever sets requests of pods."""

MORE = (*SERVING, *SCALERS)
"""All kinds that are read for one question alone, and for a capture."""

POLICY_REPORTS = (
    Kind("PolicyReport", WGPOLICY, "policyreports", True, needed=False, short=("polr",)),
    Kind("ClusterPolicyReport", WGPOLICY, "clusterpolicyreports", False, needed=False, short=("cpolr",)),
)
"""What `agent report` writes and `agent exporter` reads: of a namespace, and of the cluster."""

_FLOW = "/apis/flowcontrol.apiserver.k8s.io/v1"
_STORAGE, _RESOURCE = "/apis/storage.k8s.io/v1", "/apis/resource.k8s.io/v1"

UNREAD = (
    Kind("Endpoints", CORE, "endpoints", True, short=("ep",)),
    Kind("ReplicationController", CORE, "replicationcontrollers", True, short=("rc",)),
    Kind("PodTemplate", CORE, "podtemplates", True),
    Kind("ComponentStatus", CORE, "componentstatuses", False, short=("cs",)),
    Kind("ControllerRevision", APPS, "controllerrevisions", True),
    Kind("IPAddress", NETWORKING, "ipaddresses", False, short=("ip",)),
    Kind("ServiceCIDR", NETWORKING, "servicecidrs", False),
    Kind("CSIDriver", _STORAGE, "csidrivers", False),
    Kind("CSINode", _STORAGE, "csinodes", False),
    Kind("CSIStorageCapacity", _STORAGE, "csistoragecapacities", True),
    Kind("VolumeAttachment", _STORAGE, "volumeattachments", False),
    Kind("VolumeAttributesClass", _STORAGE, "volumeattributesclasses", False, short=("vac",)),
    Kind("DeviceClass", _RESOURCE, "deviceclasses", False),
    Kind("ResourceClaim", _RESOURCE, "resourceclaims", True),
    Kind("ResourceClaimTemplate", _RESOURCE, "resourceclaimtemplates", True),
    Kind("ResourceSlice", _RESOURCE, "resourceslices", False),
    Kind("RuntimeClass", "/apis/node.k8s.io/v1", "runtimeclasses", False),
    Kind("FlowSchema", _FLOW, "flowschemas", False),
    Kind("PriorityLevelConfiguration", _FLOW, "prioritylevelconfigurations", False),
    Kind("ValidatingAdmissionPolicy", _ADMISSION, "validatingadmissionpolicies", False),
    Kind("ValidatingAdmissionPolicyBinding", _ADMISSION, "validatingadmissionpolicybindings", False),
    Kind(
        "CertificateSigningRequest", "/apis/certificates.k8s.io/v1", "certificatesigningrequests", False, short=("csr",)
    ),
    Kind(
        "CustomResourceDefinition",
        "/apis/apiextensions.k8s.io/v1",
        "customresourcedefinitions",
        False,
        short=("crd", "crds"),
    ),
)
"""Kinds every cluster has too, that a command may name and nothing here reads."""

BY_NAME = {kind.name: kind for kind in (*KINDS, *MORE, *POLICY_REPORTS)}

_CALLED = {word: kind for kind in (*KINDS, *MORE, *UNREAD) for word in (kind.name.casefold(), kind.plural, *kind.short)}


def kind_called(word: str) -> Kind | None:
    """Return the kind kubectl takes a word for (`po`, `Pod`, `deployments.apps`), None for none it comes with."""
    plain, _, group = word.casefold().partition(".")
    kind = _CALLED.get(plain)
    return kind if kind is None or not group or f".{group}".endswith(f".{kind.group}") else None


METRICS = "/apis/metrics.k8s.io/v1beta1"

GITOPS: Mapping[str, tuple[str, str]] = {
    "Application": ("argoproj.io", "applications"),
    "HelmRelease": ("helm.toolkit.fluxcd.io", "helmreleases"),
    "Kustomization": ("kustomize.toolkit.fluxcd.io", "kustomizations"),
    "GitRepository": ("source.toolkit.fluxcd.io", "gitrepositories"),
    "HelmRepository": ("source.toolkit.fluxcd.io", "helmrepositories"),
    "HelmChart": ("source.toolkit.fluxcd.io", "helmcharts"),
    "OCIRepository": ("source.toolkit.fluxcd.io", "ocirepositories"),
    "Bucket": ("source.toolkit.fluxcd.io", "buckets"),
}
"""Kind by which a GitOps tool keeps others -> its API group and its plural there. One is read by name, never listed
with a look: which version a cluster has, its group says."""
