"""Pods that are not what their template says: something changed them on their way in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.registry import rule
from agent.kube.containers import Container, containers_of
from agent.kube.fields import is_unscheduled, metadata, spec, template
from agent.kube.remedies import kubectl
from agent.kube.wording import said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, labels, ref
from agent.snapshot.record import Object
from tools.quantity import parse_quantity

FIXED = ("ReplicaSet", "Job")
"""Kinds whose template does not change after they are made."""

REVISION = "controller-revision-hash"

PULLING = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of a container that is another in the pod than in its template."""

    path: str
    wanted: str
    found: str


@rule(modes.CHANGED_AT_ADMISSION, on="Pod")
def changed(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A webhook or policy changed what the pod may use or which image it runs, and that is what fails."""
    owner = graph.owner(pod)
    if owner is None or not _is_of_its_template(pod, owner) or _was_resized(pod):
        return
    written = {item.get("name"): item for kind in ("containers", "initContainers") for item in _listed(owner, kind)}
    for container in containers_of(pod):
        for difference in _differences(written.get(container.name) or {}, container.spec):
            if _hurts(container, difference, pod):
                yield _finding(pod, container, difference, owner, graph)


def _listed(owner: Object, kind: str) -> list[Mapping[str, Any]]:
    return spec(template(owner)).get(kind) or []


def _is_of_its_template(pod: Object, owner: Object) -> bool:
    """Return whether the owner's template is the one the pod was made from."""
    if owner.get("kind") in FIXED:
        return True
    current = (owner.get("status") or {}).get("updateRevision")
    return bool(current) and labels(pod).get(REVISION) == current


def _was_resized(pod: Object) -> bool:
    """Return whether somebody changed the pod after it was made: since 1.33 that raises its generation."""
    return int(metadata(pod).get("generation") or 1) > 1


def _differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield what the template states and the pod has otherwise; what is only added is a default."""
    if wanted.get("image") and wanted["image"] != found.get("image"):
        yield Difference("image", str(wanted["image"]), str(found.get("image")))
    for bound in ("limits", "requests"):
        mine, theirs = _resources(wanted, bound), _resources(found, bound)
        for resource in mine:
            before, after = mine[resource], theirs.get(resource)
            if after is not None and parse_quantity(str(before)) != parse_quantity(str(after)):
                yield Difference(f"resources.{bound}.{resource}", str(before), str(after))


def _resources(container: Mapping[str, Any], bound: str) -> Mapping[str, Any]:
    return (container.get("resources") or {}).get(bound) or {}


def _hurts(container: Container, difference: Difference, pod: Object) -> bool:
    """Return whether what goes wrong is what was changed."""
    if difference.path == "image":
        return container.waiting.get("reason") in PULLING
    if difference.path == "resources.limits.memory":
        return any(ended.get("reason") == "OOMKilled" for _, ended in container.ended()) and _is_less(difference)
    return difference.path.startswith("resources.requests") and is_unscheduled(pod) and not _is_less(difference)


def _is_less(difference: Difference) -> bool:
    before, after = parse_quantity(difference.wanted), parse_quantity(difference.found)
    return before is not None and after is not None and after < before


def _finding(pod: Object, container: Container, difference: Difference, owner: Object, graph: Graph) -> Finding:
    workload = ref(graph.workload(pod))
    what = " ".join(reversed(difference.path.removeprefix("resources.").replace("s.", ".", 1).split(".", 1)))
    what = "image " if what == "image" else f"a {what} of "
    vertical = "vpaUpdates" in (metadata(pod).get("annotations") or {})
    by = "the Vertical Pod Autoscaler" if vertical else "an admission webhook or policy"
    how = {"image": "cannot be pulled", "resources.limits.memory": "is too little for it"}.get(difference.path)
    return Finding(
        mode=modes.CHANGED_AT_ADMISSION,
        subject=workload,
        cause=f"{said(workload)} asks for {what}{difference.wanted} for {container.said}, {by} makes it "
        f"{difference.found}, and that {how or 'fits on no node'}",
        severity=Severity.WARNING if container.running and container.ready else Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(
            Evidence(
                ref(owner), f"/spec/template{container.pointer}/{difference.path.replace('.', '/')}", difference.wanted
            ),
            Evidence(ref(pod), f"{container.pointer}/{difference.path.replace('.', '/')}", difference.found),
        ),
        fix=Fix(
            summary=f"Correct the policy or exempt {said(workload)}; the chart's own value is not what runs",
            remedies=(kubectl("get", "mutatingwebhookconfigurations,mutatingadmissionpolicies"),),
            concerns=(container.field(difference.path),),
        ),
        affected=(ref(pod),),
        container=container.name,
    )


RULES = (changed,)
