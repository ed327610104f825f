"""A cluster that is looked at without end: watches of its lists, bounded and begun anew, never a poll of what changes.

One thread a kind waits for the API's word and puts it into one queue, which is bounded: who falls behind lets the
server wait, and holds no more of it. Whoever iterates takes what came together, and gets a look of its own for it.

What has no watch is asked for gently. Metrics every 30 s. Secrets of all namespaces, whose rows do not say where they
are, no more often than that and only when a watch says that one changed; every 30 s where they may be listed and not
watched, as by the role release-reader. Helm's releases when one of their Secrets changed.
"""

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from agent.config import Settings
from agent.errors import Indeterminate
from agent.events import Emit, Warned
from agent.snapshot.collect import SECRET, part_of, read_releases, read_secrets
from agent.snapshot.live import Live
from agent.snapshot.logs import Kept
from agent.snapshot.record import Object, Part, Release, Snapshot, State, Usage
from agent.snapshot.usage import read_usage
from agent.world.following import Follower, Source, Told, Word
from agent.world.hearing import Hearing
from tools.cluster import Listed, Reader, connect
from tools.deadline import Deadline
from tools.failure import Failure, FailureKind
from tools.kinds import BY_NAME
from tools.kubeconfig import access
from tools.pages import Changed

QUIET, MOST = 1.0, 4.0
"""Seconds of silence after a change until it is judged, and how long at most changes are let come together."""

REST = 3
"""Changes come together for at least so many times as long as judging the last ones took: 5,000 pods take seconds."""

GENTLY = 30.0
"""Seconds between two questions for what has no watch."""

WAITING = 1_000
"""Changes that wait to be taken, at most."""

HELM = "helm.sh/release.v1"
"""The type of the Secrets that Helm keeps releases in."""

LOOKED_AT = (State.DENIED, State.NOT_SERVED)
"""How a list ends that nobody may, or can, watch; the first look says so."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One look, and whether anything but the metrics is new in it."""

    look: Snapshot
    changed: bool


@dataclass(slots=True)
class _Gentle:
    """What is known of things that have no watch, and which of it is old."""

    usage: Sequence[Usage]
    releases: Sequence[Release]
    parts: dict[str, Part] = field(default_factory=dict)
    measured: float = field(default_factory=time.monotonic)
    listed: float = field(default_factory=time.monotonic)
    """When Secrets of all namespaces were read."""
    old_releases: bool = False
    old_secrets: bool = False
    unwatched_secrets: bool = False
    """Whether Secrets may be listed and not watched."""


