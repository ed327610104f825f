"""Which file a program's name means: an absolute path, chosen once and kept for the life of this process.

The system's folders come first, then the PATH this process was started with, less the folders in which a checkout or
a stranger could have put a program: relative ones, the working folder and its checkouts, those anybody may write.
"""

import os
import stat
from functools import cache
from pathlib import Path

from tools.checkouts import inside_checkout

SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin"
"""Where a system keeps its programs; all that a child process is told to search."""

_PATH_AT_START = os.environ.get("PATH", "")

_PINNED: dict[tuple[str, str], str] = {}


def pinned(name: str, path: str = "") -> str | None:
    """Return a program's absolute path, the same one for the life of this process once it was found.

    `path` is folders, colons between, searched as they are (the user's own setting); "" means the usual ones.
    """
    if (name, path) not in _PINNED:
        found = find(name, path or search_path())
        if found is None:
            return None
        _PINNED[name, path] = found
    return _PINNED[name, path]


def find(name: str, path: str = SYSTEM) -> str | None:
    """Return the absolute path of a program in the folders given; relative folders are never searched."""
    folders = [Path(part).expanduser() for part in path.split(os.pathsep) if part]
    found = (folder / name for folder in folders if folder.is_absolute())
    return next((str(candidate) for candidate in found if candidate.is_file() and os.access(candidate, os.X_OK)), None)


@cache
def search_path() -> str:
    """Return the usual folders, colons between: the system's, then the trusted ones of the PATH at start."""
    trusted, _ = trust(_PATH_AT_START)
    return os.pathsep.join((SYSTEM, *trusted))


def trust(path: str) -> tuple[list[str], list[str]]:
    """Return (folders to search, folders left out) of a PATH beyond the system's own, each once, in its order."""
    system = SYSTEM.split(os.pathsep)
    folders = [part for part in dict.fromkeys(path.split(os.pathsep)) if part not in ("", *system)]
    trusted = [part for part in folders if _is_trusted(Path(part))]
    return trusted, [part for part in folders if part not in trusted and Path(part).is_dir()]


def looked_in(path: str = "") -> str:
    """Return where a program was looked for, in words for a person who has to find out why it is missing."""
    if path:
        return f"looked in {', '.join(path.split(os.pathsep))}"
    trusted, left_out = trust(_PATH_AT_START)
    searched = ", ".join(("the system's folders", *trusted))
    if not left_out:
        return f"looked in {searched}"
    return f"looked in {searched}; not in {', '.join(left_out)}, where somebody else could have put it"


def _is_trusted(folder: Path) -> bool:
    """Return whether only this user and root decide what is in a folder of the PATH."""
    if not folder.is_absolute() or not folder.is_dir() or folder.resolve() == _here() or inside_checkout(folder):
        return False
    real = folder.resolve()
    return _is_ours(real) and not any(_is_replaceable(parent) for parent in real.parents)


def _is_ours(folder: Path) -> bool:
    found = folder.stat()
    return found.st_uid in (os.getuid(), 0) and not found.st_mode & stat.S_IWOTH


def _is_replaceable(parent: Path) -> bool:
    """Return whether anybody may rename what is in a folder: writable by all, and not sticky as /tmp is."""
    mode = parent.stat().st_mode
    return bool(mode & stat.S_IWOTH) and not mode & stat.S_ISVTX


def _here() -> Path | None:
    try:
        return Path.cwd().resolve()
    except FileNotFoundError:
        return None
