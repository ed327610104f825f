"""Helm releases that are stuck or failed, or ask for what this cluster does not serve or does not let change."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity, finding
from agent.diagnose.modes import Mode
from agent.diagnose.registry import rule
from agent.kube.containers import containers_of, end_log, last_end
from agent.kube.fields import condition_is, metadata, number, spec, status
from agent.kube.remedies import Command, kubectl
from agent.kube.wording import listed, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref, Release

STUCK = 600
"""Seconds a release may be pending: helm waits five minutes by default."""

IDLE = 30
"""Seconds a release may be pending with nothing left to wait for: helm looks every few seconds."""

HOOK = "helm.sh/hook"

FIXED: Mapping[str, tuple[str, ...]] = {
    "Deployment": ("selector",),
    "DaemonSet": ("selector",),
    "ReplicaSet": ("selector",),
    "StatefulSet": ("selector", "serviceName", "podManagementPolicy", "volumeClaimTemplates"),
    "Job": ("selector", "completionMode"),
    "PersistentVolumeClaim": ("storageClassName", "volumeName", "accessModes", "selector"),
    "Service": ("clusterIP",),
}
"""Kind -> fields of its spec the API does not let change."""

REMOVED: Mapping[tuple[str, str], tuple[int, str]] = {
    ("extensions/v1beta1", "Ingress"): (22, "networking.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", "Ingress"): (22, "networking.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", "IngressClass"): (22, "networking.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "Role"): (22, "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "RoleBinding"): (22, "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRole"): (22, "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding"): (22, "rbac.authorization.k8s.io/v1"),
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"): (22, "apiextensions.k8s.io/v1"),
    ("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration"): (22, "admissionregistration.k8s.io/v1"),
    ("admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration"): (22, "admissionregistration.k8s.io/v1"),
    ("batch/v1beta1", "CronJob"): (25, "batch/v1"),
    ("discovery.k8s.io/v1beta1", "EndpointSlice"): (25, "discovery.k8s.io/v1"),
    ("policy/v1beta1", "PodDisruptionBudget"): (25, "policy/v1"),
    ("policy/v1beta1", "PodSecurityPolicy"): (25, "Pod Security Admission"),
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler"): (25, "autoscaling/v2"),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler"): (26, "autoscaling/v2"),
    ("flowcontrol.apiserver.k8s.io/v1beta2", "FlowSchema"): (29, "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema"): (32, "flowcontrol.apiserver.k8s.io/v1"),
    ("apps/v1beta1", "Deployment"): (16, "apps/v1"),
    ("apps/v1beta2", "Deployment"): (16, "apps/v1"),
    ("extensions/v1beta1", "Deployment"): (16, "apps/v1"),
}
"""(apiVersion, kind) -> the minor version that no longer serves it, and what does."""

_IMMUTABLE = re.compile(r"field is immutable|updates to statefulset spec|spec is immutable|may not change once set")
_NO_KIND = re.compile(r'no matches for kind \\?"([^"\\]+)\\?" in version \\?"([^"\\]+)\\?"')
"""client-go's NoKindMatchError; a log in JSON escapes its quotes."""
_MINOR = re.compile(r"v?1\.(\d+)")


EXPLAIN_A_FAILURE = (modes.IMMUTABLE_FIELD, modes.API_REMOVED, modes.KIND_UNDEFINED)
"""Modes for which an upgrade fails."""


@rule(modes.IMMUTABLE_FIELD, on="Release")
def immutable(obj: Object, graph: Graph) -> Iterator[Finding]:
    """A release failed because its new manifest changes what the API does not let change."""
    release: Release = obj["release"]
    if release.status == "deployed":
        return
    for item in release.manifest or ():
        live = graph.get(str(item.get("kind")), ref(item).namespace or release.namespace, ref(item).name)
        field = next(_changed(item, live), "") if live is not None else ""
        if live is not None and field:
            yield _immutable(obj, release, live, field, item)
            return
    if _IMMUTABLE.search(release.description):
        fix = Fix("Delete and make anew the object it names, or take the change back")
        cause = f"Release {release.name} failed: its manifest changes a field that cannot change"
        yield _finding(obj, modes.IMMUTABLE_FIELD, cause, fix, (_described(obj, release),), Confidence.LIKELY)


def _changed(item: Object, live: Object) -> Iterator[str]:
    """Yield the fixed fields that a manifest states otherwise than the object has them."""
    for field in FIXED.get(str(item.get("kind")), ()):
        wanted, found = spec(item).get(field), spec(live).get(field)
        if wanted is not None and found is not None and not _is_same(wanted, found):
            yield field


