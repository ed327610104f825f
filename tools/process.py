"""One process from its start to its end: its memory, its time, what it prints, and the group it leaves behind."""

import os
import resource
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tools.deadline import Deadline

GRACE = 0.5
"""Seconds between asking a process group to end and ending it, where it only reads."""

UNDOING = 10.0
"""The same, where it changes something and has to leave that in order."""

MEMORY = 360 << 20
"""Bytes a process may hold; a large chart takes helm 150 MB. Only Linux tells, and can hold a process to a limit."""

MOST_MEMORY = 1 << 30
"""Bytes the kernel lets any process make its own, so far as it counts them: what Go has reserved before is not."""

GLANCE = 0.01
"""Seconds between two looks at how much a process holds: in between it may take some 20 MB more."""


@dataclass(slots=True)
class Done:
    """How a process ended, and the bytes it printed up to the caps."""

    code: int | None = None
    """Exit status, negative for a signal, None when we ended it because its time was up."""
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)
    truncated: bool = False
    error: str = ""
    seconds: float = 0.0
    """How long it was given, and how much memory."""
    memory: int = 0
    outgrown: bool = False
    """Whether we ended it because it held more than that."""


def execute(
    argv: list[str],
    environment: dict[str, str],
    folder: Path,
    deadline: Deadline,
    cap: int,
    *,
    started: Callable[[int], None] | None = None,
    memory: int = MEMORY,
    grace: float = GRACE,
    message: bytes = b"",
    keeps: Sequence[int] = (),
) -> Done:
    """Run one process to its end, or end it: with its whole group, also children that ignore the request.

    Args:
        argv: an absolute path and its arguments; whether it may run was decided before.
        environment: all it learns of the world.
        folder: where it starts.
        deadline: when it is ended.
        cap: bytes of standard output kept; the rest is read and thrown away.
        started: told of its process group.
        memory: bytes it may hold; the first look that finds more ends it.
        grace: seconds between asking its group to end and ending it.
        message: what it reads on standard input.
        keeps: descriptors it inherits: a lock on one is held for as long as it lives, too.

    """
    done = Done(seconds=deadline.seconds, memory=memory)
    if deadline.is_over():
        return done
    try:
        process = subprocess.Popen(
            argv,
            stdin=_input(message),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=folder,
            start_new_session=True,
            pass_fds=keeps,
        )
    except OSError as error:
        done.error = error.strerror or "cannot be started"
        return done
    _hold_to(process.pid, MOST_MEMORY)
    if started is not None:
        started(process.pid)
    with process:
        try:
            ended = _read(process, done, deadline, cap)
            done.code = process.wait(timeout=deadline.left()) if ended else None
        except subprocess.TimeoutExpired:
            done.code = None
        finally:
            _end_group(process, grace)
    return done


def _input(message: bytes) -> int:
    """Return what a process reads: nothing or, by a file in memory, a message."""
    if not message:
        return subprocess.DEVNULL
    descriptor = os.memfd_create("message")
    os.write(descriptor, message)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _hold_to(pid: int, most: int) -> None:
    """Limit what a process that has just started, and all it starts, may allocate: before, only `preexec_fn` could."""
    prlimit = getattr(resource, "prlimit", None)
    with suppress(OSError):  # it has ended already
        if prlimit is not None:
            prlimit(pid, resource.RLIMIT_DATA, (most, most))


def _read(process: "subprocess.Popen[bytes]", done: Done, deadline: Deadline, cap: int) -> bool:
    """Read both pipes until they close; return False when the deadline came first, or the process held too much."""
    with selectors.DefaultSelector() as selector:
        for pipe, kept, limit in ((process.stdout, done.stdout, cap), (process.stderr, done.stderr, 64 << 10)):
            assert pipe is not None  # noqa: S101 - both were asked for as pipes
            selector.register(pipe, selectors.EVENT_READ, (kept, limit))
        while selector.get_map():
            done.outgrown = _held_by(process.pid) > done.memory
            if done.outgrown:
                signalled(process.pid, signal.SIGKILL)  # not asked first: it would grow meanwhile
            if done.outgrown or deadline.is_over():
                return False
            for key, _ in selector.select(min(deadline.left(), GLANCE)):
                kept, limit = key.data
                if not _take(os.read(key.fd, 1 << 16), kept, limit, done):
                    selector.unregister(key.fileobj)
    return True


def _held_by(pid: int) -> int:
    """Return the bytes of memory a process holds, 0 where nobody tells."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * resource.getpagesize()
    except (OSError, IndexError, ValueError):
        return 0


def _take(chunk: bytes, kept: bytearray, limit: int, done: Done) -> bool:
    """Keep a chunk as far as the cap allows; return False at the end of the pipe."""
    room = limit - len(kept)
    kept += chunk[: max(room, 0)]
    done.truncated |= len(chunk) > room and kept is done.stdout
    return bool(chunk)


def _end_group(process: "subprocess.Popen[bytes]", grace: float) -> None:
    """End what is left of the process's group: asked first, and then not asked."""
    for sent, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 0.0)):
        if not signalled(process.pid, sent):
            return
        end = time.monotonic() + patience
        while time.monotonic() < end and signalled(process.pid, 0):
            process.poll()
            time.sleep(0.01)


def signalled(group: int, sent: int) -> bool:
    """Send a signal to a process group; return whether there was one."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, sent)
        return True
    return False
