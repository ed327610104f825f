"""Whose a file of a container is, seen on the host: in what is mounted there, or in the layers of its file system."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from agent.container.look import Look


class Owner(NamedTuple):
    """Who has a file or a folder, and what its mode lets others do."""

    path: str
    """As the container knows it."""
    uid: int
    mode: int
    is_folder: bool


def owner(look: Look, path: str) -> Owner | None:
    """Return whose a path is, or whose its folder is where it is not there; None where the host does not show it."""
    for shown in (path, str(Path(path).parent)):
        for place in _places(look, shown):
            with suppress(OSError):
                found = os.lstat(place)
                return Owner(shown, found.st_uid, stat.S_IMODE(found.st_mode), stat.S_ISDIR(found.st_mode))
    return None


def _places(look: Look, path: str) -> Iterator[Path]:
    """Yield where a path of the container may be on the host, what covers the others first."""
    inside = Path(os.path.normpath(f"/{path.lstrip('/')}"))
    mount = look.mounted(str(inside))
    if mount is not None:
        rest = inside.relative_to(str(mount.get("Destination")))
        yield Path(str(mount.get("Source") or "/nonexistent")) / rest
        return
    layers = (look.container.get("GraphDriver") or {}).get("Data") or {}
    folders = [layers.get("UpperDir"), *str(layers.get("LowerDir") or "").split(":")]
    yield from (Path(folder) / inside.relative_to("/") for folder in folders if folder)
