"""The words of the blueprints' Field column: which object each leads to, and what stands there.

`containers[].…` is the bound container of the pod template, the fields of a pod stand below the template, everything
else below `spec`; `service.`, `hpa.`, `pdb.`, `ingress.` and `configmap.` lead to the bound object of that kind.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from agent.snapshot.record import Object
from tools.kinds import kind_called

KINDS: Mapping[str, tuple[str, ...]] = {
    word: (kind.name,)
    for word in "service hpa pdb ingress configmap serviceaccount pvc".split()
    if (kind := kind_called(word))
}
"""The first word of a field, as kubectl calls the kind it leads to -> that kind."""

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")

POD = frozenset(
    (
        "containers initContainers restartPolicy tolerations topologySpreadConstraints volumes affinity nodeSelector"
        " serviceAccountName terminationGracePeriodSeconds securityContext priorityClassName imagePullSecrets"
        " hostNetwork dnsPolicy dnsConfig automountServiceAccountToken schedulerName hostAliases runtimeClassName"
    ).split()
)
"""Fields that stand in the pod template rather than in the workload's own spec."""

DEFAULTS: Mapping[str, Any] = {
    "restartPolicy": "Always",
    "replicas": 1,
    "periodSeconds": 10,
    "failureThreshold": 3,
    "minReplicas": 1,
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
}
"""What the API server means where a field is absent."""

NODE_LOSS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


class Found(NamedTuple):
    """What stands at a field of an object: a JSON pointer and the value, None for nothing."""

    pointer: str
    value: Any


def kinds(field: str) -> tuple[str, ...]:
    """Return the kinds of object a field may be read from."""
    return KINDS.get(field.partition(".")[0], WORKLOADS)


def read(field: str, obj: Object, container: str) -> list[Found]:
    """Return what stands at a field; several where a list has several items; one empty one where nothing does."""
    special = _SPECIAL.get(field)
    if special is not None:
        return list(special(obj))
    word = field.partition(".")[0]
    path = field.partition(".")[2] if word in KINDS else field
    start, base = _base(word, path, obj)
    return list(_walk(base, path.split(".") if path else [], start, container)) or [Found(start, None)]


def _base(word: str, path: str, obj: Object) -> tuple[str, Any]:
    """Return where a path starts: a pod's fields in the template, data of a ConfigMap at the top, the rest in spec."""
    first = path.partition(".")[0].removesuffix("[]")
    if word not in KINDS and first in POD:
        return _template(obj)
    if first in ("data", "metadata", "automountServiceAccountToken"):
        return "", obj
    return "/spec", obj.get("spec") or {}


def _template(obj: Object) -> tuple[str, Any]:
    spec, pointer = obj.get("spec") or {}, "/spec"
    if obj.get("kind") == "CronJob":
        spec, pointer = (spec.get("jobTemplate") or {}).get("spec") or {}, "/spec/jobTemplate/spec"
    return f"{pointer}/template/spec", (spec.get("template") or {}).get("spec") or {}


def _walk(here: Any, steps: list[str], pointer: str, container: str) -> Iterator[Found]:
    if not steps:
        yield Found(pointer, here)
        return
    step, rest = steps[0], steps[1:]
    name = step.removesuffix("[]")
    below = here.get(name) if isinstance(here, Mapping) else None
    if not step.endswith("[]"):
        yield from _walk(below, rest, f"{pointer}/{name}", container)
        return
    items = list(enumerate(below)) if isinstance(below, list) else []
    if name in ("containers", "initContainers"):
        items = [(i, item) for i, item in items if not container or item.get("name") == container]
    for index, item in items:
        yield from _walk(item, rest, f"{pointer}/{name}/{index}", container)


def _cpu(obj: Object) -> Iterator[Found]:
    yield from _metric(obj, "cpu")


def _memory(obj: Object) -> Iterator[Found]:
    yield from _metric(obj, "memory")


def _metric(obj: Object, name: str) -> Iterator[Found]:
    """Yield the utilization an HPA wants of one resource, one empty one where it does not look at it."""
    metrics = (obj.get("spec") or {}).get("metrics") or ()
    found = [
        (i, item["resource"]) for i, item in enumerate(metrics) if (item.get("resource") or {}).get("name") == name
    ]
    for index, resource in found:
        pointer = f"/spec/metrics/{index}/resource/target/averageUtilization"
        yield Found(pointer, (resource.get("target") or {}).get("averageUtilization"))
    if not found:
        yield Found("/spec/metrics", None)


def _scale_up(obj: Object) -> Iterator[Found]:
    """Yield the seconds in which one pod may be added; nothing where the HPA may add more, or waits before it does."""
    up = _behavior(obj).get("scaleUp") or {}
    policies = list(up.get("policies") or ())
    single = len(policies) == 1 and policies[0].get("type") == "Pods" and policies[0].get("value") == 1
    seconds = policies[0].get("periodSeconds") if single and not up.get("stabilizationWindowSeconds") else None
    yield Found("/spec/behavior/scaleUp/policies/0/periodSeconds", seconds)


def _scale_down(obj: Object) -> Iterator[Found]:
    found = (_behavior(obj).get("scaleDown") or {}).get("stabilizationWindowSeconds", 300)
    yield Found("/spec/behavior/scaleDown/stabilizationWindowSeconds", found)


def _behavior(obj: Object) -> Mapping[str, Any]:
    return (obj.get("spec") or {}).get("behavior") or {}


def _alert(obj: Object) -> Iterator[Found]:
    """Yield the threshold at which people are told, which the chart writes as an annotation."""
    notes = (obj.get("metadata") or {}).get("annotations") or {}
    name = next((name for name in notes if name.endswith("/memory-alert-percentage")), "")
    pointer = name.replace("~", "~0").replace("/", "~1") or "bluehelm.dev~1memory-alert-percentage"
    yield Found(f"/metadata/annotations/{pointer}", notes.get(name))


def _drain(obj: Object) -> Iterator[Found]:
    """Yield how long each container waits before it is asked to end; nothing where it does not."""
    pointer, pod = _template(obj)
    for index, container in enumerate(pod.get("containers") or ()):
        hook = (container.get("lifecycle") or {}).get("preStop") or {}
        words = list((hook.get("exec") or {}).get("command") or ())
        seconds = words[-1] if len(words) == 2 and words[0] == "sleep" else (hook.get("sleep") or {}).get("seconds")
        yield Found(f"{pointer}/containers/{index}/lifecycle/preStop", seconds)


def _tolerations(obj: Object) -> Iterator[Found]:
    """Yield how long a pod stays bound to a node that is lost: of each of the two taints, 300 s unless it says so."""
    pointer, pod = _template(obj)
    listed = pod.get("tolerations") or ()
    for taint in NODE_LOSS:
        fits = [i for i, item in enumerate(listed) if item.get("key") == taint]
        seconds = listed[fits[0]].get("tolerationSeconds") if fits else 300
        yield Found(f"{pointer}/tolerations/{fits[0] if fits else '-'}/tolerationSeconds", seconds)


_SPECIAL: Mapping[str, Callable[[Object], Iterator[Found]]] = {
    "hpa.metrics.cpu": _cpu,
    "hpa.metrics.memory": _memory,
    "hpa.behavior.scaleUp": _scale_up,
    "hpa.behavior.scaleDown": _scale_down,
    "hpa.alert.memory": _alert,
    "tolerations": _tolerations,
    "containers[].lifecycle.preStop": _drain,
}
"""Words that mean more than one leaf."""
