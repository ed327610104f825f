"""API versions that go: since when they are deprecated, which minor version drops them, and what takes their place.

The facts are those of `zz_generated.prerelease-lifecycle.go` in k8s.io/api v0.37.1, and for what that no longer holds
of https://kubernetes.io/docs/reference/using-api/deprecation-guide/. Only kinds that somebody keeps: what is only ever
sent (reviews, evictions, scales) stands in no manifest.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

GOING = """
admissionregistration.k8s.io/v1alpha1 26 32 v1 ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding
admissionregistration.k8s.io/v1alpha1 35 38 v1 MutatingAdmissionPolicy MutatingAdmissionPolicyBinding
admissionregistration.k8s.io/v1beta1 16 22 v1 MutatingWebhookConfiguration ValidatingWebhookConfiguration
admissionregistration.k8s.io/v1beta1 31 34 v1 ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding
admissionregistration.k8s.io/v1beta1 37 40 v1 MutatingAdmissionPolicy MutatingAdmissionPolicyBinding
apiextensions.k8s.io/v1beta1 16 22 v1 CustomResourceDefinition
apiregistration.k8s.io/v1beta1 19 22 v1 APIService
apps/v1beta1 8 16 v1 ControllerRevision Deployment StatefulSet
apps/v1beta2 9 16 v1 ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet
autoscaling/v2beta1 22 25 v2 HorizontalPodAutoscaler
autoscaling/v2beta2 23 26 v2 HorizontalPodAutoscaler
batch/v1beta1 21 25 v1 CronJob
certificates.k8s.io/v1alpha1 34 37 v1 ClusterTrustBundle
certificates.k8s.io/v1beta1 19 22 v1 CertificateSigningRequest
certificates.k8s.io/v1beta1 37 40 v1 ClusterTrustBundle PodCertificateRequest
coordination.k8s.io/v1beta1 19 22 v1 Lease
discovery.k8s.io/v1beta1 21 25 v1 EndpointSlice
events.k8s.io/v1beta1 22 25 v1 Event
extensions/v1beta1 8 16 apps/v1 DaemonSet Deployment ReplicaSet
extensions/v1beta1 9 16 networking.k8s.io/v1 NetworkPolicy
extensions/v1beta1 10 16 - PodSecurityPolicy
extensions/v1beta1 14 22 networking.k8s.io/v1 Ingress
flowcontrol.apiserver.k8s.io/v1beta1 23 26 v1 FlowSchema PriorityLevelConfiguration
flowcontrol.apiserver.k8s.io/v1beta2 26 29 v1 FlowSchema PriorityLevelConfiguration
flowcontrol.apiserver.k8s.io/v1beta3 29 32 v1 FlowSchema PriorityLevelConfiguration
networking.k8s.io/v1beta1 19 22 v1 Ingress IngressClass
networking.k8s.io/v1beta1 34 37 v1 IPAddress ServiceCIDR
node.k8s.io/v1beta1 22 25 v1 RuntimeClass
policy/v1beta1 21 25 v1 PodDisruptionBudget
policy/v1beta1 21 25 - PodSecurityPolicy
rbac.authorization.k8s.io/v1beta1 17 22 v1 ClusterRole ClusterRoleBinding Role RoleBinding
resource.k8s.io/v1alpha3 36 39 - DeviceTaintRule
resource.k8s.io/v1beta1 35 38 v1 DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice
resource.k8s.io/v1beta2 36 39 v1 DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice
scheduling.k8s.io/v1beta1 14 22 v1 PriorityClass
storage.k8s.io/v1alpha1 21 24 v1 CSIStorageCapacity VolumeAttachment
storage.k8s.io/v1alpha1 32 35 v1 VolumeAttributesClass
storage.k8s.io/v1beta1 19 22 v1 CSIDriver CSINode StorageClass VolumeAttachment
storage.k8s.io/v1beta1 24 27 v1 CSIStorageCapacity
storage.k8s.io/v1beta1 34 37 v1 VolumeAttributesClass
storagemigration.k8s.io/v1beta1 37 40 v1 StorageVersionMigration
"""
"""`group/version DEPRECATED REMOVED INSTEAD kind...`: minor versions of Kubernetes 1; `-` for nothing instead."""


class Going(NamedTuple):
    """An API version of a kind that is deprecated: by which minor version of Kubernetes 1, and which one drops it."""

    deprecated: int
    removed: int
    instead: str
    """The apiVersion to write, "" where nothing takes its place."""


def going(api_version: str, kind: str) -> Going | None:
    """Return what is known of an apiVersion of a kind, None for one that stays as far as anybody knows."""
    return _table().get((api_version, kind))


def minor(version: str) -> int | None:
    """Return 36 of `v1.36.3`, None for what is no version of Kubernetes 1."""
    found = re.match(r"v?1\.(\d+)", version)
    return int(found[1]) if found else None


@cache
def _table() -> Mapping[tuple[str, str], Going]:
    found: dict[tuple[str, str], Going] = {}
    for line in GOING.split("\n")[1:-1]:
        api_version, deprecated, removed, instead, *kinds = line.split()
        group = api_version.rpartition("/")[0]
        whole = "" if instead == "-" else instead if "/" in instead else f"{group}/{instead}"
        found |= {(api_version, kind): Going(int(deprecated), int(removed), whole) for kind in kinds}
    return found
