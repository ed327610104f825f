"""Where sealed plans are kept: one file each, named by its digest, for its owner only. None is ever changed."""

import os
import re
from pathlib import Path

from agent.change.plan import LARGEST, Plan, content, digest, parse
from agent.config import state_dir
from tools.failure import Failure, FailureKind
from tools.files import read

SHORTEST = 4
"""Digits by which a plan may be named."""

_NAME = re.compile(r"[0-9a-f]{4,64}")


def folder() -> Path:
    """Return the folder of the plans."""
    return state_dir() / "plans"


def save(plan: Plan) -> str | Failure:
    """Keep a plan and return its id."""
    sealed = content(plan)
    name = digest(sealed)
    try:
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(folder() / f"{name}.json", sealed)
    except FileExistsError:
        return name
    except OSError as error:
        return Failure(FailureKind.CONFIG, f"plan {name[:12]}", error.strerror or "cannot be kept")
    return name


def load(named: str) -> tuple[str, Plan] | Failure:
    """Return the plan of that id, or of the only one that starts so, with its whole id."""
    name = _whole(named.lower())
    if isinstance(name, Failure):
        return name
    try:
        sealed = read(folder() / f"{name}.json", LARGEST)
    except OSError as error:
        return Failure(FailureKind.NOT_FOUND, f"plan {name[:12]}", error.strerror or "cannot be read")
    plan = parse(sealed, name)
    return plan if isinstance(plan, Failure) else (name, plan)


def names() -> list[str]:
    """Return the ids of all plans, the newest first."""
    found = [path for path in folder().glob("*.json") if _NAME.fullmatch(path.stem)] if folder().is_dir() else []
    return [path.stem for path in sorted(found, key=lambda path: -path.stat().st_mtime_ns)]


def _whole(named: str) -> str | Failure:
    if not _NAME.fullmatch(named):
        return Failure(FailureKind.NOT_FOUND, f"plan {named!r}", f"no plan's id: at least {SHORTEST} of its hex digits")
    found = [name for name in names() if name.startswith(named)]
    if len(found) == 1:
        return found[0]
    return Failure(
        FailureKind.NOT_FOUND, f"plan {named}", "several start so; give more digits" if found else "no such plan"
    )


def _write(file: Path, sealed: bytes) -> None:
    """Write a file whole or not at all."""
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(sealed)
            opened.flush()
            os.fsync(descriptor)
        os.link(part, file)
    finally:
        part.unlink(missing_ok=True)
