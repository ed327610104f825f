"""Jobs that gave up, ran out of time or never complete, and CronJobs that start none."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.messages.lines import telling_line
from agent.diagnose.registry import rule
from agent.kube.containers import Container, containers_of, end_log, newest
from agent.kube.cron import parse
from agent.kube.edits import edit
from agent.kube.fields import condition, condition_is, metadata, number, seconds_since, spec, status, template
from agent.kube.remedies import Edit, NeedsPerson, Path, kubectl
from agent.kube.upstreams import upstreams
from agent.kube.wording import counted, duration, listed
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref

HELPERS = (
    "istio-proxy linkerd-proxy envoy envoy-sidecar kuma-sidecar consul-dataplane cloud-sql-proxy cloudsql-proxy"
    " vault-agent fluent-bit fluentd filebeat otel-collector dapr-d daprd gke-metadata-proxy"
).split()
"""Containers that run beside others and never end by themselves."""

LINGERING = 300
"""Seconds a container that is not known as a helper may go on after the others are done."""

MISSED = timedelta(minutes=10)
"""How long after it was due a run counts as missed: the controller may be slow, clocks may differ."""

GAVE_UP = ("BackoffLimitExceeded", "PodFailurePolicy", "MaxFailedIndexesExceeded", "FailedIndexes")
"""Reasons by which a Job fails for its pods' failures."""

SCHEDULES = ("InvalidSchedule", "UnparseableSchedule", "UnknownTimeZone")
TOO_LATE = ("FailedNeedsStart", "TooManyMissedTimes", "MissSchedule")


@rule(modes.JOB_BACKOFF_LIMIT, on="Job")
def backoff_limit(job: Object, graph: Graph) -> Iterator[Finding]:
    """A Job's pods failed more often than its backoffLimit allows; what ended them is said where the log tells."""
    found = next((shown for reason in GAVE_UP if (shown := _failed(job, reason, graph))), None)
    if found is None:
        return
    words = next(_last_words(job, graph), None)
    limit = number(spec(job).get("backoffLimit"), 6)
    yield Finding(
        mode=modes.JOB_BACKOFF_LIMIT,
        subject=_owner(job, graph),
        cause=f"Job {ref(job).name} gave up {_tries(job, limit)}" + (f": {words.text}" if words else ""),
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY,
        evidence=(found, *([words] if words else [])),
        fix=Fix(
            "Fix what its container ends with, then start the Job again",
            (kubectl("logs", f"job/{ref(job).name}", "-n", ref(job).namespace, "--all-pods"),),
            ("backoffLimit",),
        ),
        affected=(ref(job), *(ref(pod) for pod in graph.pods(job))),
        roots=(*(ref(pod) for pod in graph.pods(job)), *upstreams(job, graph)),
    )


def _tries(job: Object, limit: int) -> str:
    """Return how often it was tried: as pods, or as restarts in one pod, which is deleted with its log at the end."""
    if spec(template(job)).get("restartPolicy") == "OnFailure":
        return f"after {counted(limit, 'restart')} of its container (backoffLimit {limit})"
    return f"after {counted(number(status(job).get('failed'), 1), 'failed pod')} (backoffLimit {limit})"


def _last_words(job: Object, graph: Graph) -> Iterator[Evidence]:
    """Yield what the Job's pods ended with, the newest pod's first."""
    made = sorted(graph.pods(job), key=lambda pod: str(metadata(pod).get("creationTimestamp")), reverse=True)
    for container in (container for pod in made for container in containers_of(pod)):
        code = next((ended.get("exitCode") for _, ended in container.ended()), 0)
        pointer, text = end_log(container, graph)
        if code and telling_line(text):
            yield Evidence(ref(container.pod), pointer, f"exit code {code}, {telling_line(text)}")


@rule(modes.JOB_DEADLINE, on="Job")
def deadline(job: Object, graph: Graph) -> Iterator[Finding]:
    """A Job ran longer than its activeDeadlineSeconds and was ended."""
    found = _failed(job, "DeadlineExceeded", graph)
    if found is None:
        return
    seconds = number(spec(job).get("activeDeadlineSeconds"))
    never = number(status(job).get("succeeded")) == 0
    yield Finding(
        mode=modes.JOB_DEADLINE,
        subject=_owner(job, graph),
        cause=f"Job {ref(job).name} was ended because it ran longer than its activeDeadlineSeconds of {seconds} s"
        + (", before any of its pods completed" if never else ""),
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(found, Evidence(ref(job), "/spec/activeDeadlineSeconds", str(seconds))),
        fix=Fix(
            "Give the Job more time, or find out what it waits for",
            (_longer(job, graph),),
        ),
        affected=(ref(job), *(ref(pod) for pod in graph.pods(job))),
        roots=tuple(ref(pod) for pod in graph.pods(job)),
    )


