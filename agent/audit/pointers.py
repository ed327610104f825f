"""Pointers whose list items are named by their keys, as in `/spec/containers/[name=web]/image`, followed. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from agent.audit.normalise import key


def resolve(obj: Any, pointer: str) -> Any:
    """Return what stands at a pointer whose list items are named by their keys, None where nothing does."""
    here, field = obj, ""
    for step in steps(pointer):
        if isinstance(here, list):
            wanted = step.strip("[]")
            here = next((item for item in here if key(field, item) == wanted), None) if step.startswith("[") else None
        else:
            field = step.replace("~1", "/").replace("~0", "~")
            here = here.get(field) if isinstance(here, Mapping) else None
    return here


def steps(pointer: str) -> list[str]:
    """Return a pointer's steps as they are written; a slash inside a key (`[mountPath=/data]`) is no separator."""
    return re.findall(r"/(\[[^\]]*\]|[^/]*)", pointer)
