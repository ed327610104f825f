"""strace of this machine, for a moment: on a container's process, or on the runtime that is about to start it.

The container's process is a grandchild of containerd, through a shim of its own: whoever follows containerd with all
its forks sees a container from its first instruction, also one that lives for a millisecond.
"""

import os
import shlex
import signal
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from math import ceil
from pathlib import Path
from typing import NamedTuple

from tools.failure import Failure, FailureKind
from tools.permit import Permit
from tools.programs import find
from tools.rules.strace import CALLS, TOOLS
from tools.run import Output, Running, run_planned
from tools.sandbox import Sandbox

CAPABILITY = 19
"""CAP_SYS_PTRACE, by its bit in /proc/PID/status."""

SHORT = ("--string-limit=128", "--output=/dev/stdout", "--quiet=attach,personality")

SYSTEM_CONTAINERD = "/run/containerd/containerd.sock"

ANY = tuple(range(256))
INTERRUPTED = (*ANY, -signal.SIGINT)
"""How strace ends: as what it follows, as a copy that it ran, or by the signal that asks it to."""

SCOPES = {1: "a process may only follow its children", 2: "only the administrator may follow", 3: "nobody may follow"}
"""kernel.yama.ptrace_scope -> what it means (Documentation/admin-guide/LSM/Yama.rst)."""


def follow(pid: int) -> tuple[str, ...]:
    """Return the command that follows a process and all it starts."""
    return ("strace", f"--attach={pid}", "--follow-forks", f"--trace={CALLS}", *SHORT)


class Copy(NamedTuple):
    """A container to be run once more beside itself, under strace."""

    name: str
    """The container's."""
    image: str
    network: str
    user: str
    workdir: str
    memory: int
    """Its limit in bytes, 0 for none."""
    variables: tuple[str, ...]
    """`NAME=value` of those that are known whole."""
    command: tuple[str, ...]


def copied(copy: Copy, seconds: float) -> tuple[str, ...] | Failure:
    """Return the command that runs a throw-away copy under this machine's strace, with this machine's libraries.

    Its first process is `timeout`: when that ends, by itself or because the time is up, all of the copy does.
    """
    tools = [(name, find(name)) for name in ("timeout", "strace", "env")]
    missing = next((name for name, found in tools if found is None), "")
    loaders = (found for place in ("/lib64", "/lib") for found in sorted(Path(place).glob("ld-linux*.so.*")))
    loader = next(loaders, None)
    if missing or loader is None:
        return Failure(FailureKind.MISSING, missing or "ld-linux.so", "it is not installed", "apt install strace")
    libraries, start = f"{TOOLS}/lib", f"{TOOLS}/lib/{loader.name}"
    mounted = [f"--volume={os.path.realpath(str(found))}:{TOOLS}/{name}:ro" for name, found in tools]
    flags = [
        "--rm",
        f"--name=bluehelm-{copy.name}",
        f"--network={copy.network}",
        f"--volumes-from={copy.name}:ro",
        *(f"--{key}={value}" for key, value in (("user", copy.user), ("workdir", copy.workdir)) if value),
        *([f"--memory={copy.memory}"] if copy.memory else []),
        *(f"--env={text}" for text in copy.variables),
        *mounted,
        f"--volume={loader.resolve().parent}:{libraries}:ro",
        f"--entrypoint={start}",
    ]
    seen = ("--follow-forks", f"--trace={CALLS}", *SHORT)
    loaded = ("--library-path", libraries)
    ending = (f"{TOOLS}/timeout", "--signal=KILL", f"{ceil(seconds)}", start, *loaded)
    inner = (start, *loaded, f"{TOOLS}/env", f"--split-string={shlex.join(copy.command)}")
    return ("docker", "run", *flags, copy.image, *loaded, *ending, f"{TOOLS}/strace", *seen, *inner)


def followed(argv: Sequence[str], box: Sandbox, permit: Permit, seconds: float, running: Running) -> Output | Failure:
    """Follow until somebody interrupts it, or for so many seconds; what it saw beyond a mebibyte is thrown away."""
    return run_planned(argv, box, permit, timeout=seconds, running=running, answers=INTERRUPTED)


def forbidden() -> Failure | None:
    """Return why nobody may be followed from here, None where it may be tried."""
    if find("strace") is None:
        return Failure(FailureKind.MISSING, "strace", "it is not installed", "apt install strace")
    may = bool(_status("CapEff", 16) >> CAPABILITY & 1)
    scope = _scope()
    if scope == 3:
        return Failure(FailureKind.DENIED, "strace", f"kernel.yama.ptrace_scope is 3: {SCOPES[3]}")
    if not may:
        yama = f", and kernel.yama.ptrace_scope is {scope}: {SCOPES[scope]}" if scope in SCOPES else ""
        why = f"user {os.geteuid()} has no CAP_SYS_PTRACE, and the container is not its own{yama}"
        return Failure(FailureKind.DENIED, "strace", why, "run it as root, or with sudo")
    return None


def _scope() -> int:
    with suppress(OSError, ValueError):
        return int(Path("/proc/sys/kernel/yama/ptrace_scope").read_text(encoding="ascii"))
    return 0


def _status(name: str, base: int) -> int:
    with suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith(f"{name}:"):
                return int(line.partition(":")[2], base)
    return 0


def containerd_of(host: str) -> int | Failure:
    """Return the process id of the containerd that an engine has its containers started by.

    `host` is the engine's address: only one on this machine's own socket can be followed.
    """
    if not host.startswith("unix://"):
        return Failure(FailureKind.DENIED, "strace", f"the engine at {host} is on another machine", "run it there")
    engine = _peer(host.removeprefix("unix://"))
    own = next((pid for pid, parent, name in _processes() if parent == engine and name == "containerd"), None)
    found = own or _peer(SYSTEM_CONTAINERD)
    return found or Failure(FailureKind.NOT_FOUND, "containerd", "it was not found on this machine")


def _peer(path: str) -> int | None:
    """Return who listens on a socket, as the kernel tells whoever connects; nothing is sent."""
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
        made.settimeout(2)
        made.connect(path)
        pid: int = struct.unpack("3i", made.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))[0]
        return pid
    return None


def _processes() -> Iterator[tuple[int, int, str]]:
    """Yield (process id, its parent's, its name) of what runs."""
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            if entry.name.isdigit():
                text = (entry / "stat").read_text(encoding="utf-8", errors="replace")
                name, _, rest = text.partition("(")[2].rpartition(")")
                yield int(entry.name), int(rest.split()[1]), name