def _longer(job: Object, graph: Graph) -> Edit:
    """Return the edit of the deadline where Jobs get it from: in the CronJob that makes them, or in the Job."""
    cron = graph.owner(job)
    above: Path = ("spec", "jobTemplate", "spec") if cron is not None and cron.get("kind") == "CronJob" else ("spec",)
    value = NeedsPerson("more seconds than the work takes")
    return edit(cron if len(above) > 1 and cron is not None else job, (*above, "activeDeadlineSeconds"), value)


def _failed(job: Object, reason: str, graph: Graph) -> Evidence | None:
    """Return the condition by which a Job failed for that reason; None where a later run of its CronJob succeeded."""
    found = condition(job, "Failed")
    if found is None or found[1].get("status") != "True" or found[1].get("reason") != reason:
        return None
    cron = graph.owner(job)
    started = str(status(job).get("startTime") or metadata(job).get("creationTimestamp") or "")
    if cron is not None and str(status(cron).get("lastSuccessfulTime") or "") > started:
        return None
    return Evidence(ref(job), f"{found[0]}/reason", f"{reason}: {found[1].get('message') or ''}")


@rule(modes.JOB_NEVER_COMPLETES, on="Job")
def never_completes(job: Object, graph: Graph) -> Iterator[Finding]:
    """A Job's work is done, and a container beside it goes on for ever."""
    if condition_is(job, "Complete", "True") or condition_is(job, "Failed", "True"):
        return
    for pod in graph.pods(job):
        mains = [container for container in containers_of(pod) if container.kind == "containers"]
        done = [container for container in mains if _done(container)]
        left = [container for container in mains if container.running]
        if done and left and len(done) + len(left) == len(mains) and _lingers(done, left, graph):
            yield _open_finding(job, pod, done, left, graph)
            return


def _done(container: Container) -> bool:
    ended = (container.status.get("state") or {}).get("terminated")
    return ended is not None and ended.get("exitCode") == 0


def _lingers(done: list[Container], left: list[Container], graph: Graph) -> bool:
    if all(container.name in HELPERS for container in left):
        return True
    ends = [
        seconds_since(graph.snapshot, ended.get("finishedAt")) for container in done for _, ended in container.ended()
    ]
    return min((end for end in ends if end is not None), default=0.0) > LINGERING


def _open_finding(job: Object, pod: Object, done: list[Container], left: list[Container], graph: Graph) -> Finding:
    working, staying = listed(container.name for container in done), listed(container.name for container in left)
    return Finding(
        mode=modes.JOB_NEVER_COMPLETES,
        subject=_owner(job, graph),
        cause=f"Job {ref(job).name} never completes: container {working} is done (exit code 0), but {staying} beside "
        "it goes on running",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(
            *(Evidence(ref(pod), f"{container.status_pointer}/state/terminated/exitCode", "0") for container in done),
            *(Evidence(ref(pod), f"{container.status_pointer}/state/running", container.name) for container in left),
        ),
        fix=Fix(
            f"Make {staying} a native sidecar (an init container with restartPolicy Always), or do not inject it here",
            concerns=("initContainers[].restartPolicy",),
        ),
        affected=(ref(job), ref(pod)),
        container=left[0].name,
    )


@rule(modes.CRONJOB_NOT_STARTING, on="CronJob")
def not_starting(cron: Object, graph: Graph) -> Iterator[Finding]:
    """A CronJob that starts no Job: never due, held back by a run that does not end, or past its start."""
    if spec(cron).get("suspend"):
        return
    for find in (_never_due, _held_back, _missed):
        found = find(cron, graph)
        if found is not None:
            yield found
            return


