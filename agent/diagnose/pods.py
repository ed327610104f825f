"""What a pod that is not as asked says now, since when, and until when it may: starting is not failing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.diagnose.messages.lines import telling_line
from agent.diagnose.rules.program.probes import PATIENCE as ANSWERED
from agent.diagnose.rules.program.probes import READINESS, WRONG_PATH, Ask, budget
from agent.diagnose.unexplained import PATIENCE, patience
from agent.kube.containers import (
    Container,
    containers_of,
    end_log,
    events_of,
    given_time,
    newest,
    readable,
    wants_to_run_on,
)
from agent.kube.fields import condition, condition_is, is_terminal, is_unscheduled, metadata, moment, number
from agent.kube.pending import PATIENCE as SCHEDULING
from agent.kube.pending import message
from agent.snapshot.evidence import Evidence, event_evidence
from agent.snapshot.graph import Graph, event_time, ref
from agent.snapshot.record import Object

SLACK = 10
"""Seconds a probe's failure may be older than its period and still be the newest."""


FRESH = 10
"""Seconds after its start in which nothing is known of a container without a probe: many end within them."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a pod says now."""

    says: str
    since: datetime | None
    until: datetime | None
    """When it is no longer starting, None where nothing limits it."""
    evidence: tuple[Evidence, ...] = ()


def told_of(pod: Object, graph: Graph) -> Told | None:
    """Return what a pod is doing that it should not do for ever, None when it is as asked (or has ended)."""
    if is_terminal(pod):
        return None
    for find in (_terminating, _unscheduled, _creating, _restarted, _unready, _failing, _started):
        found = find(pod, graph)
        if found is not None:
            return found
    return None


def _terminating(pod: Object, _: Graph) -> Told | None:
    ends = moment(metadata(pod).get("deletionTimestamp"))
    if ends is None:
        return None
    grace = number(metadata(pod).get("deletionGracePeriodSeconds"), 30)
    says = f"it terminates, within its grace period of {grace} s"
    shown = Evidence(ref(pod), "/metadata/deletionTimestamp", str(metadata(pod)["deletionTimestamp"]))
    return Told(says, ends - timedelta(seconds=grace), ends + timedelta(seconds=PATIENCE), (shown,))


def _unscheduled(pod: Object, graph: Graph) -> Told | None:
    if not is_unscheduled(pod):
        return None
    since = moment(metadata(pod).get("creationTimestamp"))
    told = message(pod, graph)
    pointer = (condition(pod, "PodScheduled") or ("/status/phase", {}))[0]
    says = f"it waits for a node: {told}" if told else "it waits for a node, and the scheduler has not spoken yet"
    return Told(says, since, _later(since, PATIENCE if told else SCHEDULING), (Evidence(ref(pod), pointer, says),))


def _creating(pod: Object, graph: Graph) -> Told | None:
    """A container that never ran: its image is pulled, volumes are mounted, or init containers run."""
    found = next((item for item in containers_of(pod) if not item.running and not any(item.ended())), None)
    if found is None or condition_is(pod, "Ready", "True"):
        return None
    since = _not_ready_since(pod)
    until, event = _later(since, patience(pod, graph)), newest(graph.events(pod))
    working = next((item for item in containers_of(pod) if item.initial and item.running), None)
    if working is not None:
        return Told(f"{working.said} runs before the others start{_last_line(working, graph)}", since, until)
    doing = f": {_line(event)}" if event and event.get("message") else ""
    reason = found.waiting.get("reason")
    says = f"{found.said} is not started yet{f' ({reason})' if reason else ''}{doing}"
    return Told(says, since, until, (event_evidence(event, pod),) if event else ())


def _restarted(pod: Object, graph: Graph) -> Told | None:
    """A container that ended, and runs again for less time than would show that it does better now."""
    for container in containers_of(pod):
        ended = next(container.ended(), None)
        if not container.running or container.initial or ended is None or not wants_to_run_on(pod, graph):
            continue
        since = moment(container.running.get("startedAt"))
        until = _later(since, max(given_time(ended[1]), 0 if container.ready else patience(pod, graph)))
        if until is not None and until > graph.snapshot.taken_at:
            return Told(_again(container, ended[1], graph), since, until, _ends(container, ended, graph))
    return None


def _again(container: Container, ended: Mapping[str, Any], graph: Graph) -> str:
    line = telling_line(end_log(container, graph)[1])
    why = f"{ended.get('reason') or 'ended'}, exit code {ended.get('exitCode')}"
    return f"{container.said} runs again after it ended ({why}){f': {line}' if line else ''}"


def _ends(container: Container, ended: tuple[str, Mapping[str, Any]], graph: Graph) -> tuple[Evidence, ...]:
    pointer, log = end_log(container, graph)
    line = telling_line(log)
    shown = Evidence(ref(container.pod), ended[0], f"exit code {ended[1].get('exitCode')}")
    return (shown, *((Evidence(ref(container.pod), pointer, line),) if line else ()))


