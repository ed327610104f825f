"""The only place that starts a process.

A command is an argv list; tools/policy.py reads it whole before it runs. The process gets an environment made from
nothing, an empty private folder, no input, limits of time and memory, a cap on what it may print and, where the policy
says that it needs none, no network; what it printed is decoded and redacted before anyone sees it. When the time is up
its whole process group ends, also children that ignore the request.
"""

import os
import re
import resource
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tools import policy
from tools.deadline import Deadline
from tools.documents import Unreadable, json_lines, manifest, one_json, sourced
from tools.failure import Failure, FailureKind
from tools.programs import SYSTEM, find, looked_in, pinned
from tools.redact import redact
from tools.sandbox import Sandbox
from tools.text import clean

CAP = 1 << 20
"""Bytes of standard output kept unless a caller needs more; standard error gets 64 KiB."""

TRUNCATED = "\n[truncated]"

DEATHS = (signal.SIGABRT, signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM)
"""Signals a wrapper script reports as exit status 128 + number."""

LAST_WORDS = (
    ("is forbidden", FailureKind.FORBIDDEN),
    ("unauthorized", FailureKind.UNAUTHORIZED),
    ("must be logged in", FailureKind.UNAUTHORIZED),
    ("release: not found", FailureKind.NOT_FOUND),
    ("(notfound)", FailureKind.NOT_FOUND),
    ("no such container", FailureKind.NOT_FOUND),
    ("no such image", FailureKind.NOT_FOUND),
    ("timed out waiting for the condition", FailureKind.TIMEOUT),
    ("connection refused", FailureKind.UNREACHABLE),
    ("cluster unreachable", FailureKind.UNREACHABLE),
    ("no such host", FailureKind.UNREACHABLE),
    ("no such object", FailureKind.NOT_FOUND),
    ("failed to connect to the docker api", FailureKind.UNREACHABLE),
    ("cannot connect to the docker daemon", FailureKind.UNREACHABLE),
)
"""What a client's last line says of why it failed (lower case)."""

GRACE = 0.5
"""Seconds between asking a process group to end and ending it: what runs here only reads."""

MEMORY = 360 << 20
"""Bytes a process may hold; a large chart takes helm 150 MB. Only Linux tells, and can hold a process to a limit."""

MOST_MEMORY = 1 << 30
"""Bytes the kernel lets any process make its own, so far as it counts them: what Go has reserved before is not."""

GLANCE = 0.01
"""Seconds between two looks at how much a process holds: in between it may take some 20 MB more."""

_NO_MEMORY = re.compile(
    rb"^(?:fatal error: |fatal: |runtime: )*(?:out of memory|cannot (?:allocate|map|reserve)|MemoryError)", re.I | re.M
)
"""How a program of Go, of C (git) or of Python says that it got no more memory."""

_NO_NETWORK = (("--net",), ("--net", "--map-root-user"))
"""What `unshare` is asked for: by root, and by anybody else where the kernel lets users have namespaces."""

OTHERWISE = "install it, or name its folder in the setting `path`"

WHAT_TO_DO = {
    "kubectl": "install kubectl, or name its folder in the setting `path`",
    "helm": "install helm 4, or name its folder in the setting `path`",
}


@dataclass(frozen=True, slots=True)
class Output:
    """What a process that ended by itself, with a status that is an answer, printed; redacted."""

    argv: tuple[str, ...]
    stdout: str
    stderr: str
    truncated: bool
    code: int = 0


def run(
    argv: Sequence[str], box: Sandbox, *, timeout: float = 20.0, cap: int = CAP, answers: Sequence[int] = (0,)
) -> Output | Failure:
    """Run one command that the policy allows.

    Args:
        argv: the program's plain name and its arguments, long flags as `--flag=value`.
        box: where it runs.
        timeout: seconds until its process group is ended; sooner where the command's own time is up.
        cap: bytes of standard output kept; the rest is read and thrown away, and the output says so.
        answers: exit statuses that are answers: `helm lint` says 1 of a chart with errors.

    Returns:
        What it printed, or why there is nothing: denied, missing, timed out, killed, another exit status.

    """
    done = _run(argv, box, timeout, cap, answers)
    if isinstance(done, Failure):
        return done
    shown = redact(_text(done.stdout)) + (TRUNCATED if done.truncated else "")
    return Output(tuple(argv), shown, redact(_text(done.stderr)), done.truncated, done.code or 0)


