"""Files written whole or not at all: what a person reads is the old content or the new one, never half of either."""

import os
from pathlib import Path

from tools.failpoints import reached


def replace_content(path: Path, content: bytes) -> None:
    """Give a file another content, its mode kept.

    What it is written to meanwhile has always the same name: what a killed process left of it goes with the next write.

    Raises:
        OSError: it cannot be written; then it is as it was.

    """
    target = path.resolve()
    part = target.with_name(f".{target.name}.bluehelm")
    how = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(part, how, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fchmod(descriptor, target.stat().st_mode & 0o7777)
            os.fsync(descriptor)
        reached(f"replacing-{target.name}")
        part.replace(target)
        flush(target.parent)
    finally:
        part.unlink(missing_ok=True)


def flush(folder: Path) -> None:
    """Make sure that the names in a folder, too, are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
