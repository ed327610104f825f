"""git, read only: what a file was in a commit, and which commit gave each line. It reads commits, never the work tree.

So no hook, filter, textconv, pager, external diff or file monitor of a checkout has a reason to run; they are switched
off all the same (`Sandbox.environment`).
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from tools.failure import Failure, FailureKind
from tools.files import read
from tools.gitdir import odd_file
from tools.rules.git import PLAINLY, SEALS
from tools.run import Output, run
from tools.sandbox import Sandbox
from tools.text import clean

_HEADER = re.compile(r"([0-9a-f]{40,64}) \d+ (\d+)(?: \d+)?")

_NO_COMMIT = "Not a valid object name HEAD"
"""What git says of a repository without any commit; anything else means that it did not look."""

SHA1_DIGITS = 40

MOST_COMMITS = 2000
"""Commits of a history that are looked at for plans."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit: its id (12 digits), when it was made (RFC 3339, UTC), by whom, and its first line."""

    id: str
    time: str
    author: str
    subject: str


class Seal(NamedTuple):
    """A commit that carries out a plan, and the line of the ledger that tells of its approval."""

    commit: str
    plan: str
    line: str
    """"" in a commit that offers a plan on a branch: nobody has approved it."""


def root(path: Path) -> Path | None:
    """Return the top folder of the repository a path lies in, None when it lies in none."""
    here = path.resolve()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), None)


def head(box: Sandbox, repository: Path) -> str | Failure:
    """Return the whole id of the last commit."""
    found = _git(["rev-parse", "--verify", "HEAD"], box, repository)
    return found if isinstance(found, Failure) else found.stdout.strip()


def content(box: Sandbox, repository: Path, commit: str, file: Path) -> str | Failure:
    """Return a file's text in a commit, redacted; a Failure where that commit does not have it."""
    name = f"{commit}:{_inside(repository, file)}"
    found = _git(["cat-file", "blob", name], box, repository)
    return found if isinstance(found, Failure) else found.stdout


def committed(box: Sandbox, repository: Path, files: Sequence[Path]) -> dict[Path, bool | Failure | None]:
    """Return file -> whether it is in HEAD just as it is on disk; None where git says that HEAD does not have it."""
    folders = dict.fromkeys(file.resolve().parent for file in files)
    listed = {folder: _blobs(box, repository, folder) for folder in folders}
    return {file: _is_committed(file, listed[file.resolve().parent]) for file in files}


def _is_committed(file: Path, listed: Mapping[str, str] | Failure) -> bool | Failure | None:
    if isinstance(listed, Failure):
        return listed
    blob = listed.get(file.resolve().name)
    return None if blob is None else _blob(read(file), len(blob)) == blob


def _blobs(box: Sandbox, repository: Path, folder: Path) -> Mapping[str, str] | Failure:
    """Return name -> blob id of the files HEAD has in a folder."""
    inside = [] if folder == repository else [f"{_inside(repository, folder)}/"]
    found = _git(["ls-tree", "--full-tree", "HEAD", *inside], box, repository)
    if isinstance(found, Failure):
        return {} if _NO_COMMIT in found.detail else found
    if found.truncated:
        return Failure(FailureKind.TRUNCATED, "git ls-tree", "too long to be read whole")
    entries = (entry.partition("\t") for entry in found.stdout.splitlines())
    return {_plain(name).rpartition("/")[2]: head.split()[2] for head, _, name in entries if " blob " in head}


def _plain(name: str) -> str:
    """Return a name as it is: git quotes one that holds more than plain ASCII as a C program would."""
    return name[1:-1].encode().decode("unicode_escape").encode("latin-1").decode() if name.startswith('"') else name


def _blob(content: bytes, digits: int) -> str:
    """Return the id git gives a content, in a repository whose ids have that many digits."""
    made = hashlib.sha1(usedforsecurity=False) if digits == SHA1_DIGITS else hashlib.sha256()
    made.update(b"blob %d\0" % len(content) + content)
    return made.hexdigest()


def lines(box: Sandbox, repository: Path, file: Path) -> dict[int, Commit] | Failure:
    """Return line (from 1) of a file in HEAD -> the commit that gave it."""
    found = _git(["blame", *PLAINLY, "HEAD", _inside(repository, file)], box, repository)
    if isinstance(found, Failure):
        return found
    if found.truncated:
        return Failure(FailureKind.TRUNCATED, "git blame", "too long to be read whole")
    return _blamed(found.stdout.splitlines())


def seals(box: Sandbox, repository: Path) -> list[Seal] | Failure:
    """Return the commits of HEAD's history that carry out plans, the newest first, as far as they are looked at."""
    words = ["log", "--no-show-signature", f"--max-count={MOST_COMMITS}", f"--format={SEALS}", "HEAD"]
    found = _git(words, box, repository)
    if isinstance(found, Failure):
        return found
    parts = (line.split(":") for line in found.stdout.splitlines())
    return [Seal(*(part.strip() for part in each)) for each in parts if len(each) == len(Seal._fields) and each[1]]


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


def _git(argv: Sequence[str], box: Sandbox, repository: Path) -> Output | Failure:
    folder = repository / ".git"
    odd = odd_file(folder)
    if odd:
        return Failure(FailureKind.DENIED, f"git in {repository}", odd)
    return run(["git", f"--git-dir={folder}", *argv], box)


def _inside(repository: Path, file: Path) -> str:
    return str(file.resolve().relative_to(repository))
