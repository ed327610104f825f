"""A pod's containers, each with its status and the events that still speak of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.diagnose.fields import is_sidecar, number, spec, status, template
from agent.diagnose.finding import Evidence
from agent.snapshot.graph import Graph, event_time, ref
from agent.snapshot.record import Object, Ref

KINDS = ("initContainers", "containers")
NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Part:
    """One container of a pod: what was asked for, what is, and where both stand."""

    pod: Object
    kind: str
    """`containers` or `initContainers`."""
    index: int
    container: Mapping[str, Any]
    status: Mapping[str, Any]
    status_pointer: str

    @property
    def name(self) -> str:
        """The container's name."""
        return str(self.container.get("name") or "")

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
        return self.kind == "initContainers" and not is_sidecar(self.container)

    def ended(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield (pointer, terminated state) of its end now and of the one before its last restart."""
        for state in ("state", "lastState"):
            found = self._state(state, "terminated")
            if found:
                yield f"{self.status_pointer}/{state}/terminated", found

    def field(self, path: str) -> str:
        """Return a field of this container as blueprints name it: `containers[].image`."""
        return f"{self.kind}[].{path}"

    def _state(self, state: str, phase: str) -> Mapping[str, Any]:
        return (self.status.get(state) or NOTHING).get(phase) or NOTHING


def parts(pod: Object) -> Iterator[Part]:
    """Yield every init and main container of a pod with its status, an empty one where the API has none yet."""
    for kind, statuses in zip(KINDS, ("initContainerStatuses", "containerStatuses"), strict=True):
        found = {item.get("name"): (place, item) for place, item in enumerate(status(pod).get(statuses) or ())}
        for index, container in enumerate(spec(pod).get(kind) or ()):
            place, item = found.get(container.get("name"), (0, NOTHING))
            yield Part(pod, kind, index, container, item, f"/status/{statuses}/{place}")


def events_of(part: Part, graph: Graph, *reasons: str) -> Sequence[Object]:
    """Return the events about one container, oldest first: those whose fieldPath names it, or that name none."""
    wanted = f"spec.{part.kind}{{{part.name}}}"
    return [
        event
        for event in graph.events(part.pod)
        if event.get("reason") in reasons and event["involvedObject"].get("fieldPath") in (wanted, None, "")
    ]


def event_evidence(event: Object, pod: Object) -> Evidence:
    """Return an event as evidence about its pod."""
    return Evidence(ref(pod), f"event {event.get('reason', '')}", event.get("message") or "")


def newest(events: Sequence[Object]) -> Object | None:
    """Return the event seen last."""
    return max(events, key=event_time, default=None)


def workload_ref(pod: Object, graph: Graph) -> Ref:
    """Return whom a finding about a pod is about: its topmost controller, or the pod itself."""
    return ref(graph.workload(pod))


def wants_to_run_on(pod: Object, graph: Graph) -> bool:
    """Return whether the pod is to serve for ever: its template restarts always, and no Job made it."""
    above = graph.workload(pod).get("kind")
    restart = spec(template(graph.workload(pod))).get("restartPolicy") or spec(pod).get("restartPolicy") or "Always"
    return restart == "Always" and above not in ("Job", "CronJob")
