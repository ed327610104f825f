"""The files git itself opens in a repository, looked at before it does: a checkout may have put a pipe in their place.

What its configuration names beside them is switched off (`GIT_OFF` of tools/sandbox.py), except for other
configuration files, which only a look can refuse.
"""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from tools.files import read, refuse
from tools.text import clean

OWN = ("*", "info/*", "objects/info/*", "objects/pack/*")
MOST_INCLUDES = 10
"""Files one configuration may include, one in another; git's own limit."""

_SECTION = re.compile(r"\s*\[\s*([\w.-]+)")
_PATH = re.compile(r"\s*(?:\[[^\]]*\]\s*)?path\s*=\s*(.*?)\s*", re.I)
_SAID = re.compile(r"(gitdir|ref):\s*(.+?)\s*")


def odd_file(git: Path) -> str:
    """Return which of git's own files is none, and why, "" when all are.

    Args:
        git: the `.git` of a repository: its folder, or the file of a worktree or submodule that names it.

    """
    try:
        folder, shared = _folder(git), shared_folder(git)
        for path in chain(_own(folder), _own(shared), _configured(shared / "config", 0)):
            if not path.is_dir():
                refuse(path)
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


def _own(folder: Path) -> Iterator[Path]:
    """Yield the files of a git folder, and of its branch."""
    found = (path for pattern in OWN for path in folder.glob(pattern))
    yield from (path for path in found if path.exists())
    branch = folder / _said(folder / "HEAD") if (folder / "HEAD").is_file() else folder
    if branch.exists():
        yield branch


def _said(file: Path) -> str:
    """Return what a file says as `gitdir: …` or `ref: …`, "" for a commit's own name."""
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
    section = ""
    for line in text.splitlines():
        opened = _SECTION.match(line)
        section = opened[1].lower() if opened else section
        found = _PATH.fullmatch(line) if section.startswith("include") else None
        if found:
            yield found[1].strip('"')
