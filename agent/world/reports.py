"""Reports of health as they are kept on this machine, so that the next one can say what changed.

One file for each cluster and scope, a line a report, for its owner only: figures, names and causes, as the screen had.
"""

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from threading import get_ident

from agent.config import state_dir
from agent.errors import UsageError
from agent.health.trend import Record, as_data, from_data
from agent.snapshot.record import Snapshot
from tools.files import read

LAST = "last"
MOST = 500
"""Reports that are kept of one cluster: three weeks of one an hour."""

LARGEST = 64 << 20

_SPAN = re.compile(r"(\d{1,5})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_ODD = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def kept(snapshot: Snapshot) -> list[Record]:
    """Return the earlier reports of this cluster and scope, the oldest first; a line that is none is passed over."""
    try:
        lines = read(_file(snapshot), LARGEST).splitlines()
    except OSError:
        return []
    return list(_records(lines))


def keep(snapshot: Snapshot, now: Record) -> str:
    """Keep a report; return why it could not be, "" when it was."""
    import orjson

    file = _file(snapshot)
    lines = [orjson.dumps(as_data(item)) for item in (*kept(snapshot)[1 - MOST :], now)]
    part = file.with_name(f".{file.name}.{os.getpid()}.{get_ident()}")  # two contexts may be one cluster
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.touch(mode=0o600)
        part.write_bytes(b"\n".join(lines) + b"\n")
        part.replace(file)
    except OSError as error:
        return error.strerror or "it cannot be written"
    return ""


def since(text: str, snapshot: Snapshot, before: list[Record]) -> Record | None:
    """Return the earlier report that was asked for, None where there is none yet.

    Args:
        text: `last`, a span (`24h`: the newest that is at least so old, else the oldest) or a file of `-o json`.
        snapshot: the look of now.
        before: the reports that are kept.

    Raises:
        UsageError: the file is no report.

    """
    if text == LAST:
        return before[-1] if before else None
    span = _SPAN.fullmatch(text)
    if span is None:
        return _from_file(Path(text))
    earliest = snapshot.taken_at - timedelta(**{_UNITS[span[2]]: int(span[1])})
    return next((item for item in reversed(before) if item.taken_at <= earliest), before[0] if before else None)


def _from_file(path: Path) -> Record:
    import orjson

    try:
        return from_data(orjson.loads(read(path, LARGEST)))
    except OSError as error:
        hint = "--since takes `last`, a span (24h, 7d) or a file of `health -o json`"
        raise UsageError(f"{path}: {error.strerror}; {hint}") from error
    except _ODD as error:
        raise UsageError(f"{path}: no report of `health -o json`") from error


def _records(lines: list[bytes]) -> Iterator[Record]:
    import orjson

    for line in lines:
        try:
            yield from_data(orjson.loads(line))
        except _ODD:
            continue


def _file(snapshot: Snapshot) -> Path:
    named = f"{snapshot.cluster.server or snapshot.origin}\n{snapshot.namespace or ''}"
    return state_dir() / "health" / f"{sha256(named.encode()).hexdigest()[:16]}.jsonl"
