"""Events put together: of one object, with one reason and one message, however often the API repeats them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.kube.fields import moment, number
from agent.snapshot.graph import event_time
from agent.snapshot.record import Object, Ref


@dataclass(frozen=True, slots=True)
class Happening:
    """What was seen of an object, once or often."""

    subject: Ref
    warning: bool
    reason: str
    message: str
    count: int
    first: datetime | None
    last: datetime | None


def happenings(events: Iterable[Object]) -> list[Happening]:
    """Return events put together, the one seen last at the end, as kubectl has them."""
    groups: dict[tuple[Ref, str, str], list[Object]] = {}
    for event in events:
        key = (about(event), str(event.get("reason") or ""), str(event.get("message") or ""))
        groups.setdefault(key, []).append(event)
    found = [_together(key, group) for key, group in groups.items()]
    return sorted(found, key=lambda item: (item.last is not None, item.last or 0, item.subject))


def about(event: Object) -> Ref:
    """Return the object an event is about."""
    told = event.get("involvedObject")
    name: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    kind = str(name.get("kind") or "")
    return Ref(kind, "" if kind == "Node" else str(name.get("namespace") or ""), str(name.get("name") or ""))


def _together(key: tuple[Ref, str, str], events: Sequence[Object]) -> Happening:
    firsts = [at for event in events if (at := moment(event.get("firstTimestamp") or event.get("eventTime")))]
    lasts = [at for event in events if (at := moment(event_time(event)))]
    warning = any(event.get("type") == "Warning" for event in events)
    count = sum(times(event) for event in events)
    last = max(lasts, default=None)
    return Happening(key[0], warning, key[1], key[2], count, min(firsts, default=last), last)


def times(event: Object) -> int:
    """Return how often an event was seen: its series counts, else its own count, else once."""
    series = event.get("series") or {}
    return max(number(series.get("count"), 0), number(event.get("count"), 1), 1)
