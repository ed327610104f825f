"""One command at a terminal of its own: what it showed, its code, and what was done where a failpoint stopped it."""

import os
import pty
import select
import signal
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LONGEST = 120.0


@dataclass(slots=True)
class Shown:
    """How a command ended, and everything it wrote."""

    code: int
    text: str
    stopped: int = 0
    """How often a failpoint stopped it."""
    cooked: bool = True
    """Whether the terminal was left as it was found."""
    seconds: float = 0.0


@dataclass(slots=True)
class Command:
    """What to run, and who sits at the terminal."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    at_stop: Callable[[int], None] = lambda _: None
    """Called with the process id each time a failpoint stops it; afterwards it goes on."""
    answers: list[str] = field(default_factory=list)
    """What is typed, each once a question stands there."""
    early: bytes = b""
    """What is typed before anything is shown."""

    def run(self) -> Shown:
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            os.execve(self.argv[0], list(self.argv), dict(self.environment))
        try:
            return self._watched(pid, terminal)
        finally:
            os.close(terminal)

    def _watched(self, pid: int, terminal: int) -> Shown:
        before, began, shown, stops = termios.tcgetattr(terminal), time.monotonic(), b"", 0
        if self.early:
            os.write(terminal, self.early)
        while True:
            shown += _read(terminal, 0.05)
            if self.answers and shown.endswith((b"> ", b"? ")):
                shown += b"\n"
                os.write(terminal, f"{self.answers.pop(0)}\n".encode())
            found, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
            if found and os.WIFSTOPPED(status):
                stops += 1
                self.at_stop(pid)
                os.kill(pid, signal.SIGCONT)
            elif found:
                break
            if time.monotonic() - began > LONGEST:
                os.kill(pid, signal.SIGKILL)
        shown += _read(terminal, 0.0)
        cooked = _same(before, terminal)
        code = os.waitstatus_to_exitcode(status)
        return Shown(code, shown.decode(errors="replace"), stops, cooked, time.monotonic() - began)


def _read(terminal: int, patience: float) -> bytes:
    found = b""
    while select.select([terminal], [], [], patience)[0]:
        try:
            piece = os.read(terminal, 1 << 16)
        except OSError:  # the other side is closed
            time.sleep(patience)
            return found
        if not piece:
            return found
        found += piece
    return found


def _same(before: list[Any], terminal: int) -> bool:
    try:
        return termios.tcgetattr(terminal) == before
    except termios.error:
        return True
