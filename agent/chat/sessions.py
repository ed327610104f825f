"""Sessions: what was asked and answered, kept in one SQLite file of the user's own, redacted before it is written."""

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent.chat.seen import Memory
from agent.chat.summary import Told
from agent.config import state_dir
from agent.errors import UsageError
from agent.snapshot.record import Ref
from tools.redact import redact
from tools.text import clean

FILE = "sessions.db"
VERSION = 1
LONGEST = 20_000
"""Characters of one answer that are kept."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS session
    (name TEXT PRIMARY KEY, began TEXT NOT NULL, place TEXT NOT NULL, memory TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS turn
    (session TEXT NOT NULL, number INTEGER NOT NULL, at TEXT NOT NULL, question TEXT NOT NULL,
    answer TEXT NOT NULL, told TEXT NOT NULL, PRIMARY KEY (session, number));
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer, as they are kept."""

    at: datetime
    question: str
    answer: str
    """As a person read it."""
    told: Told
    """What of it counts later."""


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation."""

    name: str
    began: datetime
    place: str
    """Where it looked: `the capture demo`, `context prod, namespace shop`."""
    turns: tuple[Turn, ...]
    memory: Memory


def listed() -> list[Session]:
    """Return every session, the newest first.

    Raises:
        UsageError: the file cannot be read.

    """
    with _open() as base:
        names = [row[0] for row in base.execute("SELECT name FROM session ORDER BY began DESC")]
        found = [_session(base, name) for name in names]
    return [item for item in found if item is not None]


def session(name: str) -> Session | None:
    """Return a session, None for none of that name; raises as `listed`."""
    with _open() as base:
        return _session(base, name)


def keep(name: str, place: str, turn: Turn, memory: Memory) -> None:
    """Add a turn to a session, which begins with it where there is none; raises as `listed`."""
    at = turn.at.isoformat(timespec="seconds")
    asked, answer = _inert(turn.question, 2_000), _inert(turn.answer, LONGEST)
    told, known = _inert(json.dumps(turn.told.as_data()), LONGEST), redact(json.dumps(_memory(memory)))
    with _open() as base:
        base.execute("INSERT OR IGNORE INTO session VALUES (?, ?, ?, ?)", (name, at, place, known))
        base.execute("UPDATE session SET memory = ? WHERE name = ?", (known, name))
        number = base.execute("SELECT COUNT(*) FROM turn WHERE session = ?", (name,)).fetchone()[0] + 1
        base.execute("INSERT INTO turn VALUES (?, ?, ?, ?, ?, ?)", (name, number, at, asked, answer, told))


def _inert(text: str, most: int) -> str:
    return clean(redact(text), most, multiline=True)


@contextmanager
def _open() -> Iterator[sqlite3.Connection]:
    path = state_dir() / FILE
    try:
        _private(path)
        base = sqlite3.connect(path, timeout=5)
        try:
            with base:
                _prepare(base)
                yield base
        finally:
            base.close()
    except (sqlite3.Error, OSError) as error:
        raise UsageError(
            f"{path}: sessions cannot be kept or read: {error}; move the file away to begin anew"
        ) from error


def _private(path: Path) -> None:
    """Make the file the user's alone before anything is in it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _prepare(base: sqlite3.Connection) -> None:
    (version,) = base.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise sqlite3.DatabaseError(f"written by a newer version ({version})")
    base.executescript(_SCHEMA + f"PRAGMA user_version = {VERSION};")


def _session(base: sqlite3.Connection, name: str) -> Session | None:
    row = base.execute("SELECT began, place, memory FROM session WHERE name = ?", (name,)).fetchone()
    if row is None:
        return None
    turns = base.execute("SELECT at, question, answer, told FROM turn WHERE session = ? ORDER BY number", (name,))
    return Session(name, _at(row[0]), row[1], tuple(map(_turn, turns)), _remembered(row[2]))


def _turn(row: Sequence[str]) -> Turn:
    return Turn(_at(row[0]), row[1], row[2], Told.of(_object(row[3])))


def _at(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def _memory(memory: Memory) -> dict[str, object]:
    return {
        "subject": list(memory.subject) if memory.subject else None,
        "namespace": memory.namespace,
        "intent": memory.intent,
    }


def _remembered(text: str) -> Memory:
    found = _object(text)
    subject = found.get("subject")
    name = Ref(*map(str, subject)) if isinstance(subject, list) and len(subject) == 3 else None
    return Memory(name, str(found.get("namespace") or ""), str(found.get("intent") or ""))


def _object(text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
