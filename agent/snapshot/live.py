"""A look that goes on: the objects of the first one, kept as the API says they become."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from agent.snapshot.graph import event_time
from agent.snapshot.record import LogKey, Object, Part, Release, Snapshot, State, Usage
from agent.snapshot.shape import oddity, sound
from tools.pages import Changed

EVENTS_LAST = timedelta(hours=1)
"""How long events are kept: the API forgets them after an hour, and not every server says so."""

BEATS = ("renewTime", "lastHeartbeatTime", "resourceVersion")
"""Fields by which a node or a leader says no more than that it is still there."""

BEATING = ("Node", "Lease")

Key = tuple[str, str]


class Live:
    """Every object there is, by kind and name; what is odd is left out and named, as in any look."""

    def __init__(self, first: Snapshot) -> None:
        self._first = first
        self._objects = {kind: {_key(item): item for item in found} for kind, found in first.objects.items()}
        self._parts = {part.name: part for part in first.parts}
        self._odd: dict[str, dict[Key, str]] = {}

    def put(self, kind: str, change: Changed) -> bool:
        """Take one change; return whether it says anything new."""
        if type(change.obj) is not dict:
            return False
        key, known = _key(change.obj), self._objects.setdefault(kind, {})
        was_odd, before = self._odd.get(kind, {}).pop(key, None) is not None, known.get(key)
        where = oddity(change.obj, kind) if change.word != "DELETED" else None
        if change.word == "DELETED" or where is not None:
            known.pop(key, None)
            self._odd.setdefault(kind, {}).update({key: where} if where is not None else {})
            return was_odd or before is not None or where is not None
        known[key] = change.obj
        return was_odd or before is None or _is_news(kind, before, change.obj)

    def list(self, kind: str, objects: Sequence[Any], part: Part) -> bool:
        """Take a kind's whole list in place of what was known of it; return whether it says anything new."""
        before = self._objects.get(kind), self._parts.get(kind)
        kept, self._parts[kind] = sound(part, objects)
        self._objects[kind] = {_key(item): item for item in kept}
        self._odd.pop(kind, None)
        return before != (self._objects[kind], self._parts[kind])

    def all(self, kind: str) -> Sequence[Object]:
        """Return the objects of a kind."""
        return list(self._objects.get(kind, {}).values())

    def snapshot(
        self,
        at: datetime,
        logs: Mapping[LogKey, str],
        usage: Sequence[Usage],
        releases: Sequence[Release],
        more: Iterable[Part],
        unheard: Mapping[str, str],
    ) -> Snapshot:
        """Return what is known now as a look of its own.

        Args:
            at: now.
            logs: of what is unwell.
            usage: what containers use.
            releases: Helm's.
            more: how whole all that is, in place of what the first look said.
            unheard: kind -> why what is known of it may be old.

        """
        self._forget(at)
        parts = self._parts | {part.name: part for part in more}
        return replace(
            self._first,
            taken_at=at,
            objects={kind: list(found.values()) for kind, found in self._objects.items()},
            parts=[self._part(part, unheard.get(part.name, "")) for part in parts.values()],
            logs=logs,
            usage=usage,
            releases=releases,
            versions={},
        )

    def _part(self, part: Part, unheard: str) -> Part:
        odd = self._odd.get(part.name)
        unread = f"unreadable, so nothing was decided about it: {'/'.join(next(iter(odd)))}" if odd else ""
        why = "; ".join(text for text in (part.reason, unheard, unread) if text)
        state = State.PARTIAL if part.state is State.COMPLETE and why else part.state
        return replace(part, state=state, reason=why)

    def _forget(self, at: datetime) -> None:
        """Drop events that nobody would be told of any more."""
        events = self._objects.get("Event", {})
        earliest = (at - EVENTS_LAST).strftime("%Y-%m-%dT%H:%M:%S")  # the API's own times sort as text
        old = [key for key, item in events.items() if (event_time(item) or earliest) < earliest]
        for key in old:
            del events[key]


def _is_news(kind: str, before: Object, after: Object) -> bool:
    return before != after if kind not in BEATING else _without_beat(before) != _without_beat(after)


def _without_beat(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_beat(below) for key, below in value.items() if key not in BEATS}
    return [_without_beat(below) for below in value] if isinstance(value, list) else value


def _key(obj: Object) -> Key:
    meta = obj.get("metadata")
    found = [meta.get(key) for key in ("namespace", "name")] if isinstance(meta, Mapping) else []
    namespace, name = [part if isinstance(part, str) else "" for part in found] or ("", "")
    return namespace, name
