"""A look that goes on: the objects of the first one, kept as the API says they become."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from agent.snapshot.graph import event_time
from agent.snapshot.record import LogKey, Object, Part, Snapshot, State, Usage
from agent.snapshot.shape import oddity, sound
from tools.kinds import BY_NAME
from tools.objects import redact_object

EVENTS_LAST = timedelta(hours=1)
"""How long events are kept: the API forgets them after an hour, and not every server says so."""

Key = tuple[str, str]


class Live:
    """Every object there is, by kind and name; what is odd is left out, as in any look."""

    def __init__(self, first: Snapshot) -> None:
        self._first = first
        self._objects = {kind: {_key(item): item for item in found} for kind, found in first.objects.items()}
        self._parts = {part.name: part for part in first.parts}

    def put(self, kind: str, change: str, obj: Any) -> bool:
        """Take one change; return whether it says anything new. `change` is the API's word for it."""
        if type(obj) is not dict:
            return False
        whole = redact_object({"kind": kind, "apiVersion": BY_NAME[kind].version, **obj})
        if oddity(whole, kind) is not None:
            return False
        known = self._objects.setdefault(kind, {})
        if change == "DELETED":
            return known.pop(_key(whole), None) is not None
        before = known.get(_key(whole))
        known[_key(whole)] = whole
        return before != whole

    def list(self, kind: str, objects: Sequence[Any], part: Part) -> None:
        """Take a kind's whole list in place of what was known of it."""
        kept, self._parts[kind] = sound(part, objects)
        self._objects[kind] = {_key(item): item for item in kept}

    def lost(self, kind: str, why: str) -> None:
        """Note that a kind is not followed at the moment: what is known of it may be old."""
        part = self._parts.get(kind)
        if part is not None:
            self._parts[kind] = replace(part, state=State.PARTIAL, reason=why)

    def found(self, kind: str) -> None:
        """Note that a kind is followed again."""
        part = self._parts.get(kind)
        if part is not None:
            self._parts[kind] = replace(part, state=State.COMPLETE, reason="")

    def pods(self) -> Sequence[Object]:
        """Return the pods there are."""
        return list(self._objects.get("Pod", {}).values())

    def snapshot(
        self, at: datetime, logs: Mapping[LogKey, str], usage: Sequence[Usage], more: Iterable[Part]
    ) -> Snapshot:
        """Return what is known now as a look of its own."""
        self._forget(at)
        parts = self._parts | {part.name: part for part in more}
        objects = {kind: list(found.values()) for kind, found in self._objects.items()}
        return replace(
            self._first, taken_at=at, objects=objects, parts=list(parts.values()), logs=logs, usage=usage, versions={}
        )

    def _forget(self, at: datetime) -> None:
        """Drop events that nobody would be told of any more."""
        events = self._objects.get("Event", {})
        earliest = (at - EVENTS_LAST).strftime("%Y-%m-%dT%H:%M:%S")  # the API's own times sort as text
        old = [key for key, item in events.items() if (event_time(item) or earliest) < earliest]
        for key in old:
            del events[key]


def _key(obj: Object) -> Key:
    meta = obj.get("metadata") or {}
    return meta.get("namespace") or "", meta.get("name") or ""
