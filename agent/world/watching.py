"""A cluster that is looked at without end: watches of its lists, bounded and begun anew, never a poll of what changes.

One thread a kind waits for the API's word and puts it into one queue; whoever iterates takes what came together, and
gets a look of its own for it. Metrics alone have no watch: they are asked for gently.
"""

import queue
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from agent.config import Settings
from agent.errors import Indeterminate
from agent.events import Emit, Warned
from agent.snapshot.live import Live
from agent.snapshot.logs import of_unwell, read_logs
from agent.snapshot.record import LogKey, Part, Snapshot, State, Usage
from agent.snapshot.usage import read_usage
from tools.cluster import Listed, Reader, connect
from tools.deadline import Deadline
from tools.failure import Failure, FailureKind
from tools.kinds import BY_NAME, Kind
from tools.kubeconfig import access

UNWATCHED = frozenset(("Secret", "Lease", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"))
"""Kinds that are looked at once: Secrets come as tables, leases change every second, rights seldom."""

TURN = 240
"""Seconds of one watch; the API server ends it then, and the next goes on from where it was."""

QUIET, MOST = 1.0, 4.0
"""Seconds of silence after a change until it is judged, and how long at most changes are let come together."""

METRICS = 30.0
PATIENCE = (1.0, 30.0)
"""Seconds until a lost watch is tried again: the first time, and at most."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What one thread has to say."""

    kind: Kind
    change: str
    """The API's word (`ADDED`, `MODIFIED`, `DELETED`), or `LIST`, `LOST`, `BACK`."""
    value: Any = None


@dataclass(frozen=True, slots=True)
class Seen:
    """One look, and whether anything but the metrics is new in it."""

    look: Snapshot
    changed: bool


@dataclass(slots=True)
class Watching:
    """The watches of one scope. Iterate to get a look whenever something changed, or when `wake` has come."""

    first: Snapshot
    settings: Settings
    emit: Emit
    until: float
    """When it ends, by time.monotonic."""
    wake: datetime | None = None
    """When to look again although nothing changed: something is due then."""
    _queue: "queue.Queue[_Told]" = field(default_factory=queue.Queue)
    _stop: threading.Event = field(default_factory=threading.Event)
    _lost: set[str] = field(default_factory=set)

    def looks(self) -> Iterator[Seen]:
        """Yield the first look, then one for every change, until the time is up or somebody closes this."""
        live, reader = Live(self.first), self._reader()
        usage, measured = self.first.usage, time.monotonic()
        self._begin(reader)
        try:
            yield Seen(self.first, changed=True)
            while time.monotonic() < self.until:
                changed = self._take(live) or self._is_due()
                fresh = time.monotonic() - measured > METRICS
                if fresh:
                    usage, _ = read_usage(_brief(reader), self.first.namespace, self.settings.prometheus)
                    measured = time.monotonic()
                if changed or fresh:
                    yield Seen(self._look(live, usage, _brief(reader)), changed)
        finally:
            self._stop.set()
            reader.close()

    def _is_due(self) -> bool:
        return self.wake is not None and datetime.now(UTC) > self.wake

    def _reader(self) -> Reader:
        """Return a reader whose watches may last; credentials are asked for anew."""
        found = access(self.settings.context, self.settings.kubeconfig, Deadline.after(self.settings.timeout))
        left = max(self.until - time.monotonic(), 1.0)
        reader = found if isinstance(found, Failure) else connect(found, Deadline.after(left))
        if isinstance(reader, Failure):
            raise Indeterminate(str(reader))
        return reader

    def _begin(self, reader: Reader) -> None:
        whole = {part.name for part in self.first.parts if part.state is State.COMPLETE} - UNWATCHED
        for name in whole & set(self.first.versions):
            kind, version = BY_NAME[name], self.first.versions[name]
            threading.Thread(target=self._follow, args=(reader, kind, version), daemon=True).start()

    def _follow(self, reader: Reader, kind: Kind, version: str) -> None:
        """Watch one kind for ever, from the newest version that is known; where that is too old, from its list."""
        pause = PATIENCE[0]
        while not self._stop.is_set():
            stream = reader.changes(kind, self.first.namespace if kind.namespaced else None, version, TURN)
            if isinstance(stream, Failure):
                version = self._again(reader, kind, version, stream)
                self._stop.wait(pause * (0.8 + random.random() * 0.4))  # noqa: S311 - jitter
                pause = min(pause * 2, PATIENCE[1])
                continue
            version, pause = self._followed(kind, stream, version), PATIENCE[0]
            version = version or self._listed(reader, kind)

    def _followed(self, kind: Kind, stream: Iterator[Any], version: str) -> str:
        """Return the version a stream came to; "" where the API says that it is too old."""
        self._queue.put(_Told(kind, "BACK"))
        for document in stream:
            change, obj = _taken(document)
            if change == "ERROR" or self._stop.is_set():
                return ""
            version = str(obj["metadata"].get("resourceVersion") or version)
            if change != "BOOKMARK":
                self._queue.put(_Told(kind, change, obj))
        return version

    def _again(self, reader: Reader, kind: Kind, version: str, failure: Failure) -> str:
        """Return where to go on after a watch that could not begin."""
        if failure.kind is FailureKind.UNAUTHORIZED:
            self._renew(reader)
        elif failure.kind is FailureKind.TRUNCATED:
            return self._listed(reader, kind) or version
        self._queue.put(_Told(kind, "LOST", failure))
        return version

    def _renew(self, reader: Reader) -> None:
        """Take credentials anew: a token ends after an hour, and what watches goes on for days."""
        found = access(self.settings.context, self.settings.kubeconfig, Deadline.after(self.settings.timeout))
        if not isinstance(found, Failure) and found.token:
            reader.headers["Authorization"] = f"Bearer {found.token}"
            reader.refused = None

    def _listed(self, reader: Reader, kind: Kind) -> str:
        listed = _brief(reader).list(kind, self.first.namespace if kind.namespaced else None)
        self._queue.put(_Told(kind, "LIST" if listed.failure is None else "LOST", listed.failure or listed))
        return listed.version

    def _take(self, live: Live) -> bool:
        """Take what came together; return whether anything is new."""
        changed, began = False, time.monotonic()
        patience = min(self.until - began, 1.0)
        while True:
            try:
                told = self._queue.get(timeout=max(patience, 0.01))
            except queue.Empty:
                return changed
            changed |= self._keep(told, live)
            patience = min(QUIET, MOST - (time.monotonic() - began)) if changed else patience
            if patience <= 0:
                return changed

    def _keep(self, told: _Told, live: Live) -> bool:
        name = told.kind.name
        if told.change == "LOST":
            return self._is_lost(name, told.value, live)
        if told.change == "BACK":
            return self._is_back(name, live)
        if told.change == "LIST":
            listed: Listed = told.value
            live.list(name, listed.objects, Part(name, listed.path, State.COMPLETE, len(listed.objects)))
            return True
        return live.put(name, told.change, told.value)

    def _is_lost(self, name: str, failure: Failure, live: Live) -> bool:
        """Say once that the cluster is not heard any more; what is known of it is old from then on."""
        if not self._lost:
            self.emit(Warned(f"{failure}; trying again, nothing new is known until then"))
        self._lost.add(name)
        live.lost(name, failure.detail)
        return False

    def _is_back(self, name: str, live: Live) -> bool:
        if name not in self._lost:
            return False
        self._lost.discard(name)
        live.found(name)
        if not self._lost:
            self.emit(Warned("the cluster answers again"))
        return True

    def _look(self, live: Live, usage: Sequence[Usage], reader: Reader) -> Snapshot:
        self.wake = None
        logs, parts = _logs(live, reader)
        return live.snapshot(datetime.now(UTC), logs, usage, parts)


def _taken(document: Any) -> tuple[str, dict[str, Any]]:
    """Return what a line tells of; what is no object is taken for an error, after which the list is read anew."""
    obj = document.get("object") if type(document) is dict else None
    if type(obj) is dict and type(obj.get("metadata")) is dict:
        return str(document.get("type")), obj
    return "ERROR", {}


def _logs(live: Live, reader: Reader) -> tuple[Mapping[LogKey, str], Sequence[Part]]:
    return read_logs(of_unwell(live.pods()), reader)


def _brief(reader: Reader) -> Reader:
    """Return the same reader for one question, which may not last as long as a watch."""
    return replace(reader, deadline=Deadline.after(BRIEF))


BRIEF = 20.0
