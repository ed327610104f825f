"""Evidence: a pointer into the snapshot with the literal text that stands there."""

from dataclasses import dataclass

from agent.snapshot.graph import ref
from agent.snapshot.record import Object, Ref


@dataclass(frozen=True, slots=True)
class Evidence:
    """A pointer into the snapshot and the literal text that stands there.

    `where` is the object, the event's object, or the container whose log it is; `pointer` is a JSON pointer
    (`/status/containerStatuses/0/lastState/terminated/reason`), `event REASON`, `log` or `log (previous)`.
    """

    where: Ref
    pointer: str
    text: str


def event_evidence(event: Object, pod: Object) -> Evidence:
    """Return an event as evidence about its pod."""
    return Evidence(ref(pod), f"event {event.get('reason', '')}", event.get("message") or "")