class Watching:
    """The watches of one scope. Iterate to get a look whenever something changed, or when `wake` has come."""

    def __init__(self, first: Snapshot, settings: Settings, emit: Emit, until: float) -> None:
        """`until` is when it ends, by time.monotonic."""
        self.wake: datetime | None = None
        """When to look again although nothing changed: something is due then."""
        self._first, self._settings, self._emit, self._until = first, settings, emit, until
        self._queue: queue.Queue[Told] = queue.Queue(WAITING)
        self._stop = threading.Event()
        self._live, self._logs = Live(first), Kept(first.logs)
        self._gentle = _Gentle(first.usage, first.releases)
        self._hearing = Hearing(frozenset(self._kinds()))
        self._cost = 0.0
        """Seconds that judging took."""

    def looks(self) -> Iterator[Seen]:
        """Yield the first look, one for whatever changes, and one when the time is up, until somebody closes this."""
        source = self._source()
        try:
            self._begin(source)
            yield Seen(self._first, changed=True)
            yield from self._changes(source)
            yield Seen(self._look(source.brief()), changed=True)
        finally:
            self._stop.set()
            source.reader.close()

    def _changes(self, source: Source) -> Iterator[Seen]:
        changed = False
        while time.monotonic() < self._until:
            changed |= self._take() | self._is_due()
            for text in self._hearing.news(time.monotonic()):
                self._emit(Warned(text))
            if self._hearing.is_deaf():
                continue
            measured, changed = self._measure(source), changed | self._ask_again(source)
            if changed or measured:
                began = time.monotonic()
                yield Seen(self._look(source.brief()), changed)
                changed, self._cost = False, time.monotonic() - began

    def _is_due(self) -> bool:
        return self.wake is not None and datetime.now(UTC) > self.wake

    def _source(self) -> Source:
        """Return a reader whose watches may last."""
        timeout = Deadline.after(self._settings.timeout)
        found = access(self._settings.context, self._settings.kubeconfig, timeout)
        reader = found if isinstance(found, Failure) else connect(found, timeout)
        if isinstance(reader, Failure):
            raise Indeterminate(str(reader))
        return Source(reader, self._settings)

    def _kinds(self) -> Iterator[str]:
        return (part.name for part in self._first.parts if part.name in BY_NAME and part.state not in LOOKED_AT)

    def _begin(self, source: Source) -> None:
        for name in self._kinds():
            kind = BY_NAME[name]
            namespace = self._first.namespace if kind.namespaced else None
            version = self._first.versions.get(name, "")
            follower = Follower(kind, namespace, version, source, self._say, self._stop)
            threading.Thread(target=follower.follow, name=f"watch {kind.plural}", daemon=True).start()

    def _say(self, told: Told) -> None:
        """Put what one thread has to say where it is taken, waiting for room."""
        while not self._stop.is_set():
            try:
                self._queue.put(told, timeout=1.0)
                return
            except queue.Full:
                continue

    def _take(self) -> bool:
        """Take what came together; return whether anything is new."""
        changed, end = False, min(time.monotonic() + 1.0, self._until)
        latest = self._until
        while (patience := end - time.monotonic()) > 0:
            try:
                told = self._queue.get(timeout=patience)
            except queue.Empty:
                break
            if not self._keep(told):
                continue
            now = time.monotonic()
            latest = latest if changed else min(now + max(MOST, REST * self._cost), self._until)
            changed, end = True, min(now + max(QUIET, REST * self._cost), latest)
        return changed

    def _keep(self, told: Told) -> bool:
        name, value = told.kind.name, told.value
        if name == SECRET and isinstance(value, Failure) and value.kind is FailureKind.FORBIDDEN:
            self._gentle.unwatched_secrets = True
            self._hearing.leave(name)
            return False
        if isinstance(value, Failure):
            self._hearing.lose(name, value, time.monotonic())
            return False
        if told.word is Word.BACK:
            return self._hearing.find(name)
        self._note_old(name, value)
        if name == SECRET and self._first.namespace is None:
            return False  # these rows do not say where they are; what they are of is read in its time
        if isinstance(value, Listed):
            return self._live.list(name, value.objects, part_of(value))
        return value is not None and self._live.put(name, value)

    def _note_old(self, name: str, value: Listed | Changed | None) -> None:
        """Note what else is old when a Secret changed."""
        if name != SECRET:
            return
        objects = value.objects if isinstance(value, Listed) else [value.obj] if value else []
        self._gentle.old_secrets = True
        self._gentle.old_releases |= any(type(obj) is dict and obj.get("type") == HELM for obj in objects)

    def _measure(self, source: Source) -> bool:
        """Ask for the metrics, where they are old; return whether that was so."""
        gentle, now = self._gentle, time.monotonic()
        if now - gentle.measured < GENTLY:
            return False
        namespace, prometheus = self._first.namespace, self._settings.prometheus
        gentle.usage, gentle.parts["metrics"] = read_usage(source.brief(), namespace, prometheus)
        gentle.measured = now
        return True

    def _ask_again(self, source: Source) -> bool:
        """Ask for Helm's releases and the Secrets of all namespaces, where they are old; return whether any were."""
        gentle, again = self._gentle, self._list_secrets(source.brief(), time.monotonic())
        if not gentle.old_releases:
            return again
        namespace, path = self._first.namespace, self._settings.path
        gentle.releases, gentle.parts["releases"] = read_releases(source.brief(), namespace, path, described=False)
        gentle.old_releases = False
        return True

    def _list_secrets(self, reader: Reader, now: float) -> bool:
        """List Secrets anew where they are old and no watch says how; return whether anything is new of them."""
        gentle, namespace = self._gentle, self._first.namespace
        told_of = gentle.old_secrets and namespace is None
        if not (told_of or gentle.unwatched_secrets) or now - gentle.listed < GENTLY:
            return False
        listed = reader.list(BY_NAME[SECRET], namespace) if namespace else read_secrets(reader, self._spaces())
        news = self._live.list(SECRET, listed.objects, part_of(listed))
        if news:
            self._note_old(SECRET, listed)
        gentle.listed, gentle.old_secrets = now, False
        return news

    def _spaces(self) -> Sequence[Object]:
        return self._live.all("Namespace")

    def _look(self, reader: Reader) -> Snapshot:
        self.wake, gentle, parts = None, self._gentle, list(self._gentle.parts.values())
        logs = self._logs.texts
        if not self._hearing.is_deaf():
            logs, read = self._logs.read(self._live.all("Pod"), reader)
            parts += read
        return self._live.snapshot(
            datetime.now(UTC), logs, gentle.usage, gentle.releases, parts, self._hearing.unheard()
        )