def run_json(
    argv: Sequence[str], box: Sandbox, *, timeout: float = 20.0, cap: int = 64 << 20, answers: Sequence[int] = (0,)
) -> Any:
    """Run one command and return the JSON it prints, redacted, or a Failure: also when it is cut short or no JSON."""
    return _parsed(argv, _run(argv, box, timeout, cap, answers), cap, one_json)


def run_json_lines(argv: Sequence[str], box: Sandbox, *, timeout: float = 20.0, cap: int = CAP) -> Any:
    """Run one command that prints one JSON mapping a line, and return them, redacted, or a Failure."""
    return _parsed(argv, _run(argv, box, timeout, cap), cap, json_lines)


def run_manifest(argv: Sequence[str], box: Sandbox, *, timeout: float = 20.0, cap: int = 16 << 20) -> Any:
    """Run one command that prints a manifest (YAML documents), and return its objects without Secrets, or a Failure."""
    return _parsed(argv, _run(argv, box, timeout, cap), cap, manifest)


def run_sourced(argv: Sequence[str], box: Sandbox, *, timeout: float = 20.0, cap: int = 16 << 20) -> Any:
    """Run `helm template` and return its objects with the template each came out of, or a Failure."""
    return _parsed(argv, _run(argv, box, timeout, cap), cap, sourced)


def _run(
    argv: Sequence[str], box: Sandbox, timeout: float, cap: int, answers: Sequence[int] = (0,)
) -> "_Done | Failure":
    decision = policy.decide(argv)
    if decision.permission is not policy.Permission.ALLOW:
        return Failure(FailureKind.DENIED, policy.shown(argv), decision.reason)
    binary = pinned(argv[0], box.path)
    if binary is None:
        hint = f"{looked_in(box.path)}; {WHAT_TO_DO.get(argv[0], OTHERWISE)}"
        return Failure(FailureKind.MISSING, argv[0], "not installed", hint)
    deadline = box.deadline.no_later(timeout) if box.deadline else Deadline.after(timeout)
    before = offline() if decision.offline else ()
    done = _execute([*before, binary, *argv[1:]], box.environment(), box.folder / "empty", deadline, cap)
    return _failed(policy.shown(argv), done, answers) or done


@cache
def offline() -> tuple[str, ...]:
    """Return the words that, before a command, put it where no network is; none where this machine cannot do that."""
    unshare, nothing = find("unshare"), find("true")
    for words in _NO_NETWORK if unshare and nothing else ():
        before = (str(unshare), *words, "--")
        tried = _execute([*before, str(nothing)], {"PATH": SYSTEM}, Path("/"), Deadline.after(5.0), CAP)
        if tried.code == 0:
            return before
    return ()


def _parsed(argv: Sequence[str], done: "_Done | Failure", cap: int, parse: Callable[[bytes], Any]) -> Any:
    if isinstance(done, Failure):
        return done
    if done.truncated:
        return Failure(FailureKind.TRUNCATED, policy.shown(argv), f"more than {cap >> 20} MiB of output")
    try:
        return parse(bytes(done.stdout))
    except Unreadable as error:
        return Failure(FailureKind.MALFORMED, policy.shown(argv), clean(redact(str(error)), 160))


def run_credential_plugin(
    argv: Sequence[str], environment: Mapping[str, str], *, deadline: Deadline
) -> Output | Failure:
    """Run a kubeconfig's credential plugin: named by the user's own file, the only process with the user's environment.

    Its output holds a credential, so it is not redacted and must not be shown.
    """
    binary = argv[0] if argv[0].startswith("/") else find(argv[0], environment.get("PATH", SYSTEM))
    if binary is None or not Path(binary).is_file():
        return Failure(FailureKind.MISSING, argv[0], "the kubeconfig's credential plugin is not installed")
    home = Path(environment.get("HOME") or "/")  # a service account's is often no folder that exists
    folder = home if home.is_dir() else Path("/")
    done = _execute([binary, *argv[1:]], dict(environment), folder, deadline, CAP, MOST_MEMORY)
    return _failed(argv[0], done) or Output(tuple(argv), _text(done.stdout), "", done.truncated)


