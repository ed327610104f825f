"""The command as a person types it: a home of its own, a process of its own, and what holds for every command."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = Path(sys.executable).with_name("agent")
COMMAND = [str(SCRIPT)] if SCRIPT.exists() else [sys.executable, "-m", "agent"]
CANARY = "canary-token-0123456789"
"""A credential that no command may show."""


@dataclass(frozen=True, slots=True)
class Shell:
    """A home of its own, and nothing of the developer's."""

    home: Path

    def run(self, *argv: str, **extra: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*COMMAND, *argv],
            capture_output=True,
            env=self.env(**extra),
            cwd=ROOT,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )
        return checked(subprocess.CompletedProcess(argv, done.returncode, done.stdout.decode(), done.stderr.decode()))

    def env(self, **extra: str) -> dict[str, str]:
        places = {f"XDG_{kind}_HOME": str(self.home / kind) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
        programs = {"BLUEHELM_PATH": str(self.home / "bin"), "PATH": os.environ["PATH"], "PYTHONWARNINGS": "error"}
        return {"HOME": str(self.home), "LC_ALL": "C.UTF-8", "TMPDIR": str(self.home)} | places | programs | extra


def checked(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    """Return what was run, having made sure of what holds for every command."""
    for stream in (done.stdout, done.stderr):
        assert "Traceback" not in stream, stream
        assert "\x1b" not in stream
        assert CANARY not in stream
    assert done.returncode in (0, 1, 2, 3), (done.returncode, done.stderr)
    return done
