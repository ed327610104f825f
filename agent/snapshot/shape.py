"""Whether an object has the shape the API gives it. Asked only when a rule stumbled, to find the one that is odd.

A broken object in an index would make every rule that uses the index stumble; set aside, it costs one line.
"""

from collections.abc import Iterator, Mapping

from agent.snapshot.graph import ref
from agent.snapshot.record import Object, Ref

MAPS = frozenset(
    "metadata spec labels annotations selector matchLabels nodeSelector template jobTemplate resources state lastState "
    "waiting terminated running affinity nodeAffinity involvedObject scaleTargetRef backend http emptyDir "
    "httpGet tcpSocket exec grpc livenessProbe readinessProbe startupProbe valueFrom configMapKeyRef secretKeyRef "
    "configMapRef secretRef persistentVolumeClaim ephemeral configMap secret projected overhead allocatable capacity "
    "hard used requests claimRef series securityContext data target defaultBackend scopeSelector".split()
)
"""Fields that are maps wherever they stand."""

LISTS = frozenset(
    "conditions containers initContainers containerStatuses initContainerStatuses ephemeralContainerStatuses volumes "
    "volumeMounts tolerations taints env envFrom ports ownerReferences metrics endpoints rules paths nodeSelectorTerms "
    "matchExpressions matchFields imagePullSecrets sources items".split()
)
"""Fields that are lists of maps."""

TEXTS = frozenset(
    "name namespace kind reason message phase type key nodeName image creationTimestamp deletionTimestamp "
    "lastTimestamp eventTime lastObservedTime lastTransitionTime finishedAt startedAt claimName storageClassName "
    "serviceAccountName secretName clusterIP operator effect".split()
)
"""Fields that are texts."""

FREE = frozenset(
    "labels annotations selector matchLabels nodeSelector data allocatable capacity hard used requests".split()
)
"""Maps whose keys are names somebody chose, not fields."""


def oddity(obj: Object) -> str:
    """Return the first field that is not what the API says, as a JSON pointer, "" when the shape is right."""
    if not isinstance(obj.get("metadata") or {}, Mapping) or not isinstance(obj.get("status") or {}, Mapping):
        return "/metadata or /status"
    return next(_odd(obj, ""), "")


def named(obj: Object) -> Ref:
    """Return an object's name as far as it can be read."""
    meta = obj.get("metadata")
    known = ref({"kind": obj.get("kind"), "metadata": meta if isinstance(meta, Mapping) else {}})
    return Ref(*(str(part or "") for part in known))


def _odd(value: object, pointer: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _odd_field(str(key), below, f"{pointer}/{key}")
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _odd(below, f"{pointer}/{index}")


def _odd_field(key: str, value: object, pointer: str) -> Iterator[str]:
    if value is not None and not _fits(key, value):
        yield pointer
    elif key not in FREE:
        yield from _odd(value, pointer)


def _fits(key: str, value: object) -> bool:
    if key in MAPS:
        return isinstance(value, Mapping)
    if key == "conditions" and isinstance(value, Mapping):
        return True  # an endpoint's, in an EndpointSlice
    if key in LISTS:
        return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)
    return key not in TEXTS or isinstance(value, str)
