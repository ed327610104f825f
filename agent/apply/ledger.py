"""The ledger: what was planned, approved, refused, done and found, one JSON line each, each sealed to the one before.

It is written before anything happens: where a line cannot be written and flushed to the disk, nothing is changed.
"""

import errno
import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from agent.apply.writing import flush, replace_content
from agent.change.plan import digest, written
from agent.config import state_dir
from tools.failpoints import reached
from tools.failure import Failure, FailureKind
from tools.redact import redact_tree

LEDGER = "ledger.jsonl"
HEAD = "ledger.head"
"""Number and digest of the last line: without it, a ledger whose end was cut off would be whole again."""

LOCK = "ledger.lock"

START = "0" * 64


class Event(StrEnum):
    """What a line tells of."""

    SEALED = "sealed"
    OFFERED = "offered"
    """A plan was committed on a branch, for the repository to decide."""
    REFUSED = "refused"
    """A plan that no row justifies, or an apply that may not be."""
    APPROVED = "approved"
    REJECTED = "rejected"
    INTENT = "intent"
    """What comes next changes something. Written, and on the disk, before it does."""
    CAPTURED = "captured"
    """What the failing pods said before they were taken back."""
    OUTCOME = "outcome"
    FROZEN = "frozen"
    THAWED = "thawed"
    TORN = "torn"
    """The last line was not whole: this program ended while it wrote it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line."""

    number: int
    time: str
    event: Event
    plan: str
    """The plan's id, "" where it is about none."""
    by: str
    detail: Mapping[str, Any]
    previous: str
    """sha256 of the line before; 64 zeros in the first."""


def path() -> Path:
    """Return where the ledger is."""
    return state_dir() / LEDGER


def append(event: Event, plan: str, by: str, detail: Mapping[str, Any] | None = None) -> Entry | Failure:
    """Write one line and wait until it is on the disk; a Failure means that nothing may be changed."""
    try:
        with _locked() as folder:
            _mend(folder)
            return _append(folder, event, plan, by, detail or {})
    except OSError as error:
        return Failure(
            FailureKind.CONFIG, f"ledger {path()}", error.strerror or str(error), "without it nothing changes"
        )


def entries() -> list[Entry] | Failure:
    """Return every line, oldest first; a Failure where it cannot be read or is not whole."""
    problems, found = _read()
    return Failure(FailureKind.MALFORMED, f"ledger {path()}", problems[0], "agent ledger verify") if problems else found


def problems() -> tuple[list[str], list[Entry]]:
    """Return what is wrong with the ledger, each in a sentence, and the lines up to the first such place."""
    return _read()


def _read() -> tuple[list[str], list[Entry]]:
    """Read the lines and the head as they stand together: another process may be about to write both."""
    try:
        descriptor = os.open(state_dir() / LOCK, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:  # nobody has written yet
        return _checked()
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        return _checked()
    finally:
        os.close(descriptor)


def _checked() -> tuple[list[str], list[Entry]]:
    try:
        lines = path().read_bytes().split(b"\n")
    except FileNotFoundError:
        return _without_head([], START), []
    except OSError as error:
        return [f"it cannot be read: {error.strerror}"], []
    found: list[Entry] = []
    previous = START
    for number, line in enumerate(lines[:-1], 1):
        entry = _entry(line)
        if entry is None or entry.number != number or entry.previous != previous:
            return [f"line {number} is not what was written, or a line before it is missing"], found
        found.append(entry)
        previous = digest(line)
    return _without_head(found, previous), found


def _without_head(found: Sequence[Entry], last: str) -> list[str]:
    """Return what the head says against the end of the ledger."""
    try:
        number, _, wanted = (state_dir() / HEAD).read_text(encoding="ascii").partition(" ")
    except FileNotFoundError:
        return ["its head is missing"] if found else []
    except (OSError, UnicodeDecodeError):
        return ["its head cannot be read"]
    if not number.isdigit() or int(number) > len(found):
        return [f"lines are missing at its end: {number} were written, {len(found)} are there"]
    behind = int(number) < len(found) - 1  # a line may be on the disk before the head that names it is
    return ["its head names an older line"] if behind or (int(number) == len(found) and wanted != last) else []


def _entry(line: bytes) -> Entry | None:
    try:
        said = json.loads(line)
        return Entry(**{**said, "event": Event(said["event"])})
    except (ValueError, TypeError, KeyError):
        return None


@contextmanager
def _locked() -> Iterator[Path]:
    folder = state_dir()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(descriptor)


def _mend(folder: Path) -> None:
    """Cut off a line that was not written whole, and say so: what it announced did not happen."""
    file = folder / LEDGER
    content = file.read_bytes() if file.exists() else b""
    torn = content[content.rfind(b"\n") + 1 :]
    if torn:
        os.truncate(file, len(content) - len(torn))
        _append(folder, Event.TORN, "", "", {"bytes": len(torn), "sha256": digest(torn)})


def _append(folder: Path, event: Event, plan: str, by: str, detail: Mapping[str, Any]) -> Entry:
    reached(f"noting-{event}")
    if not (folder / LEDGER).exists():
        _set_head(folder, 0, START)
    number, previous = _last(folder / LEDGER)
    entry = Entry(number + 1, written(datetime.now(UTC)), event, plan, by, redact_tree(dict(detail)), previous)
    line = _line(entry)
    _appended(folder / LEDGER, line + b"\n")
    flush(folder)
    _set_head(folder, entry.number, digest(line))
    return entry


def _set_head(folder: Path, number: int, last: str) -> None:
    """Name the last line; on a full disk, or where this program ends meanwhile, the head is the one before."""
    file = folder / HEAD
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(f"0 {START}", encoding="ascii")
    replace_content(file, f"{number} {last}".encode())


def _last(file: Path) -> tuple[int, str]:
    """Return the number and digest of the last line."""
    if not file.exists():
        return 0, START
    lines = file.read_bytes().split(b"\n")[:-1]
    entry = _entry(lines[-1]) if lines else None
    if lines and entry is None:
        raise OSError(0, "its last line is not one of ours; see `agent ledger verify`")
    return (entry.number, digest(lines[-1])) if entry else (0, START)


def _line(entry: Entry) -> bytes:
    said = {name: getattr(entry, name) for name in Entry.__slots__}
    return json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _appended(file: Path, content: bytes) -> None:
    """Write a line and wait until it is on the disk; what does not fit whole is taken away again."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_APPEND, 0o600)
    try:
        before = os.fstat(descriptor).st_size
        if os.write(descriptor, content) != len(content):
            os.ftruncate(descriptor, before)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def seal(entry: Entry) -> str:
    """Return the sha256 of a line, which the one after it names, and what the change leaves outside the ledger."""
    return digest(_line(entry))


def frozen(found: Sequence[Entry]) -> Entry | None:
    """Return the line by which all applies are refused, None where they are not."""
    marks = [entry for entry in found if entry.event in (Event.FROZEN, Event.THAWED)]
    return marks[-1] if marks and marks[-1].event is Event.FROZEN else None