def _is_same(wanted: Any, found: Any) -> bool:
    """Return whether a stated value is the live one, whatever the API server filled in beside it."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        stated = (_is_same(value, found.get(key)) for key, value in wanted.items() if key not in ("labels", "status"))
        return all(stated) and (set(wanted) != {"matchLabels"} or wanted["matchLabels"] == found.get("matchLabels"))
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(_is_same(one, other) for one, other in zip(wanted, found, strict=True))
    return wanted in (None, "", {}) or str(wanted) == str(found)


def _immutable(obj: Object, release: Release, live: Object, field: str, item: Object) -> Finding:
    name, old, new = ref(live), _short(spec(live).get(field)), _short(spec(item).get(field))
    fix = Fix(
        summary=f"Take the change of {field} back, or delete {said(name)} (its pods can be kept: --cascade=orphan) and "
        "upgrade again",
        remedies=(kubectl("delete", name.kind.lower(), name.name, "-n", name.namespace, "--cascade=orphan"),),
        concerns=(field,),
    )
    cause = (
        f"Release {release.name} revision {release.revision} is {release.status}: it changes {field} of {said(name)} "
        f"from {old} to {new}, which the API does not allow"
    )
    shown = (Evidence(name, f"/spec/{field}", old), *((_described(obj, release),) if release.description else ()))
    return _finding(obj, modes.IMMUTABLE_FIELD, cause, fix, shown, Confidence.CERTAIN)


def _short(value: object) -> str:
    pairs = value.get("matchLabels") if isinstance(value, Mapping) else None
    text = ",".join(f"{key}={word}" for key, word in pairs.items()) if isinstance(pairs, Mapping) else str(value)
    return text if len(text) <= 120 else f"{text[:117]}…"


@rule(modes.RELEASE_STUCK, on="Release")
def stuck(obj: Object, graph: Graph) -> Iterator[Finding]:
    """A release is pending although no helm works on it any more, or its last upgrade failed."""
    release: Release = obj["release"]
    if release.status.startswith("pending-") or release.status == "uninstalling":
        lasted = _seconds_since(release.updated, graph)
        since = f" for {int(lasted / 60)} min" if lasted is not None else ""
        fix = Fix(
            "Roll back to the last good revision: until then every upgrade says another operation is in progress",
            remedies=(Command(("helm", "rollback", release.name, "-n", release.namespace)),),
        )
        cause = f"Release {release.name} is {release.status}{since}: whatever changed it ended before it was done"
        old = lasted is not None and (lasted > STUCK or (lasted > IDLE and _is_idle(release, graph)))
        yield _finding(obj, modes.RELEASE_STUCK, cause, fix, (), severity=Severity.WARNING if old else Severity.INFO)
    elif release.status == "failed":
        yield _failed(obj, release, graph)


def _is_idle(release: Release, graph: Graph) -> bool:
    """Return whether helm would have nothing to wait for: every hook has ended and every workload has its pods."""
    hooks = [job for job in graph.all("Job", release.namespace) if _is_hook(job, release)]
    working = any(
        not condition_is(job, "Failed", "True") and not condition_is(job, "Complete", "True") for job in hooks
    )
    named = (graph.get(str(item.get("kind")), release.namespace, ref(item).name) for item in release.manifest or ())
    made = [obj for obj in named if obj is not None and obj.get("kind") in ("Deployment", "StatefulSet")]
    return not working and bool(made) and all(_is_ready(obj) for obj in made)


def _is_ready(obj: Object) -> bool:
    return number(status(obj).get("readyReplicas")) >= number(spec(obj).get("replicas"), 1)


def _failed(obj: Object, release: Release, graph: Graph) -> Finding:
    jobs = [ref(job) for job in graph.all("Job", release.namespace) if _is_failed_hook(job, release)]
    why = f": hook {said(jobs[0])} failed" if jobs else f": {release.description}" if release.description else ""
    fix = Fix(
        "Repair what failed and upgrade again, or roll back to the revision before",
        remedies=(Command(("helm", "history", release.name, "-n", release.namespace)),),
    )
    cause = f"Release {release.name} revision {release.revision} failed{why}"
    shown = (_described(obj, release),) if release.description else ()
    waited_for = (Ref(str(item.get("kind")), release.namespace, ref(item).name) for item in release.manifest or ())
    roots = (*jobs, *waited_for)  # what is broken among them is why helm gave up
    return _finding(obj, modes.RELEASE_FAILED, cause, fix, shown, roots=roots, severity=Severity.WARNING)


def _is_failed_hook(job: Object, release: Release) -> bool:
    return _is_hook(job, release) and condition_is(job, "Failed", "True")


def _is_hook(job: Object, release: Release) -> bool:
    notes = metadata(job).get("annotations") or {}
    return HOOK in notes and notes.get("meta.helm.sh/release-name", release.name) == release.name


def _seconds_since(updated: str, graph: Graph) -> float | None:
    """Return the seconds since helm's own kind of timestamp (`2026-11-23 22:00:00.12 +0000 UTC`)."""
    date, _, rest = updated.partition(" ")
    clock, _, zone = rest.partition(" ")
    try:
        then = datetime.fromisoformat(f"{date}T{clock.split('.')[0]}{zone.split(' ')[0] or '+0000'}")
    except ValueError:
        return None
    return (graph.snapshot.taken_at - then).total_seconds()


