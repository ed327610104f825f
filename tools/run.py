"""The only place that starts a process.

A command is an argv list; tools/policy.py reads it whole before it runs. The process gets an environment made from
nothing, an empty private folder, no input, a time limit and a cap on what it may print; what it printed is decoded and
redacted before anyone sees it. When the time is up its whole process group ends, also children that ignore the request.
"""

import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools import policy
from tools.access import Access, write_kubeconfig
from tools.documents import Unreadable, json_lines, manifest, one_json, sourced
from tools.failure import Failure, FailureKind
from tools.programs import SYSTEM, find, looked_in, pinned
from tools.redact import redact
from tools.text import clean

CAP = 1 << 20
"""Bytes of standard output kept unless a caller needs more; standard error gets 64 KiB."""

TRUNCATED = "\n[truncated]"

DEATHS = (signal.SIGABRT, signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM)
"""Signals a wrapper script reports as exit status 128 + number."""

_GIT = {"core.fsmonitor": "false", "core.hooksPath": "/dev/null"}

GIT_OFF = {"GIT_CONFIG_COUNT": str(len(_GIT))} | {
    name: text
    for number, (key, value) in enumerate(_GIT.items())
    for name, text in ((f"GIT_CONFIG_KEY_{number}", key), (f"GIT_CONFIG_VALUE_{number}", value))
}
"""What a checkout's own configuration may not choose: programs git would run.

Places it would reach are refused by GIT_ALLOW_PROTOCOL: a partial clone fetches an object that is missing by whatever
program its remote names, and `protocol.ext.allow` of its own configuration outranks any `protocol.allow` of ours.
"""

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

GRACE = 2.0
"""Seconds between asking a process group to end and ending it."""

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


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A private folder for processes: HOME, working folder, plugin folder, and a kubeconfig of one context."""

    folder: Path
    context: str = ""
    path: str = ""
    """Folders its programs are looked for in, "" for the usual ones (tools/programs.py)."""
    docker_host: str = ""
    minikube_home: str = ""

    def environment(self) -> dict[str, str]:
        """Return all a process learns of the world."""
        said = {
            "PATH": SYSTEM,
            "HOME": str(self.folder / "home"),
            "KUBECONFIG": str(self.folder / "kubeconfig"),
            "KUBERC": "off",
            "KUBECTL_KUBERC": "false",
            "HELM_PLUGINS": str(self.folder / "empty"),
            "HELM_CACHE_HOME": str(self.folder / "home" / "cache"),
            "HELM_CONFIG_HOME": str(self.folder / "home" / "config"),
            "HELM_DATA_HOME": str(self.folder / "home" / "data"),
            "DOCKER_CONFIG": str(self.folder / "empty"),
            "DOCKER_HOST": self.docker_host,
            "MINIKUBE_HOME": self.minikube_home,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LITERAL_PATHSPECS": "1",
            "GIT_ALLOW_PROTOCOL": "none",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_PAGER": "cat",
            **GIT_OFF,
            "LC_ALL": "C.UTF-8",
            "NO_COLOR": "1",
        }
        return {key: value for key, value in said.items() if value}


@contextmanager
def sandbox(
    access: Access | None = None, *, path: str = "", docker_host: str = "", minikube_home: str = ""
) -> Iterator[Sandbox]:
    """Make a private folder, and remove it with everything in it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="bluehelm-"))
    try:
        for name in ("home", "empty"):
            (folder / name).mkdir(mode=0o700)
        if access is not None:
            write_kubeconfig(access, folder / "kubeconfig")
        yield Sandbox(folder, access.context if access else "", path, docker_host, minikube_home)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(
    argv: Sequence[str], box: Sandbox, *, timeout: float = 20.0, cap: int = CAP, answers: Sequence[int] = (0,)
) -> Output | Failure:
    """Run one command that the policy allows.

    Args:
        argv: the program's plain name and its arguments, long flags as `--flag=value`.
        box: where it runs.
        timeout: seconds until its process group is ended.
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
    done = _execute([binary, *argv[1:]], box.environment(), box.folder / "empty", timeout, cap)
    return _failed(policy.shown(argv), done, answers) or done


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
    argv: Sequence[str], environment: Mapping[str, str], *, timeout: float = 30.0
) -> Output | Failure:
    """Run a kubeconfig's credential plugin: named by the user's own file, the only process with the user's environment.

    Its output holds a credential, so it is not redacted and must not be shown.
    """
    binary = argv[0] if argv[0].startswith("/") else find(argv[0], environment.get("PATH", SYSTEM))
    if binary is None or not Path(binary).is_file():
        return Failure(FailureKind.MISSING, argv[0], "the kubeconfig's credential plugin is not installed")
    home = Path(environment.get("HOME") or "/")  # a service account's is often no folder that exists
    folder = home if home.is_dir() else Path("/")
    done = _execute([binary, *argv[1:]], dict(environment), folder, timeout, CAP)
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
    timeout: float = 0.0


def _execute(argv: list[str], environment: dict[str, str], folder: Path, timeout: float, cap: int) -> _Done:
    done = _Done(timeout=timeout)
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
    deadline = time.monotonic() + timeout
    with process:
        try:
            ended = _read(process, done, deadline, cap)
            done.code = process.wait(timeout=max(0.0, deadline - time.monotonic())) if ended else None
        except subprocess.TimeoutExpired:
            done.code = None
        finally:
            _end_group(process)
    return done


def _read(process: "subprocess.Popen[bytes]", done: _Done, deadline: float, cap: int) -> bool:
    """Read both pipes until they close; return False when the deadline came first."""
    with selectors.DefaultSelector() as selector:
        for pipe, kept, limit in ((process.stdout, done.stdout, cap), (process.stderr, done.stderr, 64 << 10)):
            assert pipe is not None  # noqa: S101 - both were asked for as pipes
            selector.register(pipe, selectors.EVENT_READ, (kept, limit))
        while selector.get_map():
            left = deadline - time.monotonic()
            ready = selector.select(left) if left > 0 else []
            if not ready:  # silence until the deadline, or a process that never stops talking
                return False
            for key, _ in ready:
                kept, limit = key.data
                if not _take(os.read(key.fd, 1 << 16), kept, limit, done):
                    selector.unregister(key.fileobj)
    return True


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
    if done.code is None:
        return Failure(FailureKind.TIMEOUT, what, f"no answer within {done.timeout:.0f} s")
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
