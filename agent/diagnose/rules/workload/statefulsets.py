"""StatefulSets without their Service or stuck behind one pod, and DaemonSets that are not where they should be."""

import re
from collections.abc import Iterator

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.registry import rule
from agent.diagnose.unexplained import patience
from agent.kube.addresses import calls
from agent.kube.edits import edit, pod_edits
from agent.kube.endpoints import is_ready, services_of, workloads
from agent.kube.environment import environment
from agent.kube.fields import condition, containers, metadata, number, seconds_since, spec, status, template, texts
from agent.kube.remedies import kubectl
from agent.kube.scheduling import CONTROL_PLANE, fits
from agent.kube.wording import closest, counted, listed, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, labels, ref
from agent.snapshot.record import Object

REVISION = "controller-revision-hash"


@rule(modes.STATEFULSET_SERVICE_MISSING, on="StatefulSet")
def service_missing(workload: Object, graph: Graph) -> Iterator[Finding]:
    """A StatefulSet's governing Service does not exist, so its pods have no names of their own."""
    name, wanted = ref(workload), str(spec(workload).get("serviceName") or "")
    if not wanted or not spec(workload).get("replicas", 1):
        return
    if graph.exists("Service", name.namespace, wanted) is not False:
        return
    near = closest(wanted, (ref(found).name for found in graph.all("Service", name.namespace)))
    user = _user_of_names(workload, wanted, graph)
    yield Finding(
        mode=modes.STATEFULSET_SERVICE_MISSING,
        subject=name,
        cause=f"{said(name)} names Service {wanted} as the one that governs its pods, which does not exist"
        f"{f' (there is one called {near})' if near else ''}: {name.name}-0.{wanted} resolves to nothing",
        severity=Severity.WARNING if user or _served_under_another_name(workload, graph) else Severity.INFO,
        confidence=Confidence.CERTAIN,
        evidence=(Evidence(name, "/spec/serviceName", wanted), *([user] if user else [])),
        fix=Fix(
            f"Create the headless Service {wanted} (clusterIP None) with the pods' selector",
            concerns=("serviceName",),
        ),
    )


def _user_of_names(workload: Object, service: str, graph: Graph) -> Evidence | None:
    """Return who uses the names of a StatefulSet's pods (`db-0.db`), or of its Service; None where nobody does.

    A container's own name or image is no use, and neither is a word that only happens to be the same.
    """
    stem, home = ref(workload).name, ref(workload).namespace
    pod_name = re.compile(
        rf"(?<![-\w.])(?:{re.escape(stem)}-\d+|[^\s.,;/@]*\)|[^\s.,;/@]*\}}|\$\w+)\.{re.escape(service)}(?![-\w])"
    )
    for user in workloads(home, graph):
        for pointer, text in _texts_of(user, home, graph):
            if pod_name.search(text):
                return Evidence(ref(user), pointer, text[:200])
        for pointer, container in containers(template(user)):
            for call in calls(container, home, graph):
                if (call.namespace, call.name) == (home, service):
                    return Evidence(ref(user), f"/spec/template{pointer}", call.value[:200])
    for config in graph.all("ConfigMap", home):
        for key, text in (config.get("data") or {}).items():
            found = pod_name.search(str(text))
            if found:
                return Evidence(ref(config), f"/data/{str(key).replace('/', '~1')}", found[0])
    return None


def _served_under_another_name(workload: Object, graph: Graph) -> bool:
    """Return whether several pods, which may look for each other, have a Service that is not the one named."""
    return number(spec(workload).get("replicas"), 1) > 1 and bool(services_of(workload, graph))


def _texts_of(user: Object, home: str, graph: Graph) -> Iterator[tuple[str, str]]:
    """Yield (JSON pointer, text) of the commands, arguments and variables of a workload."""
    for pointer, container in containers(template(user)):
        known = environment(container, home, graph)
        for part in ("command", "args"):
            yield from ((f"/spec/template{pointer}/{part}", known.expand(word)) for word in texts(container.get(part)))
        yield from ((f"/spec/template{pointer}/env", f"{name}={value}") for name, value in known.values.items())


