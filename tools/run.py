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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools import policy
from tools.access import Access, write_kubeconfig
from tools.failure import Failure, FailureKind
from tools.redact import redact
from tools.text import clean

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin"
"""Where programs are looked for unless the user's configuration says otherwise: never the caller's PATH or folder."""

CAP = 1 << 20
"""Bytes of standard output kept unless a caller needs more; standard error gets 64 KiB."""

TRUNCATED = "\n[truncated]"

GRACE = 2.0
"""Seconds between asking a process group to end and ending it."""

WHAT_TO_DO = {
    "kubectl": "install kubectl, or name its folder in the setting `path`",
    "helm": "install helm 4, or name its folder in the setting `path`",
}


@dataclass(frozen=True, slots=True)
class Output:
    """What a process that ended by itself with status 0 printed, redacted."""

    argv: tuple[str, ...]
    stdout: str
    stderr: str
    truncated: bool


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A private folder for processes: HOME, working folder, plugin folder, and a kubeconfig of one context."""

    folder: Path
    context: str = ""
    path: str = SEARCH_PATH
    docker_host: str = ""

    def environment(self) -> dict[str, str]:
        """Return all a process learns of the world."""
        said = {
            "PATH": SEARCH_PATH,
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
            "GIT_CONFIG_NOSYSTEM": "1",
            "LC_ALL": "C.UTF-8",
            "NO_COLOR": "1",
        }
        return {key: value for key, value in said.items() if value}


@contextmanager
def sandbox(access: Access | None = None, *, path: str = "", docker_host: str = "") -> Iterator[Sandbox]:
    """Make a private folder, and remove it with everything in it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="bluehelm-"))
    try:
        for name in ("home", "empty"):
            (folder / name).mkdir(mode=0o700)
        if access is not None:
            write_kubeconfig(access, folder / "kubeconfig")
        yield Sandbox(folder, access.context if access else "", path or SEARCH_PATH, docker_host)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(argv: Sequence[str], box: Sandbox, *, timeout: float = 20.0, cap: int = CAP) -> Output | Failure:
    """Run one command that the policy allows.

    Args:
        argv: the program's plain name and its arguments, long flags as `--flag=value`.
        box: where it runs.
        timeout: seconds until its process group is ended.
        cap: bytes of standard output kept; the rest is read and thrown away, and the output says so.

    Returns:
        What it printed, or why there is nothing: denied, missing, timed out, killed, exit status not 0.

    """
    decision = policy.decide(argv)
    if decision.effect is not policy.Effect.ALLOW:
        return Failure(FailureKind.DENIED, policy.shown(argv), decision.reason)
    binary = find(argv[0], box.path)
    if binary is None:
        return Failure(FailureKind.MISSING, argv[0], "not installed", WHAT_TO_DO.get(argv[0], ""))
    return _finished(tuple(argv), _execute([binary, *argv[1:]], box.environment(), box.folder / "empty", timeout, cap))


def run_json(argv: Sequence[str], box: Sandbox, *, timeout: float = 20.0, cap: int = 64 << 20) -> Any:
    """Run one command and return the JSON it prints, or a Failure: also when it is cut short or no JSON at all."""
    import orjson

    found = run(argv, box, timeout=timeout, cap=cap)
    if isinstance(found, Failure):
        return found
    if found.truncated:
        return Failure(FailureKind.TRUNCATED, policy.shown(argv), f"more than {cap >> 20} MiB of output")
    try:
        return orjson.loads(found.stdout)
    except orjson.JSONDecodeError as error:
        return Failure(FailureKind.MALFORMED, policy.shown(argv), f"no whole JSON: {clean(str(error), 120)}")


def run_credential_plugin(
    argv: Sequence[str], environment: Mapping[str, str], *, timeout: float = 30.0
) -> Output | Failure:
    """Run a kubeconfig's credential plugin: named by the user's own file, the only process with the user's environment.

    Its output holds a credential, so it is not redacted and must not be shown.
    """
    binary = argv[0] if argv[0].startswith("/") else find(argv[0], environment.get("PATH", SEARCH_PATH))
    if binary is None or not Path(binary).is_file():
        return Failure(FailureKind.MISSING, argv[0], "the kubeconfig's credential plugin is not installed")
    done = _execute([binary, *argv[1:]], dict(environment), Path(environment.get("HOME", "/")), timeout, CAP)
    return _finished(tuple(argv), done, secret=True)


def find(name: str, path: str = SEARCH_PATH) -> str | None:
    """Return the absolute path of a program in the folders given; relative folders are never searched."""
    folders = [Path(part).expanduser() for part in path.split(os.pathsep) if part]
    found = (folder / name for folder in folders if folder.is_absolute())
    return next((str(candidate) for candidate in found if candidate.is_file() and os.access(candidate, os.X_OK)), None)


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
    with process:
        try:
            ended = _read(process, done, time.monotonic() + timeout, cap)
            done.code = process.wait(timeout=timeout) if ended else None
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
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
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


def _finished(argv: tuple[str, ...], done: _Done, *, secret: bool = False) -> Output | Failure:
    what = argv[0] if secret else policy.shown(argv)
    last = clean(redact(_text(done.stderr)).strip().rpartition("\n")[2], 300)
    if done.error:
        return Failure(FailureKind.MISSING, what, done.error)
    if done.code is None:
        return Failure(FailureKind.TIMEOUT, what, f"no answer within {done.timeout:.0f} s")
    if done.code < 0:
        return Failure(FailureKind.KILLED, what, f"killed by {signal.Signals(-done.code).name}")
    if done.code:
        return Failure(FailureKind.EXIT, what, f"exit status {done.code}{': ' + last if last else ''}")
    text = _text(done.stdout)
    shown = text if secret else redact(text)
    return Output(argv, shown + (TRUNCATED if done.truncated else ""), redact(_text(done.stderr)), done.truncated)


def _text(content: bytearray) -> str:
    return content.decode("utf-8", errors="replace")