@rule(modes.API_REMOVED, on="Release")
def removed(obj: Object, graph: Graph) -> Iterator[Finding]:
    """A release's manifest is of an apiVersion this cluster no longer serves, or of a kind nobody defined."""
    release: Release = obj["release"]
    minor = _MINOR.match(graph.snapshot.cluster.version)
    gone = [
        (str(item.get("apiVersion")), ref(item), REMOVED[key])
        for item in release.manifest or ()
        if (key := (str(item.get("apiVersion")), str(item.get("kind")))) in REMOVED
        and minor is not None
        and int(minor[1]) >= REMOVED[key][0]
    ]
    unknown = _NO_KIND.search(release.description) if release.status != "deployed" else None
    if gone:
        version, name, (since, instead) = gone[0]
        which = listed(f"{said(item)} ({old})" for old, item, _ in gone)
        fix = Fix(
            f"Use apiVersion {instead} in the chart; helm's mapkubeapis plugin corrects the stored manifest",
        )
        cause = f"Release {release.name} keeps {which}, not served since Kubernetes 1.{since}: its next upgrade fails"
        shown = (Evidence(ref(obj), f"manifest {said(name)}", version),)
        yield _finding(obj, modes.API_REMOVED, cause, fix, shown, severity=Severity.WARNING)
    elif unknown is not None:
        cause = f"Release {release.name} failed: nothing defines kind {unknown[1]} of {unknown[2]} on this cluster"
        fix = Fix(f"Install the CRD of {unknown[1]} first, or turn that part of the chart off")
        yield _finding(obj, modes.KIND_UNDEFINED, cause, fix, (_described(obj, release),), Confidence.LIKELY)


@rule(modes.KIND_UNDEFINED, on="Pod")
def undefined(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A controller ends because a kind it works with is not defined: its CRD is missing."""
    for container in containers_of(pod):
        pointer, text = end_log(container, graph) if last_end(container, graph) else ("", "")
        found = next(_NO_KIND.finditer(text), None)
        if found is not None:
            what = f"{container.said} ends because nothing defines kind {found[1]} of {found[2]} on this cluster"
            fix = Fix(
                f"Install the CRD of {found[1]}, or turn off what uses it",
                remedies=(kubectl("api-resources", f"--api-group={found[2].partition('/')[0]}"),),
            )
            evidence = (Evidence(ref(pod), pointer, found[0]),)
            yield finding(modes.KIND_UNDEFINED, container, graph, what, fix, evidence, Confidence.LIKELY)


def _described(obj: Object, release: Release) -> Evidence:
    return Evidence(ref(obj), "description", " ".join(release.description.split())[:400])


def _finding(
    obj: Object,
    mode: Mode,
    cause: str,
    fix: Fix,
    evidence: tuple[Evidence, ...],
    confidence: Confidence = Confidence.CERTAIN,
    severity: Severity = Severity.ERROR,
    roots: tuple[Ref, ...] = (),
) -> Finding:
    release: Release = obj["release"]
    return Finding(
        mode=mode,
        subject=ref(obj),
        cause=cause,
        severity=severity,
        confidence=confidence,
        evidence=evidence or (Evidence(ref(obj), "status", release.status),),
        fix=fix,
        roots=roots,
        instead_of=(modes.RELEASE_FAILED, modes.RELEASE_STUCK)
        if mode in EXPLAIN_A_FAILURE and severity is Severity.ERROR
        else (),
    )


RULES = (immutable, stuck, removed, undefined)