@rule(modes.STATEFULSET_BLOCKED, on="StatefulSet")
def blocked(workload: Object, graph: Graph) -> Iterator[Finding]:
    """A StatefulSet waits for one pod before it makes, or mends, the others."""
    if spec(workload).get("podManagementPolicy") == "Parallel":
        return
    made = {_ordinal(pod): pod for pod in graph.pods(workload)}
    first = min((place for place, pod in made.items() if not is_ready(pod)), default=None)
    if first is None:
        return
    pod, missing = made[first], _missing(workload, made)
    if _is_outdated(pod, workload):
        yield _outdated_finding(workload, pod)
    elif missing and missing[0] > first:
        peer = _peer(workload, pod, missing)
        lasted = _unready_for(pod, graph)
        if peer:
            yield _deadlock_finding(workload, pod, peer)
        elif lasted is not None and lasted > patience(pod, graph):
            yield _waiting_finding(workload, pod, len(missing), lasted)


def _ordinal(pod: Object) -> int:
    ending = ref(pod).name.rpartition("-")[2]
    return int(ending) if ending.isdigit() else -1


def _missing(workload: Object, made: dict[int, Object]) -> list[int]:
    start = number((spec(workload).get("ordinals") or {}).get("start"))
    wanted = range(start, start + number(spec(workload).get("replicas"), 1))
    return [place for place in wanted if place not in made]


def _is_outdated(pod: Object, workload: Object) -> bool:
    """Return whether a broken pod is of an older template than the one that would mend it: it is never replaced."""
    has = status(workload)
    strategy = spec(workload).get("updateStrategy") or {}
    partition = number((strategy.get("rollingUpdate") or {}).get("partition"))
    newest = has.get("updateRevision")
    if strategy.get("type") == "OnDelete" or partition > _ordinal(pod) or not newest:
        return False
    current = number(has.get("observedGeneration")) == number(metadata(workload).get("generation"))
    own = labels(pod).get(REVISION)
    return bool(own) and own not in (newest, has.get("currentRevision")) and current


def _peer(workload: Object, pod: Object, missing: list[int]) -> str:
    """Return the later pod this one asks for in its probes, command or environment, "" for none."""
    stem = ref(workload).name
    text = " ".join(_spoken(pod))
    later = (f"{stem}-{place}" for place in missing)
    return next((name for name in later if re.search(rf"(?<![-\w]){re.escape(name)}(?![-\w])", text)), "")


def _spoken(pod: Object) -> Iterator[str]:
    """Yield what a pod waits for by: the commands of its startup and readiness probes and of its init containers."""
    for where, container in containers(pod):
        if "/initContainers/" in where:
            yield from (*texts(container.get("command")), *texts(container.get("args")))
        for kind in ("startupProbe", "readinessProbe"):
            yield from texts(((container.get(kind) or {}).get("exec") or {}).get("command"))


def _unready_for(pod: Object, graph: Graph) -> float | None:
    found = condition(pod, "Ready")
    since = found[1].get("lastTransitionTime") if found else metadata(pod).get("creationTimestamp")
    return seconds_since(graph.snapshot, since)


def _deadlock_finding(workload: Object, pod: Object, peer: str) -> Finding:
    name = ref(workload)
    return Finding(
        mode=modes.STATEFULSET_DEADLOCK,
        subject=name,
        cause=f"{said(name)} waits for itself: {ref(pod).name} becomes ready only with {peer}, and "
        f"podManagementPolicy OrderedReady creates {peer} only when {ref(pod).name} is ready",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(
            Evidence(ref(pod), "/spec/containers", f"asks for {peer}"),
            Evidence(name, "/spec/podManagementPolicy", "OrderedReady"),
        ),
        fix=Fix(
            "Create the pods together (the field is immutable: delete the StatefulSet with --cascade=orphan first)",
            (edit(workload, ("spec", "podManagementPolicy"), "Parallel"),),
        ),
        affected=(ref(pod),),
    )


def _outdated_finding(workload: Object, pod: Object) -> Finding:
    name = ref(workload)
    return Finding(
        mode=modes.STATEFULSET_FIX_NOT_APPLIED,
        subject=name,
        cause=f"{said(name)} has a newer template, but {ref(pod).name} is of an older one and not ready, and "
        "the controller waits for it to become ready before it replaces it",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(
            Evidence(ref(pod), f"/metadata/labels/{REVISION}", labels(pod).get(REVISION, "")),
            Evidence(name, "/status/updateRevision", str(status(workload).get("updateRevision"))),
        ),
        fix=Fix(
            f"Delete {ref(pod).name}, so that it is made from the new template",
            (kubectl("delete", "pod", ref(pod).name, namespace=name.namespace),),
        ),
        affected=(ref(pod),),
    )


