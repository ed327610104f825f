"""Private folders: for this user and this process only, and gone with it, however it ends.

Each holds a lock that the kernel gives back when its process dies. What a killed process left is swept away when the
next one of the same user makes its first folder.
"""

import fcntl
import os
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

PREFIX = "bluehelm-"
LOCK = ".lock"

YOUNG = 3600.0
"""Seconds a folder without a lock is left alone: it may be about to get one."""


class PrivateFolder:
    """A folder of mode 0700; close it."""

    def __init__(self) -> None:
        _swept(tempfile.gettempdir())
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = _locked(self.path)

    def close(self) -> None:
        """Remove the folder with everything in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.close()


def _locked(folder: Path) -> int:
    """Return the descriptor that holds a folder's lock, which has its name only once it is held; -1 for none."""
    made = folder / f"{LOCK}.new"
    descriptor = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # a file system without locks: the folder is removed all the same, unless this process is killed
        os.close(descriptor)
        return -1
    made.rename(folder / LOCK)
    return descriptor


@cache
def _swept(parent: str) -> None:
    """Remove what dead processes of this user left behind; once in the life of this process."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX):
                with suppress(OSError):
                    _sweep(Path(entry.path))


def _sweep(folder: Path) -> None:
    """Remove one folder where it is ours and nobody holds its lock; a link is never followed."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) != 0o700:
        return
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        if time.time() - found.st_mtime > YOUNG:
            shutil.rmtree(folder, ignore_errors=True)
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)
