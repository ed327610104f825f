"""Files written whole or not at all: what a person reads is the old content or the new one, never half of either."""

import os
import tempfile
from pathlib import Path


def replace_content(path: Path, content: bytes) -> None:
    """Give a file another content, its mode kept.

    Raises:
        OSError: it cannot be written; then it is as it was.

    """
    target = path.resolve()
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fchmod(descriptor, target.stat().st_mode & 0o7777)
            os.fsync(descriptor)
        part.replace(target)
        _flush(target.parent)
    finally:
        part.unlink(missing_ok=True)


def _flush(folder: Path) -> None:
    """Make sure that the name, too, is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
