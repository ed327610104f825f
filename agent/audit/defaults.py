"""What the API server writes where an object says nothing: absent and the default are one."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agent.audit.normalise import same

DEFAULTS: Sequence[tuple[str, Sequence[Any] | None]] = (
    (r"/protocol", ["TCP"]),
    (r"/terminationMessagePath", ["/dev/termination-log"]),
    (r"/terminationMessagePolicy", ["File"]),
    (r"/imagePullPolicy", ["IfNotPresent", "Always"]),
    (r"/(liveness|readiness|startup)Probe/(timeoutSeconds|successThreshold)", [1]),
    (r"/(liveness|readiness|startup)Probe/periodSeconds", [10]),
    (r"/(liveness|readiness|startup)Probe/failureThreshold", [3]),
    (r"/httpGet/scheme", ["HTTP"]),
    (r"/httpGet/path", ["/"]),
    (r"/grpc/service", [""]),
    (r"/spec/dnsPolicy", ["ClusterFirst"]),
    (r"/spec/restartPolicy", ["Always"]),
    (r"/spec/schedulerName", ["default-scheduler"]),
    (r"/spec/terminationGracePeriodSeconds", [30]),
    (r"/spec/securityContext", [{}]),
    (r"/spec/serviceAccount", None),
    (r"/spec/enableServiceLinks", [True]),
    (r"/spec/replicas", [1]),
    (r"/spec/(progressDeadlineSeconds)", [600]),
    (r"/spec/revisionHistoryLimit", [10]),
    (r"/spec/strategy(/type)?", ["RollingUpdate", {"type": "RollingUpdate"}]),
    (r"/(strategy|updateStrategy)(/rollingUpdate(/max(Surge|Unavailable))?)?", None),
    (r"/spec/updateStrategy/type", ["RollingUpdate"]),
    (r"/spec/updateStrategy/rollingUpdate/partition", [0]),
    (r"/spec/podManagementPolicy", ["OrderedReady"]),
    (r"/spec/persistentVolumeClaimRetentionPolicy(/when(Deleted|Scaled))?", None),
    (r"/spec/minReadySeconds", [0]),
    (r"/(secret|configMap|projected|downwardAPI)/defaultMode", [420]),
    (r"/hostPath/type", [""]),
    (r"/fieldRef/apiVersion", ["v1"]),
    (r"/emptyDir", [{}]),
    (r"/(clusterIPs?|ipFamil(ies|yPolicy)|internalTrafficPolicy|sessionAffinity|allocateLoadBalancerNodePorts)", None),
    (r"/(healthCheckNodePort|externalTrafficPolicy|nodePort)", None),
    (r"/spec/type", ["ClusterIP"]),
    (r"/ports/[^/]+/targetPort", None),
    (r"/(volumeName|volumeMode|storageClassName|claimRef|caBundle|finalizers)", None),
    (r"/spec/template/metadata/creationTimestamp", None),
    (r"/volumeClaimTemplates/[^/]+/(apiVersion|kind|status|metadata/creationTimestamp)", None),
    (r"/spec/behavior(/scale(Up|Down)(/(selectPolicy|policies|stabilizationWindowSeconds|tolerance).*)?)?", None),
    (r"/spec/metrics", None),
    (r"/spec/minReplicas", [1]),
    (r"/backoffLimit", [6]),
    (r"/(completionMode|parallelism|completions|suspend|podReplacementPolicy|manualSelector)", None),
    (r"/spec/(concurrencyPolicy|successfulJobsHistoryLimit|failedJobsHistoryLimit)", None),
    (r"/(generateName|batch\.kubernetes\.io~1controller-uid|controller-uid)", None),
    (r"/spec/(unhealthyPodEvictionPolicy)", ["IfHealthyBudget"]),
    (r"/pathType", ["ImplementationSpecific"]),
    (r"/roleRef/apiGroup", ["rbac.authorization.k8s.io"]),
    (r"/subjects/[^/]+/apiGroup", ["", "rbac.authorization.k8s.io"]),
    (r"/spec/policyTypes", None),
    (r"/(resources|securityContext|affinity|nodeSelector|annotations|labels)", [{}]),
    (r"/seccompProfile", None),
    (r"/resources/requests(/(cpu|memory|ephemeral-storage))?", None),
    (r"/spec/limits/[^/]+/default(Request)?", None),
)
"""Where a pointer ends -> the values that are its default; None where the server chooses.

Requests are copied from limits where only those are given, a LimitRange's defaults from its bounds; a
HorizontalPodAutoscaler gets a behaviour and, without metrics, one for CPU.
"""

_COMPILED = tuple((re.compile(rf"(?:^|.*){pattern}$"), values) for pattern, values in DEFAULTS)


def is_default(pointer: str, value: Any) -> bool:
    """Return whether a field nobody asked for has the value the API server gives it."""
    return any(
        values is None or any(same(value, known, pointer) for known in values)
        for pattern, values in _COMPILED
        if pattern.match(pointer)
    )


def completed(wanted: Any, found: Any, pointer: str) -> bool:
    """Return whether what stands at a place is what was asked for, with the API server's defaults filled in."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        names = {name: f"{pointer}/{name}" for name in (*wanted, *found)}
        return all(
            completed(wanted[name], found.get(name), place) if name in wanted else is_default(place, found[name])
            for name, place in names.items()
        )
    if isinstance(wanted, list) and isinstance(found, list):
        paired = enumerate(zip(wanted, found, strict=False))
        return len(wanted) == len(found) and all(completed(*pair, f"{pointer}/{at}") for at, pair in paired)
    return same(wanted, found, pointer)
