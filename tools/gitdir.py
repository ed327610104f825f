"""The files of a repository that git itself opens, looked at before it does: a checkout may have put a pipe among them.

All of them are, not those that git opens today for what is asked: references, objects loose and packed, what alternates
lead to. What its configuration names beside them is switched off (`GIT_OFF` of tools/sandbox.py), except for other
configuration files, which only a look can refuse.
"""

import os
import re
import stat
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

from tools.files import read, refuse
from tools.text import clean

MOST = 500_000
"""Files that are looked at; a repository with more is not asked."""

LARGEST = 64 << 20
"""Bytes of a file that git reads whole: a million references."""

MOST_INCLUDES = 10
"""Files one configuration may include, one in another; git's own limit."""

ELSEWHERE = frozenset(("modules", "worktrees", "lfs", "hooks", "logs", "fsmonitor--daemon", "fsmonitor--daemon.ipc"))
"""What lies in a git folder and belongs to other repositories, other programs, or to what is never asked."""

_IN_PARTS = re.compile(r".*/objects/(?:pack/.*|[0-9a-f]{2}/.*|info/commit-graph.*)")
"""Files of which git reads what it needs, as large as they are."""

_SECTION = re.compile(r"\s*\[\s*([\w.-]+)")
_PATH = re.compile(r"\s*(?:\[[^\]]*\]\s*)?path\s*=\s*(.*)", re.I)
_PIECE = re.compile(r'"((?:[^"\\]|\\.)*)"|\\(.)|([#;].*)|(.)')
_SAID = re.compile(r"(gitdir|ref):\s*(.+?)\s*")


@cache
def odd_file(git: Path) -> str:
    """Return which of git's own files is none, and why, "" when all are; looked for once in the life of this process.

    Args:
        git: the `.git` of a repository: its folder, or the file of a worktree or submodule that names it.

    """
    try:
        folder, shared = _folder(git), shared_folder(git)
        configured = _configured(shared / "config", 0), _configured(folder / "config.worktree", 0)
        for number, path in enumerate(chain(_files((folder, shared)), *configured)):
            _refuse_odd(path)
            if number > MOST:
                raise ValueError("too large to be looked through")
    except FileNotFoundError:
        return ""  # git says so itself
    except (OSError, ValueError) as error:
        name = getattr(error, "filename", None) or git
        return clean(f"{name} is {getattr(error, 'strerror', None) or error}", 200)
    return ""


def shared_folder(git: Path) -> Path:
    """Return the folder that holds a repository's objects, which all its worktrees share."""
    folder = _folder(git)
    return folder / read(folder / "commondir").decode().strip() if (folder / "commondir").exists() else folder


def _folder(git: Path) -> Path:
    return git if git.is_dir() else git.parent / _said(git)


def _refuse_odd(path: Path) -> None:
    refuse(path)
    if not _IN_PARTS.fullmatch(str(path)) and path.stat().st_size > LARGEST:
        raise ValueError(f"{path.name} is larger than {LARGEST >> 20} MiB")


def _files(folders: tuple[Path, ...]) -> Iterator[Path]:
    """Yield everything in some folders and below that is no folder, links followed, and what their alternates have."""
    seen: set[tuple[int, int]] = set()
    left = list(folders)
    while left:
        folder = left.pop()
        found = folder.stat()
        if (found.st_dev, found.st_ino) in seen or not stat.S_ISDIR(found.st_mode):
            continue
        seen.add((found.st_dev, found.st_ino))
        not_asked = ELSEWHERE if folder in folders else ()
        with os.scandir(folder) as entries:
            for path in (Path(entry.path) for entry in entries if entry.name not in not_asked):
                if path.is_dir():
                    left.append(path)
                elif path.exists():
                    yield path
                    left += _alternates(path) if path.name == "alternates" else []


def _alternates(file: Path) -> list[Path]:
    """Return the folders of objects that a repository borrows from others."""
    objects = file.parent.parent
    named = (objects / line for line in read(file).decode(errors="replace").splitlines() if not line.startswith("#"))
    return [folder for folder in named if folder.is_dir()]


def _said(file: Path) -> str:
    """Return the folder that a file names as `gitdir: …`, "" for none."""
    found = _SAID.fullmatch(read(file).decode(errors="replace"))
    return found[2] if found else ""


def _configured(config: Path, depth: int) -> Iterator[Path]:
    """Yield a configuration file and those it includes; git leaves out the ones that are not there."""
    if not config.exists() or depth > MOST_INCLUDES:
        return
    yield config
    for named in _included(read(config).decode(errors="replace")):
        yield from _configured(config.parent / Path(named).expanduser(), depth + 1)


def _included(text: str) -> Iterator[str]:
    """Yield the paths of the sections that include files, `[include]` and `[includeIf "…"]`, whatever the condition."""
    section = ""
    for line in text.replace("\\\n", "").splitlines():
        opened = _SECTION.match(line)
        section = opened[1].lower() if opened else section
        found = _PATH.fullmatch(line) if section.startswith("include") else None
        if found:
            yield _unquoted(found[1])


def _unquoted(value: str) -> str:
    """Return a value of a configuration without its quotes, escapes and comment."""
    pieces = (quoted or escaped or plain for quoted, escaped, _, plain in _PIECE.findall(value))
    return "".join(pieces).replace('\\"', '"').replace("\\\\", "\\").strip()
