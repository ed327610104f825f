"""One capture of system calls, from its first process to its last: what was approved, and nothing that stays."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from agent.container.look import Look
from tools import docker
from tools.failure import Failure, FailureKind
from tools.permit import Permit
from tools.run import Output, Running
from tools.sandbox import Sandbox
from tools.strace import followed

Commands = Sequence[tuple[str, ...]]

READY = 5.0
"""Seconds strace has to get hold of what it follows."""

GLANCE = 0.05
AFTER = 0.3
"""Seconds between a container's end and the end of the capture: its last calls are on their way."""


def captured(
    commands: Sequence[tuple[str, ...]], look: Look, seconds: float, box: Sandbox, permit: Permit
) -> str | Failure:
    """Return what strace saw of a container, redacted.

    Args:
        commands: strace's own; behind it, for a stopped container, the one that starts it.
        look: the container as it was before.
        seconds: how long at most, once it follows.
        box: where it runs.
        permit: what a person approved.

    """
    running, kept = Running(), list[Output | Failure]()
    most = READY + seconds + docker.STARTING

    def work() -> None:
        kept.append(followed(commands[0], box, permit, most, running))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        failed = _watched(commands, look, seconds, box, permit, thread)
    finally:
        running.interrupt()
        thread.join()
    return failed or _said(kept[0])


def _said(found: Output | Failure) -> str | Failure:
    if isinstance(found, Output):
        return found.stdout
    if "not permitted" in found.detail:
        return Failure(FailureKind.DENIED, "strace", f"the kernel refused it: {found.detail}", WAYS)
    return found


WAYS = "a seccomp profile or a capability is missing where this runs: run it on the host itself, as root"


def _watched(
    commands: Commands, look: Look, seconds: float, box: Sandbox, permit: Permit, thread: threading.Thread
) -> Failure | None:
    """Wait until strace follows, start what is to be started, and wait until that has ended or the time is up.

    A copy ends by itself, and so does the command that runs it.
    """
    if commands[0][0] == "docker":
        thread.join()
        return None
    pid = commands[0][1].partition("=")[2]
    _until(lambda: _is_followed(pid) or not thread.is_alive(), READY)
    if len(commands) > 1 and thread.is_alive():
        refused = docker.start(box, commands[1], permit)
        if refused is not None:
            return refused
    _until(lambda: not thread.is_alive() or _has_ended(look, box), seconds)
    time.sleep(AFTER)
    return None


def _until(holds: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(GLANCE)


def _is_followed(pid: str) -> bool:
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
        return any(line.startswith("TracerPid:") and line.split()[1] != "0" for line in lines)
    return False


def _has_ended(look: Look, box: Sandbox) -> bool:
    """Return whether the container has ended since it was looked at."""
    found = docker.inspect(box, look.name)
    state = {} if isinstance(found, Failure) else found.get("State") or {}
    return not state.get("Running") and state.get("FinishedAt") != look.state.get("FinishedAt")
