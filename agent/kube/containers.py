"""A pod's containers, each with its status and the events that still speak of it."""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from agent.kube.fields import is_sidecar, metadata, moment, number, seconds_since, spec, status, template
from agent.kube.memo import per_graph
from agent.snapshot.graph import Graph, event_time, ref
from agent.snapshot.record import Object, Ref

KINDS = ("initContainers", "containers")
NOTHING: Mapping[str, Any] = {}

NEVER_RAN = (
    "CreateContainerConfigError",
    "ErrImagePull",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
    "PodInitializing",
    "ContainerCreating",
)
"""What a container waits for before it can run (again): an earlier end is not what keeps it down."""

RECENT = 3600
"""Seconds since an end that count as now."""

LATELY = 120
"""Seconds since the last failure of a probe that may go on: periods of some ten seconds, three times."""

SLACK = 10
"""Seconds by which a run must exceed twice the one before it to have outlived it."""

_BY_PROBE = re.compile(r"failed (?:liveness|startup) probe|unhealthy", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a pod: what was asked for, what is, and where both stand."""

    pod: Object
    kind: str
    """`containers` or `initContainers`."""
    index: int
    spec: Mapping[str, Any]
    status: Mapping[str, Any]
    status_pointer: str

    @property
    def name(self) -> str:
        """The container's name."""
        return str(self.spec.get("name") or "")

    @property
    def pointer(self) -> str:
        """Where the container stands in its pod: `/spec/containers/0`."""
        return f"/spec/{self.kind}/{self.index}"

    @property
    def waiting(self) -> Mapping[str, Any]:
        """What it waits for, empty when it does not."""
        return self._state("state", "waiting")

    @property
    def running(self) -> Mapping[str, Any]:
        """Since when it runs, empty when it does not."""
        return self._state("state", "running")

    @property
    def restarts(self) -> int:
        """How often it was started again."""
        return number(self.status.get("restartCount"))

    @property
    def ready(self) -> bool:
        """Whether it is ready now."""
        return bool(self.status.get("ready"))

    @property
    def initial(self) -> bool:
        """Whether it must end before the main containers start."""
        return self.kind == "initContainers" and not is_sidecar(self.spec)

    def ended(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield (pointer, terminated state) of its end now and of the one before its last restart."""
        for state in ("state", "lastState"):
            found = self._state(state, "terminated")
            if found:
                yield f"{self.status_pointer}/{state}/terminated", found

    @property
    def said(self) -> str:
        """`container app`, `init container migrate`: the container inside a sentence."""
        return f"{'init container' if self.initial else 'container'} {self.name}"

    def field(self, path: str) -> str:
        """Return a field of this container as blueprints name it: `containers[].image`."""
        return f"{self.kind}[].{path}"

    def _state(self, state: str, phase: str) -> Mapping[str, Any]:
        return (self.status.get(state) or NOTHING).get(phase) or NOTHING


def containers_of(pod: Object) -> Iterator[Container]:
    """Yield every init and main container of a pod with its status, an empty one where the API has none yet."""
    for kind, statuses in zip(KINDS, ("initContainerStatuses", "containerStatuses"), strict=True):
        found = {item.get("name"): (place, item) for place, item in enumerate(status(pod).get(statuses) or ())}
        for index, container in enumerate(spec(pod).get(kind) or ()):
            place, item = found.get(container.get("name"), (0, NOTHING))
            yield Container(pod, kind, index, container, item, f"/status/{statuses}/{place}")


def events_of(container: Container, graph: Graph, *reasons: str) -> Sequence[Object]:
    """Return the events about one container, oldest first: those whose fieldPath names it, or that name none."""
    wanted = f"spec.{container.kind}{{{container.name}}}"
    return [
        event
        for event in graph.events(container.pod)
        if event.get("reason") in reasons and event["involvedObject"].get("fieldPath") in (wanted, None, "")
    ]


def last_end(container: Container, graph: Graph) -> tuple[str, Mapping[str, Any]] | None:
    """Return (pointer, terminated state) of the end that keeps a container down or comes back again and again.

    None where it never ended, finished as an init container should, was ended from outside (its pod is deleted or
    evicted), or has been running longer than before that end.
    """
    if metadata(container.pod).get("deletionTimestamp") or (
        status(container.pod).get("phase") == "Failed" and status(container.pod).get("reason")
    ):
        return None
    found = next(container.ended(), None)
    if found is None or container.waiting.get("reason") in NEVER_RAN:
        return None
    if container.initial and (
        container.ready or (not container.waiting and not container.running and not found[1].get("exitCode"))
    ):
        return None
    return None if container.running and _outlived(container, found[1], graph) else found


def _outlived(container: Container, ended: Mapping[str, Any], graph: Graph) -> bool:
    """Return whether what runs now does better than what ended: it runs longer, or it was a single mishap."""
    if container.restarts < 2 and (container.ready or container.initial):
        return True
    runs = seconds_since(graph.snapshot, container.running.get("startedAt"))
    died = seconds_since(graph.snapshot, ended.get("finishedAt"))
    if runs is None or died is None:
        return container.ready
    return died > RECENT or runs > given_time(ended)


FORGIVEN = 600
"""Seconds of running after which the kubelet itself forgets earlier ends: its back-off starts anew."""


def given_time(ended: Mapping[str, Any]) -> float:
    """Return the seconds a container must run after an end to have done better than before it."""
    began, finished = moment(ended.get("startedAt")), moment(ended.get("finishedAt"))
    if began is None or finished is None or began.year == 1970:
        return SLACK
    return min(2 * max((finished - began).total_seconds(), 0.0) + SLACK, FORGIVEN)


def killed_by_probe(container: Container, ended: Mapping[str, Any], graph: Graph) -> Object | None:
    """Return the event by which the kubelet ended a container whose liveness or startup probe failed, None for none."""
    found = newest(
        [event for event in events_of(container, graph, "Killing") if _BY_PROBE.search(event.get("message") or "")]
    )
    if found is None:
        return None
    killed = seconds_since(graph.snapshot, event_time(found))
    died = seconds_since(graph.snapshot, ended.get("finishedAt"))
    long_ago = killed is not None and died is not None and killed > died + RECENT  # kubelets drop repeated events
    return None if long_ago else found


def end_log(container: Container, graph: Graph) -> tuple[str, str]:
    """Return (pointer, text) of the log of a container's last end: of the instance before, where one runs now."""
    texts = {
        "log": readable(graph.log(container.pod, container.name, previous=False)),
        "log (previous)": readable(graph.log(container.pod, container.name, previous=True)),
    }
    order = ("log (previous)", "log") if container.running else ("log", "log (previous)")
    return next(((name, texts[name]) for name in order if texts[name]), ("log", ""))


@per_graph
def probed_unwell(graph: Graph) -> Set[Ref]:
    """Return the pods of which a liveness or startup probe failed lately: they may be ready, and killed in a moment."""
    found = set()
    for event in graph.all("Event"):
        about = event.get("involvedObject") or {}
        if event.get("reason") == "Unhealthy" and str(event.get("message")).startswith(("Liveness", "Startup")):
            seen = seconds_since(graph.snapshot, event_time(event))
            if seen is not None and seen < LATELY:
                found.add(Ref(str(about.get("kind")), str(about.get("namespace")), str(about.get("name"))))
    return found


def newest(events: Sequence[Object]) -> Object | None:
    """Return the event seen last."""
    return max(events, key=event_time, default=None)


def workload_ref(pod: Object, graph: Graph) -> Ref:
    """Return the object a finding about a pod is about: its topmost controller, or the pod itself."""
    return ref(graph.workload(pod))


def wants_to_run_on(pod: Object, graph: Graph) -> bool:
    """Return whether the pod is to serve for ever: its template restarts always, and no Job made it."""
    above = graph.workload(pod).get("kind")
    restart = spec(template(graph.workload(pod))).get("restartPolicy") or spec(pod).get("restartPolicy") or "Always"
    return restart == "Always" and above not in ("Job", "CronJob")


_ABOUT_LOGS = re.compile(
    r"^(?:unable to retrieve container logs for \S+://|failed to try resolving symlinks in path \"/var/log/"
    r"|previous terminated container \"[^\"]*\" in pod \"[^\"]*\" not found"
    r"|Error from server \(BadRequest\): (?:previous terminated container \"|container \"[^\"]*\" in pod \"))"
)
"""What a kubelet answers in place of a log it no longer has."""


def readable(log: str) -> str:
    """Return a log less what the kubelet says in place of one: `unable to retrieve container logs for …`."""
    return "" if _ABOUT_LOGS.match(log.lstrip()) else log