def _never_due(cron: Object, graph: Graph) -> Finding | None:
    text = str(spec(cron).get("schedule") or "")
    schedule = parse(text)
    blamed = newest([event for event in graph.events(cron) if event.get("reason") in SCHEDULES])
    zone = str(spec(cron).get("timeZone") or "")
    if (schedule is not None and schedule.ever) and not (zone and blamed):
        return None
    if schedule is None and blamed is None:
        return None
    why = "names no day that exists" if schedule is not None and not schedule.ever else "cannot be read"
    why = f"in time zone {zone} {why}" if zone and schedule is not None and schedule.ever else why
    evidence = [Evidence(ref(cron), "/spec/schedule", text)]
    if blamed:
        evidence.append(Evidence(ref(cron), f"event {blamed['reason']}", blamed.get("message") or ""))
    field = "timeZone" if zone and schedule is not None and schedule.ever else "schedule"
    due = NeedsPerson("a time zone that exists" if field == "timeZone" else "a schedule that is due some day")
    fix = Fix(f"Write {due.what}", (edit(cron, ("spec", field), due),))
    return _cron_finding(cron, f"its schedule {text} {why}, so it never runs", evidence, fix, Severity.ERROR)


def _held_back(cron: Object, graph: Graph) -> Finding | None:
    """Return the run that holds the others back: it is active while the next ones were due."""
    if spec(cron).get("concurrencyPolicy") != "Forbid":
        return None
    skipped = newest([event for event in graph.events(cron) if event.get("reason") == "JobAlreadyActive"])
    active = [Ref("Job", ref(cron).namespace, str(item.get("name"))) for item in status(cron).get("active") or ()]
    started = min((str(status(job).get("startTime") or "") for job in _jobs(active, graph)), default="")
    if skipped is None or not started:
        return None
    seconds = seconds_since(graph.snapshot, started) or 0.0
    evidence = [
        Evidence(ref(cron), "event JobAlreadyActive", skipped.get("message") or ""),
        Evidence(active[0], "/status/startTime", started),
    ]
    fix = Fix(
        "End the run that hangs; give Jobs an activeDeadlineSeconds, or let a new run replace an old one",
        (kubectl("delete", "job", active[0].name, namespace=active[0].namespace),),
        ("concurrencyPolicy",),
    )
    cause = (
        f"Job {active[0].name} has been running for {duration(seconds)} and concurrencyPolicy Forbid lets no other "
        "start: runs that were due are skipped"
    )
    roots = (*active, *(ref(pod) for job in _jobs(active, graph) for pod in graph.pods(job)))
    return _cron_finding(cron, cause, evidence, fix, Severity.WARNING, roots)


def _jobs(names: list[Ref], graph: Graph) -> Iterator[Object]:
    return (found for name in names if (found := graph.get(*name)) is not None)


def _missed(cron: Object, graph: Graph) -> Finding | None:
    """Return that a run was due and no Job was started, by the schedule, and by the controller's own word for it."""
    schedule = parse(str(spec(cron).get("schedule") or ""))
    zone = _zone(spec(cron).get("timeZone"))
    known = str(status(cron).get("lastScheduleTime") or metadata(cron).get("creationTimestamp") or "")
    if schedule is None or zone is None or not known or status(cron).get("active"):
        return None
    last = schedule.last(graph.snapshot.taken_at.astimezone(zone) - MISSED)
    blamed = newest([event for event in graph.events(cron) if event.get("reason") in TOO_LATE])
    if last is None or last <= datetime.fromisoformat(known) + MISSED:
        return None
    evidence = [Evidence(ref(cron), "/status/lastScheduleTime", known)]
    if blamed:
        evidence.append(Evidence(ref(cron), f"event {blamed['reason']}", blamed.get("message") or ""))
    late = spec(cron).get("startingDeadlineSeconds")
    fix = Fix(
        "Look at the controller manager; allow a late start with a larger startingDeadlineSeconds",
        (edit(cron, ("spec", "startingDeadlineSeconds"), NeedsPerson("more seconds than now")),) if late else (),
        ("startingDeadlineSeconds",),
    )
    cause = f"it was due at {last.isoformat()} and has started nothing since {known}"
    return _cron_finding(cron, cause, evidence, fix, Severity.ERROR if blamed else Severity.WARNING)


def _zone(name: str | None) -> tzinfo | None:
    """Return a CronJob's time zone; UTC where it names none, as clusters run."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _cron_finding(
    cron: Object, cause: str, evidence: list[Evidence], fix: Fix, severity: Severity, roots: tuple[Ref, ...] = ()
) -> Finding:
    return Finding(
        mode=modes.CRONJOB_NOT_STARTING,
        subject=ref(cron),
        cause=f"CronJob {ref(cron).name}: {cause}",
        severity=severity,
        confidence=Confidence.CERTAIN,
        evidence=tuple(evidence),
        fix=fix,
        roots=roots,
    )


def _owner(job: Object, graph: Graph) -> Ref:
    return ref(graph.workload(job))


RULES = (backoff_limit, deadline, never_completes, not_starting)
