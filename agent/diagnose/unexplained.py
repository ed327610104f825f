"""What is broken and no rule explains: said as it is, with what the API shows, and no cause invented."""

from collections.abc import Iterator, Mapping, Set
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.messages.lines import telling_line
from agent.kube.claims import pending
from agent.kube.containers import Container, containers_of, last_end
from agent.kube.fields import (
    CREATORS,
    claims,
    condition,
    condition_is,
    containers,
    is_sidecar,
    is_terminal,
    is_unscheduled,
    metadata,
    number,
    seconds_since,
    spec,
    status,
    statuses,
)
from agent.kube.leases import is_standby
from agent.kube.remedies import kubectl
from agent.kube.replicas import refusals, shortfall
from agent.kube.wording import duration, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, controller, event_time, ref
from agent.snapshot.record import Object, Ref

KINDS = ("PersistentVolumeClaim", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController")
"""Kinds looked at beside pods and nodes."""

NO_CAUSE = "; no known cause fits"
"""How the sentence of such a finding ends."""

PATIENCE = 60
"""Seconds a pod may be unready, a node or claim pending, before it counts: starting is not failing."""

PULLING = 300
"""Seconds a scheduled pod may take to start while no event warns: images are pulled, init containers work."""

BROKEN = ("Err", "Error", "BackOff", "Invalid", "Never", "Failed")
"""What a waiting reason contains when waiting longer will not help."""

FLAPPING = 3
"""Restarts from which a container that is ready now still counts as unwell, when the last one is recent."""

LONGEST = 240
"""Characters of a message that go into the sentence; the evidence has all of it."""

RECENT = 900
"""Seconds since a container ended that count as recent."""


def test(obj: Object, graph: Graph, explained: Set[Ref]) -> Iterator[Finding]:
    """Yield one finding when the object is unwell, has been for a while, and is in nobody's finding."""
    name = ref(obj)
    if name in explained:
        return
    if name.kind == "Pod":
        yield from _pod(obj, graph)
    elif name.kind == "Node":
        yield from _node(obj, graph)
    elif name.kind == "PersistentVolumeClaim":
        yield from _claim(obj, graph)
    elif ref(graph.workload(obj)) not in explained:
        yield from _creator(obj, graph)


def _pod(pod: Object, graph: Graph) -> Iterator[Finding]:
    state = _pod_state(pod, graph)
    if state is None:
        return
    text, severity, evidence = state
    workload = ref(graph.workload(pod))
    shown = (*evidence, *_warning(pod, graph))
    yield _finding(workload, f"{said(workload)}: {text}", severity, shown, (ref(pod),), roots(pod, graph))


def _pod_state(pod: Object, graph: Graph) -> tuple[str, Severity, tuple[Evidence, ...]] | None:
    """Return what is wrong with a pod in the API's own words, None while it may still be starting."""
    gone = seconds_since(graph.snapshot, metadata(pod).get("deletionTimestamp"))
    if gone is not None:
        return ("a pod is still terminating after its grace period", Severity.WARNING, ()) if gone > PATIENCE else None
    if status(pod).get("phase") == "Failed":
        return f"a pod failed{_reason(status(pod))}", _failed_severity(pod, graph), _ends(pod, graph)
    for find in (_crashing, _waiting, _unscheduled, _unready, _flapping):
        found = find(pod, graph)
        if found is not None:
            return found
    return None


def _failed_severity(pod: Object, graph: Graph) -> Severity:
    """A pod that was to end and belongs to a kind of somebody else's (a Workflow): that one decides what it means."""
    owner = controller(pod) or {}
    foreign = owner.get("kind", "Job") not in CREATORS and spec(pod).get("restartPolicy") == "Never"
    return Severity.INFO if foreign else Severity.ERROR


def _crashing(pod: Object, graph: Graph) -> tuple[str, Severity, tuple[Evidence, ...]] | None:
    """A container that ended with an error and does not run (well) again; its log's word is the best there is."""
    again = {
        container.name for container in containers_of(pod) if container.running and _runs_once_more(container, graph)
    }
    for container in containers_of(pod):
        ended = next((state for _, state in container.ended()), None)
        if (container.running and container.name not in again) or not ended or not ended.get("exitCode"):
            continue
        if not (is_sidecar(container.spec) and _is_done(pod)):
            return _ending(pod, container.status, ended, graph)
    return None


def _is_done(pod: Object) -> bool:
    """Return whether every main container ended: its sidecars are ended then, too."""
    mains = [container for container in containers_of(pod) if container.kind == "containers"]
    return all((container.status.get("state") or {}).get("terminated") for container in mains)


def _runs_once_more(container: Container, graph: Graph) -> bool:
    """Return whether a container that runs has no more reason to last than the runs before: between two crashes."""
    return container.restarts > 1 and not container.ready and last_end(container, graph) is not None


def _ending(
    pod: Object, container: Mapping[str, Any], ended: Mapping[str, Any], graph: Graph
) -> tuple[str, Severity, tuple[Evidence, ...]]:
    """Return how a container ended: killed by its own probe where that is so, else with its log's word."""
    name = container.get("name", "")
    killed, again = _probe_that_kills(pod, name, graph), " again and again" if container.get("restartCount") else ""
    if killed is not None:
        return (
            f"container {name} is killed{again}: {_short(killed.text)}",
            Severity.ERROR,
            (killed, *_ends(pod, graph)),
        )
    line = next((item.text for item in _last_words(pod, graph)), "")
    how = "keeps ending" if again else "ended"
    text = f"container {name} {how} with exit code {ended['exitCode']}{': ' if line else ''}{line}"
    return text, Severity.ERROR, _ends(pod, graph)


def _probe_that_kills(pod: Object, name: str, graph: Graph) -> Evidence | None:
    """Return the newest failure of the liveness or startup probe that the kubelet kills a container for."""
    about = [event for event in graph.events(pod) if name in (event["involvedObject"].get("fieldPath") or name)]
    kills = any(event.get("reason") == "Killing" and "probe" in (event.get("message") or "") for event in about)
    failures = [
        event for event in about if (event.get("message") or "").startswith(("Liveness probe", "Startup probe"))
    ]
    if not kills or not failures:
        return None
    newest = max(failures, key=event_time)
    return Evidence(ref(pod), f"event {newest.get('reason', '')}", newest.get("message") or "")


def _waiting(pod: Object, graph: Graph) -> tuple[str, Severity, tuple[Evidence, ...]] | None:
    for pointer, container in statuses(pod):
        waiting = (container.get("state") or {}).get("waiting") or {}
        reason = waiting.get("reason") or ""
        if any(container in reason for container in BROKEN):
            shown = Evidence(ref(pod), f"{pointer}/state/waiting", _told(waiting))
            text = f"container {container.get('name', '')} waits{_reason(waiting)}"
            return text, Severity.ERROR, (shown, *_ends(pod, graph))
    return None


def _unscheduled(pod: Object, graph: Graph) -> tuple[str, Severity, tuple[Evidence, ...]] | None:
    found = condition(pod, "PodScheduled")
    if not is_unscheduled(pod) or found is None or found[1].get("status") != "False" or _waits_for_claims(pod, graph):
        return None
    text = found[1].get("message") or found[1].get("reason") or ""
    return f"no node takes its pods: {_short(text)}", Severity.ERROR, (Evidence(ref(pod), f"{found[0]}/message", text),)


def _waits_for_claims(pod: Object, graph: Graph) -> bool:
    """Return whether a pod waits for claims whose volumes are still being made, and nobody says that they cannot be."""
    found = [graph.get("PersistentVolumeClaim", ref(pod).namespace, name) for _, name in claims(pod)]
    waiting = [claim for claim in found if claim is not None and pending(claim)]
    ages = [seconds_since(graph.snapshot, metadata(claim).get("creationTimestamp")) for claim in waiting]
    young = all(age is not None and age < PATIENCE for age in ages)
    return bool(waiting) and None not in found and young and not any(_is_blamed(claim, graph) for claim in waiting)


def _unready(pod: Object, graph: Graph) -> tuple[str, Severity, tuple[Evidence, ...]] | None:
    found = condition(pod, "Ready")
    if is_terminal(pod) or spec(pod).get("schedulingGates") or (found and found[1].get("status") == "True"):
        return None
    since = (found[1].get("lastTransitionTime") if found else None) or metadata(pod).get("creationTimestamp")
    lasted = seconds_since(graph.snapshot, since)
    if lasted is None or lasted < patience(pod, graph) or _works_towards_its_end(pod) or is_standby(pod, graph):
        return None
    text = _told(found[1]) if found else "no Ready condition"
    pointer = found[0] if found else "/status/conditions"
    what = "a pod has not started" if status(pod).get("phase") == "Pending" else "a pod is not ready"
    return f"{what} for {duration(lasted)}", Severity.ERROR, (Evidence(ref(pod), pointer, text), *_ends(pod, graph))


def patience(pod: Object, graph: Graph) -> float:
    """Return the seconds the pod may take: what its probes allow, and time to pull images while nothing warns."""
    if status(pod).get("phase") == "Pending" and not any(_warning(pod, graph)):
        return PULLING
    return max([PATIENCE, *(_budget(container) for _, container in containers(pod))])


def _budget(container: Mapping[str, Any]) -> float:
    """Return the seconds a container's startup and readiness probes give it before they are lost."""
    total = 0.0
    for kind in ("startupProbe", "readinessProbe"):
        probe = container.get(kind) or {}
        delay = number(probe.get("initialDelaySeconds"))
        total += (
            delay + number(probe.get("periodSeconds"), 10) * number(probe.get("failureThreshold"), 3) if probe else 0
        )
    return total


def _works_towards_its_end(pod: Object) -> bool:
    """Return whether the pod is to finish, not to serve: what runs, runs, and what ended, ended well."""
    if spec(pod).get("restartPolicy", "Always") == "Always":
        return False
    states = [
        item.status.get("state") or {} for item in containers_of(pod) if item.status and not is_sidecar(item.spec)
    ]
    well = ("running" in state or (state.get("terminated") or {}).get("exitCode") == 0 for state in states)
    return bool(states) and all(well)


def _flapping(pod: Object, graph: Graph) -> tuple[str, Severity, tuple[Evidence, ...]] | None:
    for _, container in statuses(pod):
        ended = (container.get("lastState") or {}).get("terminated") or {}
        since = seconds_since(graph.snapshot, ended.get("finishedAt"))
        if (container.get("restartCount") or 0) >= FLAPPING and since is not None and since < RECENT:
            name, times = container.get("name", ""), container["restartCount"]
            if _probe_that_kills(pod, name, graph):
                return _ending(pod, container, ended, graph)
            return f"container {name} runs now but restarted {times} times", Severity.WARNING, _ends(pod, graph)
    return None


def _ends(pod: Object, graph: Graph) -> tuple[Evidence, ...]:
    """Return how each container last ended, and the line of its log that says most about it."""
    return (*_last_ends(pod), *_last_words(pod, graph))


def _last_words(pod: Object, graph: Graph) -> Iterator[Evidence]:
    for _, container in statuses(pod):
        for previous in (False, True) if not (container.get("state") or {}).get("running") else (True, False):
            line = telling_line(graph.log(pod, container.get("name", ""), previous=previous))
            if line and (container.get("restartCount") or not container.get("ready")):
                yield Evidence(ref(pod), "log (previous)" if previous else "log", line)
                break


def _last_ends(pod: Object) -> Iterator[Evidence]:
    """Yield how each container last ended, when it did not end well."""
    for pointer, container in statuses(pod):
        for state in ("state", "lastState"):
            ended = (container.get(state) or {}).get("terminated")
            if ended and (ended.get("exitCode") or ended.get("reason") not in (None, "Completed")):
                yield Evidence(ref(pod), f"{pointer}/{state}/terminated", _how(container, ended))
                break


def _how(container: Mapping[str, Any], ended: Mapping[str, Any]) -> str:
    message = f", {ended['message']}" if ended.get("message") else ""
    return f"{container.get('name', '')}: {ended.get('reason') or 'ended'}, exit code {ended.get('exitCode')}{message}"


def _warning(obj: Object, graph: Graph) -> Iterator[Evidence]:
    """Yield the newest warning about an object that is unwell still."""
    warnings = [event for event in graph.events(obj) if event.get("type") == "Warning"]
    if warnings:
        newest = max(warnings, key=event_time)
        yield Evidence(ref(obj), f"event {newest.get('reason', '')}", newest.get("message") or "")


def roots(pod: Object, graph: Graph) -> tuple[Ref, ...]:
    """Return what a pod stands on and may fall with: its node, and the claims it waits for."""
    node = spec(pod).get("nodeName")
    own = [Ref("Node", "", node)] if node else [ref(found) for found in graph.all("Node") if _is_down(found)]
    unbound = [Ref("PersistentVolumeClaim", ref(pod).namespace, name) for _, name in claims(pod)]
    return (*own, *(unbound if is_unscheduled(pod) else ()))


def _is_down(node: Object) -> bool:
    return condition(node, "Ready") is not None and not condition_is(node, "Ready", "True")


def _node(node: Object, graph: Graph) -> Iterator[Finding]:
    found = condition(node, "Ready")
    if found is None or found[1].get("status") == "True":
        return
    text = _told(found[1])
    cause = f"Node {ref(node).name} is not ready{_reason(found[1])}"
    shown = Evidence(ref(node), found[0], text)
    yield _finding(ref(node), cause, Severity.ERROR, (shown, *_warning(node, graph)), (), ())


def _claim(claim: Object, graph: Graph) -> Iterator[Finding]:
    """A claim that pods wait for and no volume was bound to; one that waits for its first consumer is well."""
    phase = status(claim).get("phase")
    lost = phase == "Lost"
    lasted = seconds_since(graph.snapshot, metadata(claim).get("creationTimestamp"))
    waits = phase == "Pending" and lasted is not None and lasted > PATIENCE and _is_blamed(claim, graph)
    if lost or waits:
        state = "Lost: its volume is gone" if lost else "not bound to a volume"
        cause = f"PersistentVolumeClaim {ref(claim).name} is {state}"
        yield _finding(ref(claim), cause, Severity.ERROR, tuple(_warning(claim, graph)), (), ())


def _is_blamed(claim: Object, graph: Graph) -> bool:
    return any(event.get("reason") in ("FailedBinding", "ProvisioningFailed") for event in graph.events(claim))


def _creator(creator: Object, graph: Graph) -> Iterator[Finding]:
    """A controller whose pods are refused, in words no rule knows."""
    missing = shortfall(creator)
    evidence = tuple(refusals(creator, graph)) if missing else ()
    if evidence:
        workload = ref(graph.workload(creator))
        cause = f"{said(workload)}: the API server refuses its pods, {missing}: {_short(evidence[0].text)}"
        yield _finding(workload, cause, Severity.ERROR, evidence, (ref(creator),), ())


def _finding(
    subject: Ref,
    cause: str,
    severity: Severity,
    evidence: tuple[Evidence, ...],
    affected: tuple[Ref, ...],
    on: tuple[Ref, ...],
) -> Finding:
    describe = kubectl("describe", f"{subject.kind.lower()}/{subject.name}", namespace=subject.namespace)
    return Finding(
        mode=modes.UNEXPLAINED,
        subject=subject,
        cause=f"{cause}{NO_CAUSE}",
        severity=severity,
        confidence=Confidence.POSSIBLE,
        evidence=evidence,
        fix=Fix("Read the evidence: the cause is not one this version knows", (describe,)),
        affected=affected,
        roots=on,
    )


def _told(found: Mapping[str, Any]) -> str:
    """Return a condition's or a state's reason and message."""
    return ": ".join(str(container) for container in (found.get("reason"), found.get("message")) if container)


def _reason(found: Mapping[str, Any]) -> str:
    told = _short(str(found.get("message") or ""))
    return f": {found['reason']}{f' ({told})' if told else ''}" if found.get("reason") else ""


def _short(text: str) -> str:
    """Return a message of the API as part of a sentence: one line of it, and no more than can be read at once."""
    words = " ".join(text.removeprefix("Pod was rejected: ").split()).rstrip(".")
    return words if len(words) <= LONGEST else f"{words[:LONGEST].rpartition(' ')[0]} …"
