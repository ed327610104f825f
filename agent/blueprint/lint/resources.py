"""The resources `kubectl get` knows on every cluster. A custom one is written with its group."""

from tools.kinds import KINDS

_SHORT = (
    "po ev rs svc deploy sts ds cj cm sa pvc hpa pdb ing netpol quota limits no ns pv sc pc cs ep rc csr crd crds all"
)
_OTHERS = (
    "endpoints replicationcontrollers componentstatuses podtemplates controllerrevisions leases events roles"
    " rolebindings clusterroles clusterrolebindings customresourcedefinitions apiservices certificatesigningrequests"
    " csidrivers csinodes csistoragecapacities volumeattachments volumeattributesclasses runtimeclasses flowschemas"
    " prioritylevelconfigurations mutatingwebhookconfigurations validatingwebhookconfigurations servicecidrs"
    " validatingadmissionpolicies validatingadmissionpolicybindings ipaddresses deviceclasses resourceclaims"
    " resourceclaimtemplates resourceslices"
)

CLUSTER_SCOPED = frozenset(
    "no node nodes ns namespace namespaces pv persistentvolume persistentvolumes sc storageclass storageclasses"
    " ingressclass ingressclasses pc priorityclass priorityclasses crd crds customresourcedefinitions apiservices"
    " clusterrole clusterroles clusterrolebinding clusterrolebindings csr componentstatuses cs".split()
)
"""Resources without a namespace."""

WORKLOAD_NAMES = {
    "deploy": "Deployment",
    "deployment": "Deployment",
    "deployments": "Deployment",
    "svc": "Service",
    "service": "Service",
    "services": "Service",
    "po": "Pod",
    "pod": "Pod",
    "pods": "Pod",
    "hpa": "HorizontalPodAutoscaler",
    "pdb": "PodDisruptionBudget",
    "cm": "ConfigMap",
    "configmap": "ConfigMap",
    "ing": "Ingress",
    "ingress": "Ingress",
}
"""What a command calls an object -> its kind."""


def _singular(plural: str) -> str:
    if plural.endswith("ies"):
        return plural[:-3] + "y"
    return plural[:-2] if plural.endswith(("sses", "xes")) else plural.removesuffix("s")


_PLURALS = [kind.plural for kind in KINDS] + _OTHERS.split()
KNOWN = frozenset((*_PLURALS, *map(_singular, _PLURALS), *(kind.name.casefold() for kind in KINDS), *_SHORT.split()))
"""Every name of a resource that comes with Kubernetes."""


def is_resource(name: str) -> bool:
    """Return whether `kubectl get NAME` may work: one of Kubernetes' own, or a custom one with its group."""
    return all(part.casefold() in KNOWN or "." in part for part in name.split(","))