@dataclass(slots=True)
class _Done:
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


def _execute(
    argv: list[str], environment: dict[str, str], folder: Path, deadline: Deadline, cap: int, memory: int = MEMORY
) -> _Done:
    done = _Done(seconds=deadline.seconds, memory=memory)
    if deadline.is_over():
        return done
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
    except OSError as error:
        done.error = error.strerror or "cannot be started"
        return done
    _hold_to(process.pid, MOST_MEMORY)
    with process:
        try:
            ended = _read(process, done, deadline, cap)
            done.code = process.wait(timeout=deadline.left()) if ended else None
        except subprocess.TimeoutExpired:
            done.code = None
        finally:
            _end_group(process)
    return done


def _hold_to(pid: int, most: int) -> None:
    """Limit what a process that has just started, and all it starts, may allocate: before, only `preexec_fn` could."""
    prlimit = getattr(resource, "prlimit", None)
    with suppress(OSError):  # it has ended already
        if prlimit is not None:
            prlimit(pid, resource.RLIMIT_DATA, (most, most))


def _read(process: "subprocess.Popen[bytes]", done: _Done, deadline: Deadline, cap: int) -> bool:
    """Read both pipes until they close; return False when the deadline came first, or the process held too much."""
    with selectors.DefaultSelector() as selector:
        for pipe, kept, limit in ((process.stdout, done.stdout, cap), (process.stderr, done.stderr, 64 << 10)):
            assert pipe is not None  # noqa: S101 - both were asked for as pipes
            selector.register(pipe, selectors.EVENT_READ, (kept, limit))
        while selector.get_map():
            done.outgrown = _held_by(process.pid) > done.memory
            if done.outgrown:
                _signalled(process.pid, signal.SIGKILL)  # not asked first: it would grow meanwhile
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


def _take(chunk: bytes, kept: bytearray, limit: int, done: _Done) -> bool:
    """Keep a chunk as far as the cap allows; return False at the end of the pipe."""
    room = limit - len(kept)
    kept += chunk[: max(room, 0)]
    done.truncated |= len(chunk) > room and kept is done.stdout
    return bool(chunk)


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    """End what is left of the process's group: asked first, and then not asked."""
    for sent, patience in ((signal.SIGTERM, GRACE), (signal.SIGKILL, 0.0)):
        if not _signalled(process.pid, sent):
            return
        end = time.monotonic() + patience
        while time.monotonic() < end and _signalled(process.pid, 0):
            process.poll()
            time.sleep(0.01)


def _signalled(group: int, sent: int) -> bool:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, sent)
        return True
    return False


def _failed(what: str, done: _Done, answers: Sequence[int] = (0,)) -> Failure | None:
    """Return why a process gave nothing to use, None when it ended well."""
    if done.error:
        return Failure(FailureKind.MISSING, what, done.error)
    if done.outgrown or (done.code and _NO_MEMORY.search(done.stderr)):
        return Failure(FailureKind.KILLED, what, f"{what.split()[0]} needed more than {done.memory >> 20} MB")
    if done.code is None:
        return Failure(FailureKind.TIMEOUT, what, f"no answer within {done.seconds:.0f} s")
    if done.code < 0 or done.code - 128 in DEATHS:
        return Failure(FailureKind.KILLED, what, f"killed by {_signal_name(abs(done.code) % 128)}")
    if done.code not in answers:
        last = _last_word(done.stderr)
        return Failure(_reason(last), what, f"exit status {done.code}{': ' + last if last else ''}")
    return None


def _last_word(stderr: bytearray) -> str:
    """Return the line that says why: the last one that starts with "error", else the last."""
    lines = redact(_text(stderr)).splitlines() or [""]
    errors = [line for line in lines if clean(line).lower().startswith("error")]
    filled = [line for line in lines if line.strip()] or [""]
    return clean((errors or filled)[-1], 300)


def _reason(said: str) -> FailureKind:
    """Return what the client's last words mean: helm and kubectl have one exit status for everything."""
    lowered = said.lower()
    return next((kind for text, kind in LAST_WORDS if text in lowered), FailureKind.EXIT)


def _signal_name(number: int) -> str:
    return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"


def _text(content: bytearray) -> str:
    return content.decode("utf-8", errors="replace")