def _waiting_finding(workload: Object, pod: Object, missing: int, lasted: float) -> Finding:
    name = ref(workload)
    found = condition(pod, "Ready")
    shown = str((found or ("", {}))[1].get("message") or "not ready")
    return Finding(
        mode=modes.STATEFULSET_BLOCKED,
        subject=name,
        cause=f"{said(name)} lacks {counted(missing, 'pod')} because {ref(pod).name} has not been ready for "
        f"{int(lasted)} s, and each pod is made only when the one before it is ready",
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY,
        evidence=(Evidence(ref(pod), found[0] if found else "/status/conditions", shown),),
        fix=Fix(
            f"Correct what keeps {ref(pod).name} from becoming ready",
            (kubectl("describe", "pod", ref(pod).name, namespace=name.namespace),),
        ),
        affected=(ref(pod),),
        roots=(ref(pod),),
    )


@rule(modes.DAEMONSET_NOT_EVERYWHERE, on="DaemonSet")
def not_everywhere(daemonset: Object, graph: Graph) -> Iterator[Finding]:
    """A DaemonSet selects no node, because of a label that is nearly one, or misses nodes because of a taint."""
    has = status(daemonset)
    if not graph.all("Node") or not has.get("observedGeneration"):
        return
    if not has.get("desiredNumberScheduled"):
        yield from _selects_none(daemonset, graph)
    else:
        yield from _kept_away(daemonset, graph)


def _selects_none(daemonset: Object, graph: Graph) -> Iterator[Finding]:
    """Yield a finding for each node label it asks for that no node has: a mistake where one comes near."""
    for key, value in (spec(template(daemonset)).get("nodeSelector") or {}).items():
        carried = {labels(node)[key] for node in graph.all("Node") if key in labels(node)}
        if value in carried:
            continue
        near = closest(value, sorted(carried))
        keys = {known for node in graph.all("Node") for known in labels(node)}
        other = "" if carried else closest(key, sorted(keys))
        has = f"nodes carry {key}={listed(sorted(carried))}" if carried else "no node carries that label"
        hint = f" (there is {other})" if other else ""
        severity = Severity.WARNING if near or other else Severity.INFO
        cause = f"selects nodes with {key}={value}, and {has}{hint}, so it runs nowhere"
        edits = pod_edits(daemonset, graph, ("nodeSelector", key), near) if near else ()
        shown = Evidence(ref(daemonset), f"/spec/template/spec/nodeSelector/{key}", value)
        fix = Fix(
            f"Select {key}={near}" if near else "Label the nodes it is for, or select others",
            edits,
            (f"nodeSelector.{key}",),
        )
        yield _daemon_finding(daemonset, cause, shown, fix, severity)


def _kept_away(daemonset: Object, graph: Graph) -> Iterator[Finding]:
    found = [fit for fit in fits(template(daemonset), graph) if fit.eligible and fit.chosen_taints()]
    taints = {str(taint.get("key")) for fit in found for taint in fit.chosen_taints()} - set(CONTROL_PLANE)
    if taints:
        cause = f"does not run on {counted(len(found), 'node')} because it does not tolerate {listed(sorted(taints))}"
        shown = Evidence(ref(found[0].node), "/spec/taints", listed(sorted(taints)))
        fix = Fix("Tolerate it, if it should", concerns=("tolerations",))
        yield _daemon_finding(daemonset, cause, shown, fix, Severity.INFO)


def _daemon_finding(daemonset: Object, cause: str, shown: Evidence, fix: Fix, severity: Severity) -> Finding:
    return Finding(
        mode=modes.DAEMONSET_NOT_EVERYWHERE,
        subject=ref(daemonset),
        cause=f"{said(ref(daemonset))} {cause}",
        severity=severity,
        confidence=Confidence.CERTAIN if severity is Severity.WARNING else Confidence.POSSIBLE,
        evidence=(shown,),
        fix=fix,
    )


RULES = (service_missing, blocked, not_everywhere)
