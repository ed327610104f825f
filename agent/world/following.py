"""One kind followed without end: its watch, begun anew where it ended, and its list where the API forgot that.

The rules are those of client-go's reflector (tools/cache/reflector.go): go on from the newest version that was told of,
list again where that is gone, and wait ever longer while watches end as soon as they begin.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from agent.config import Settings
from tools.cluster import Listed, Reader
from tools.deadline import Deadline
from tools.failure import Failure, FailureKind
from tools.kinds import Kind
from tools.kubeconfig import access
from tools.pages import Changed

TURN = 240
"""Seconds of one watch; the API server ends it then, and the next goes on from where it was."""

SHORT = 1.0
"""Seconds a watch has to last to be one: client-go's "very short watch"."""

PATIENCE = (1.0, 10.0)
"""Seconds until a watch that failed, or was short, is tried again: the first time, and at most."""

HOLLOW = 3
"""Short watches in a row, none of which told anything, after which nobody is taken to be there."""

RENEWED = 5.0
"""Seconds in which credentials are asked for once, however many watches were refused."""


class Word(StrEnum):
    """What is told of a kind."""

    CHANGE = "change"
    LIST = "list"
    LOST = "lost"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that became known of a kind."""

    kind: Kind
    word: Word
    value: Changed | Listed | Failure | None = None


@dataclass(slots=True)
class Source:
    """The reader that all watches share, and how its credentials are had anew."""

    reader: Reader
    settings: Settings
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _renewed: float = 0.0

    def brief(self) -> Reader:
        """Return the same reader for questions that are to be answered now."""
        return replace(self.reader, deadline=Deadline.after(self.settings.timeout))

    def renew(self) -> None:
        """Take credentials anew: a token ends after an hour, and what watches goes on for days."""
        with self._lock:
            if time.monotonic() - self._renewed < RENEWED:
                return
            found = access(self.settings.context, self.settings.kubeconfig, Deadline.after(self.settings.timeout))
            if not isinstance(found, Failure) and found.token:
                self.reader.headers["Authorization"] = f"Bearer {found.token}"
                self.reader.refused = None
            self._renewed = time.monotonic()


@dataclass(slots=True)
class Follower:
    """One kind's watch, for a thread of its own."""

    kind: Kind
    namespace: str | None
    version: str
    """The newest that is known, "" to begin with the list."""
    source: Source
    say: Callable[[Told], None]
    stop: threading.Event
    _hollow: int = 0
    _lost: bool = False

    def follow(self) -> None:
        """Follow until told to stop."""
        pause = PATIENCE[0]
        while not self.stop.is_set():
            began = time.monotonic()
            self._turn()
            if time.monotonic() - began > SHORT:
                pause = PATIENCE[0]
                continue
            self.stop.wait(pause * (0.8 + random.random() * 0.4))  # noqa: S311 - jitter
            pause = min(pause * 2, PATIENCE[1])

    def _turn(self) -> None:
        if not self.version:
            self._list()
            return
        stream = self.source.reader.changes(self.kind, self.namespace, self.version, TURN)
        if isinstance(stream, Failure):
            self._fail(stream)
            return
        if self._hollow < HOLLOW:
            self._back()
        began = time.monotonic()
        told = self._take(stream)
        self._hollow = 0 if told or time.monotonic() - began > SHORT else self._hollow + 1
        if self._hollow >= HOLLOW:
            self._lose(Failure(FailureKind.MALFORMED, f"watch {self.kind.plural}", "ends as soon as it begins"))

    def _take(self, stream: Iterator[Changed]) -> bool:
        """Take what a watch tells; return whether that was anything."""
        told = False
        for change in stream:
            if change.word == "ERROR" or self.stop.is_set():
                self.version = ""
                return told
            self._back()
            told, self.version = True, change.version
            if change.word != "BOOKMARK":
                self.say(Told(self.kind, Word.CHANGE, change))
        return told

    def _list(self) -> None:
        listed = self.source.brief().list(self.kind, self.namespace)
        if listed.failure is not None:
            self._fail(listed.failure)
            return
        self.version = listed.version or "0"  # a server that says none is asked for whatever it has
        self.say(Told(self.kind, Word.LIST, listed))

    def _fail(self, failure: Failure) -> None:
        if failure.kind is FailureKind.TRUNCATED:
            self.version = ""
            return
        if failure.kind is FailureKind.UNAUTHORIZED:
            self.source.renew()
        self._lose(failure)

    def _lose(self, failure: Failure) -> None:
        if not self._lost:
            self._lost = True
            self.say(Told(self.kind, Word.LOST, failure))

    def _back(self) -> None:
        if self._lost:
            self._lost, self._hollow = False, 0
            self.say(Told(self.kind, Word.BACK))
