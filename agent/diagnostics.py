"""All of stderr, and what the exit codes mean. stdout is data and belongs to agent/report."""

import os
import sys
from enum import IntEnum

from agent.invocation import invoked_name


class ExitCode(IntEnum):
    """What a script may conclude. `--help` prints this table from the docstrings' source below."""

    OK = 0
    FOUND = 1
    USAGE = 2
    INDETERMINATE = 3
    STALE = 4
    DENIED = 5
    ROLLED_BACK = 6
    UNKNOWN_OUTCOME = 7
    INTERRUPTED = 130


EXIT_CODES: dict[ExitCode, str] = {
    ExitCode.OK: "done; nothing of error severity was found",
    ExitCode.FOUND: "a finding of error severity, a failed check",
    ExitCode.USAGE: "usage, configuration or blueprint error",
    ExitCode.INDETERMINATE: "something needed could not be read: unknown, not healthy",
    ExitCode.STALE: "the plan is stale, expired or used",
    ExitCode.DENIED: "denied by policy, or not approved",
    ExitCode.ROLLED_BACK: "apply failed and was rolled back",
    ExitCode.UNKNOWN_OUTCOME: "apply's outcome is unknown",
    ExitCode.INTERRUPTED: "interrupted",
}
"""The meaning of every exit code, in the words `--help` uses."""


def say(text: str) -> None:
    """Write one line of narration."""
    _write(text + "\n")


def warn(text: str) -> None:
    """Write one line about something that is missing or degraded."""
    say(f"{invoked_name()}: {_one_line(text)}")


def error(text: str) -> None:
    """Write the one line that says why the command failed."""
    say(f"{invoked_name()}: error: {_one_line(text)}")


def _one_line(text: str) -> str:
    """Return text without what a terminal would obey: a context's name or a path can hold escapes too."""
    from tools.text import clean

    return clean(text, 4000)


class Progress:
    """One line on stderr that says what is being waited for; silent when stderr is not a terminal."""

    def __init__(self) -> None:
        self._shown = False
        self._live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def __call__(self, text: str) -> None:
        """Replace the line."""
        if self._live:
            _write(f"\r\x1b[K{text}")
            self._shown = True

    def clear(self) -> None:
        """Take the line away, before anything else is printed."""
        if self._shown:
            _write("\r\x1b[K")
            self._shown = False


def _write(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (BrokenPipeError, ValueError):
        return  # nobody is listening, and there is nowhere left to say so
