"""One apply at a time for each release: a lock the kernel gives back when its holder dies.

helm inherits it: where this program is killed, the release stays held for as long as its helm is at work.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from agent.change.plan import Target, digest, written
from agent.config import state_dir
from agent.errors import Denied


@contextmanager
def locked(target: Target, plan: str) -> Iterator[int]:
    """Hold a release for as long as the block runs; yield the descriptor that holds it.

    Raises:
        Denied: somebody else holds it; says who and since when.

    """
    file = _file(target)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Denied(f"{target.release} in {target.namespace} is being changed: {_holder(file)}") from error
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, _said(plan), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def is_held(target: Target) -> str:
    """Return who holds a release, "" when nobody does."""
    file = _file(target)
    if not file.exists():
        return ""
    descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder(file)
    finally:
        os.close(descriptor)
    return ""


def is_left_behind(target: Target) -> bool:
    """Return whether who took a release is gone and it is held all the same: by the helm they had started."""
    try:
        os.kill(int(json.loads(_file(target).read_bytes())["pid"]), 0)
    except ProcessLookupError:
        return bool(is_held(target))
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return False


def _file(target: Target) -> Path:
    name = digest("\n".join((target.cluster, target.namespace, target.release)).encode())[:32]
    return state_dir() / "locks" / name


def _said(plan: str) -> bytes:
    return json.dumps({"pid": os.getpid(), "plan": plan, "since": written(datetime.now(UTC))}).encode()


def _holder(file: Path) -> str:
    try:
        said = json.loads(file.read_bytes())
        return f"plan {str(said['plan'])[:12]} by process {said['pid']} since {said['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "by another process"
