"""Daemons: started detached with a log of their own, known by pid files, waited for by condition, never by sleep."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.cluster.binaries import MODULES_IN_ORDER
from tests.cluster.layout import run_dir
from tests.cluster.trouble import Trouble

_STARTED: dict[str, "subprocess.Popen[bytes]"] = {}
"""What this process started: held, because a forgotten Popen complains when it is collected."""

_PROGRAMS = {name for module in MODULES_IN_ORDER for name in module.packages} - {"kubectl", "helm"}


def log_file(name: str) -> Path:
    """Return the log of one daemon."""
    return run_dir() / "log" / f"{name}.log"


def start(name: str, argv: list[str], env: dict[str, str] | None = None) -> None:
    """Start one daemon in a session of its own."""
    log_file(name).parent.mkdir(parents=True, exist_ok=True)
    (run_dir() / "pid").mkdir(parents=True, exist_ok=True)
    _reap(name)
    with log_file(name).open("ab") as log:
        _STARTED[name] = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=os.environ | (env or {}),
            cwd=run_dir(),
        )
    (run_dir() / "pid" / name).write_text(str(_STARTED[name].pid))


def _reap(name: str) -> None:
    """Take the exit status of an earlier daemon of this name: another process may have ended it, as `down` does."""
    before = _STARTED.pop(name, None)
    if before is not None:
        before.kill()
        before.wait()


def pid(name: str) -> int | None:
    """Return the pid of a daemon of ours that is running, None otherwise."""
    try:
        number = int((run_dir() / "pid" / name).read_text())
    except (OSError, ValueError):
        return None
    return number if _is_ours(number) else None


def ours() -> dict[int, str]:
    """Return every live program of a cluster whose command line names the run folder: pid -> its words.

    A shell, a pager or a client that names the folder is its user's, not ours.
    """
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid() and _is_ours(int(entry.name)):
            found[int(entry.name)] = words(int(entry.name))
    return found


def stop_all(patience: float = 10.0) -> None:
    """End every process of ours: asked first, then killed."""
    for sent, wait in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        for number in ours():
            _signal(number, sent)
        if _settled(lambda: not ours(), wait):
            return
    raise Trouble(f"processes that cannot be ended: {', '.join(map(str, ours()))}")


def wait_for(what: str, condition: Callable[[], bool], seconds: float, daemon: str = "") -> None:
    """Wait until a condition holds.

    Raises:
        Trouble: it does not within that time, or the daemon it waits for died; says what the daemon logged last.
    """
    end = time.monotonic() + seconds
    while not condition():
        if daemon and _ended(daemon):
            raise Trouble(f"{daemon} died while starting: {_last_words(daemon)}")
        if time.monotonic() > end:
            raise Trouble(f"{what} did not happen within {seconds:.0f} s{_said(daemon)}")
        time.sleep(0.1)


def _settled(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def _is_ours(number: int) -> bool:
    return f"{run_dir()}/" in words(number) and _program(number) in _PROGRAMS


def _program(number: int) -> str:
    """Return the name of the file a process runs, also when that file was replaced since."""
    try:
        return Path(f"/proc/{number}/exe").readlink().name.removesuffix(" (deleted)")
    except OSError:
        return ""


def _ended(daemon: str) -> bool:
    """Return whether a daemon is gone. Our own child is asked directly: its command line is empty while it starts."""
    child = _STARTED.get(daemon)
    return child.poll() is not None if child else pid(daemon) is None


def words(number: int) -> str:
    """Return the command line of a process, empty when it is gone."""
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _signal(number: int, sent: signal.Signals) -> None:
    try:
        os.kill(number, sent)
    except ProcessLookupError:
        return


def _said(daemon: str) -> str:
    return f"; {daemon} said: {_last_words(daemon)}" if daemon else ""


def _last_words(name: str) -> str:
    try:
        lines = log_file(name).read_text(errors="replace").splitlines()
    except OSError:
        return "nothing"
    return next((line.strip() for line in reversed(lines) if line.strip()), "nothing")[:300]
