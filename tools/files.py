"""Files that a user, a checkout or a chart names: read only where they are plain files of a reasonable size.

A pipe in place of a kubeconfig would be waited for, a device read without end, and a terminal asked for input.
"""

import errno
import os
import stat
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

LARGEST = 16 << 20
"""Bytes of a configuration, values or chart file at most."""

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def opened(path: Path) -> BinaryIO:
    """Return a plain file, open for reading; links are followed.

    Raises:
        OSError: there is none, it may not be read, or it is something else, which is not opened.

    """
    refuse(path)
    with ExitStack() as opening:
        file = opening.enter_context(open(path, "rb", opener=_without_waiting))
        _refuse(os.fstat(file.fileno()), path)  # what the name meant a moment ago it may mean no more
        opening.pop_all()
    return file


def read(path: Path, most: int = LARGEST) -> bytes:
    """Return what is in a plain file.

    Raises:
        OSError: as `opened` does, or it holds more than `most` bytes.

    """
    content = start(path, most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"larger than {most >> 20} MiB", str(path))
    return content


def start(path: Path, most: int) -> bytes:
    """Return the first bytes of a plain file, up to that many.

    Raises:
        OSError: as `opened` does.

    """
    with opened(path) as file:
        return file.read(most)


def refuse(path: Path) -> None:
    """Refuse what is no plain file, without opening it.

    Raises:
        OSError: it is none, or it is not there; `strerror` says so in words.

    """
    _refuse(path.stat(), path)


def _refuse(found: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(found.st_mode):
        what = KINDS.get(stat.S_IFMT(found.st_mode), "something else")
        raise OSError(errno.EINVAL, f"{what}, not a file", str(path))


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)