def _unready(pod: Object, graph: Graph) -> Told | None:
    """A pod whose containers run, and one of them, or a readiness gate, does not let it be ready yet."""
    found = condition(pod, "Ready")
    if (found and found[1].get("status") == "True") or not wants_to_run_on(pod, graph):
        return None
    since = _not_ready_since(pod)
    until = _later(since, patience(pod, graph))
    for container in containers_of(pod):
        if container.running and not container.ready and not container.initial:
            failure = _last_failure(container, graph, "Readiness", "Startup", "Liveness")
            why = f": {_line(failure)}" if failure else _last_line(container, graph)
            shown = (event_evidence(failure, pod),) if failure else ()
            ends = _refused_until(container, failure) or until
            return Told(f"{container.said} runs and is not ready yet{why}", since, ends, shown)
    told = str((found or ("", {}))[1].get("message") or "it is not ready yet")
    return Told(told, since, until, (Evidence(ref(pod), found[0] if found else "/status/conditions", told),))


def _refused_until(container: Container, failure: Object | None) -> datetime | None:
    """Return when a readiness probe that is answered with 404 counts as wrong, sooner than one nobody answers."""
    message = str((failure or {}).get("message") or "")
    if not message.startswith("Readiness") or not WRONG_PATH.search(message):
        return None
    given = budget(Ask(container, READINESS, container.spec.get(READINESS) or {}))
    return _later(moment(container.running.get("startedAt")), given + ANSWERED)


def _failing(pod: Object, graph: Graph) -> Told | None:
    """A container that is ready and fails its liveness probe just now: it is killed when that goes on."""
    for container in containers_of(pod):
        probe = container.spec.get("livenessProbe") or {}
        failure = _last_failure(container, graph, "Liveness") if container.running else None
        seen = moment(event_time(failure)) if failure else None
        period = number(probe.get("periodSeconds"), 10)
        if failure is None or seen is None or (graph.snapshot.taken_at - seen).total_seconds() > period + SLACK:
            continue
        first = moment(failure.get("firstTimestamp")) or seen
        threshold = number(probe.get("failureThreshold"), 3)
        says = f"{container.said} runs: {_line(failure)}; it is killed after {threshold} failures in a row"
        until = _later(first, period * threshold)
        return Told(says, first, until, (event_evidence(failure, pod),))
    return None


def _started(pod: Object, graph: Graph) -> Told | None:
    """A container that has only just started and has no probe that would vouch for it."""
    for container in containers_of(pod):
        since = moment(container.running.get("startedAt"))
        until = _later(since, FRESH)
        vouched = container.initial or any(container.spec.get(kind) for kind in ("readinessProbe", "startupProbe"))
        if until is None or vouched or until <= graph.snapshot.taken_at or not wants_to_run_on(pod, graph):
            continue
        says = f"{container.said} has only just started, and no readiness probe tells whether it works"
        shown = Evidence(ref(pod), f"{container.status_pointer}/state/running/startedAt", f"{since:%H:%M:%S}")
        return Told(says, since, until, (shown,))
    return None


def just_started(graph: Graph) -> Iterator[Object]:
    """Yield the pods of which a container started moments ago; every pod is asked, so texts are compared."""
    after = (graph.snapshot.taken_at - timedelta(seconds=FRESH)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for pod in graph.all("Pod"):
        for item in (pod.get("status") or {}).get("containerStatuses") or ():
            running = (item.get("state") or {}).get("running")
            if running and str(running.get("startedAt")) > after:
                yield pod
                break


def _last_failure(container: Container, graph: Graph, *probes: str) -> Object | None:
    """Return the newest failure of these probes since the container runs."""
    started = moment(container.running.get("startedAt"))
    found = newest(
        [
            event
            for event in events_of(container, graph, "Unhealthy")
            if str(event.get("message") or "").startswith(probes)
        ]
    )
    seen = moment(event_time(found)) if found else None
    return None if started is None or seen is None or seen < started else found


def _last_line(container: Container, graph: Graph) -> str:
    """Return `; its log says: …`: the last line a container wrote, "" where it is silent."""
    lines = readable(graph.log(container.pod, container.name, previous=False)).split("\n")
    line = next((text.strip() for text in reversed(lines) if text.strip()), "")
    return f"; the last line of its log: {line[:300]}" if line else ""


def _line(event: Object) -> str:
    """Return an event's message as part of a sentence."""
    return " ".join(str(event.get("message") or "").split())


def _not_ready_since(pod: Object) -> datetime | None:
    found = condition(pod, "Ready")
    return moment((found[1].get("lastTransitionTime") if found else None) or metadata(pod).get("creationTimestamp"))


def _later(since: datetime | None, seconds: float) -> datetime | None:
    return None if since is None else since + timedelta(seconds=seconds)
