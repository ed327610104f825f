"""git, read only: what a file was in a commit, and which commit gave each line. It reads commits, never the work tree.

So no hook, filter, textconv, pager, external diff or file monitor of a checkout has a reason to run; they are switched
off all the same (`Sandbox.environment`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tools.failure import Failure, FailureKind
from tools.redact import redact
from tools.run import Sandbox, run
from tools.text import clean

_HEADER = re.compile(r"([0-9a-f]{40,64}) \d+ (\d+)(?: \d+)?")

_NOT_IN_HEAD = re.compile(r"not in 'HEAD'|does not exist in 'HEAD'|invalid object name 'HEAD'")
"""What git says of a file that no commit has, and of a repository without any; anything else means it did not look."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit: its id (12 digits), when it was made (RFC 3339, UTC), by whom, and its first line."""

    id: str
    time: str
    author: str
    subject: str


def root(path: Path) -> Path | None:
    """Return the top folder of the repository a path lies in, None when it lies in none."""
    here = path.resolve()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), None)


def content(box: Sandbox, repository: Path, commit: str, file: Path) -> str | Failure:
    """Return a file's text in a commit, redacted; a Failure where that commit does not have it."""
    name = f"{commit}:{_inside(repository, file)}"
    found = run(["git", _dir(repository), "cat-file", "blob", name], box, timeout=10.0)
    return found if isinstance(found, Failure) else found.stdout


def is_committed(box: Sandbox, repository: Path, file: Path) -> bool | Failure | None:
    """Return whether a file is in HEAD just as it is on disk; None where git says that HEAD does not have it at all."""
    found = content(box, repository, "HEAD", file)
    if isinstance(found, Failure):
        return None if _NOT_IN_HEAD.search(found.detail) else found
    return found == redact(file.read_text("utf-8", errors="replace"))


def lines(box: Sandbox, repository: Path, file: Path) -> dict[int, Commit] | Failure:
    """Return line (from 1) of a file in HEAD -> the commit that gave it."""
    argv = ["git", _dir(repository), "blame", "--porcelain", "--no-textconv", "HEAD", _inside(repository, file)]
    found = run(argv, box, timeout=20.0)
    if isinstance(found, Failure):
        return found
    if found.truncated:
        return Failure(FailureKind.TRUNCATED, "git blame", "too long to be read whole")
    return _blamed(found.stdout.splitlines())


def _commit(name: str, time: str, author: str, subject: str) -> Commit:
    return Commit(name[:12], time, clean(author, 80), clean(subject, 120))


def _blamed(text: Sequence[str]) -> dict[int, Commit]:
    """Read blame's porcelain: a header a line, what it says of a commit once, the line itself behind a tab."""
    known: dict[str, dict[str, str]] = {}
    where: dict[int, str] = {}
    current = ""
    for line in text:
        header = _HEADER.fullmatch(line)
        if header is not None:
            current = header[1]
            where[int(header[2])] = current
            known.setdefault(current, {})
        elif current and not line.startswith("\t"):
            key, _, value = line.partition(" ")
            known[current][key] = value
    return {number: _told(name, known[name]) for number, name in where.items()}


def _told(name: str, said: dict[str, str]) -> Commit:
    seconds = said.get("committer-time", "")
    time = datetime.fromtimestamp(int(seconds), UTC).isoformat() if seconds.isdigit() else ""
    return _commit(name, time, said.get("author", ""), said.get("summary", ""))


def _dir(repository: Path) -> str:
    return f"--git-dir={repository / '.git'}"


def _inside(repository: Path, file: Path) -> str:
    return str(file.resolve().relative_to(repository))
