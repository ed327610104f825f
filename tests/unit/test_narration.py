"""What a person sees on stderr while an operation runs, and what a log file gets of it."""

import io
import sys

import pytest

from agent.diagnostics import Narration, error
from agent.events import Progress, Said, Warned


class Stream(io.StringIO):
    """A stream that may be a terminal."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def narrated(monkeypatch: pytest.MonkeyPatch, *, terminal: bool, term: str = "xterm") -> str:
    stream = Stream(terminal=terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(sys, "argv", ["agent"])
    monkeypatch.setenv("TERM", term)
    narration = Narration()
    for event in (Progress("reading 1"), Progress("reading 2"), Warned("logs\n\x1b[31mdenied"), Said("wrote a.tgz")):
        narration(event)
    narration(Progress("rendering"))
    narration.clear()
    narration.clear()
    error("no\nanswer")
    return stream.getvalue()


@pytest.mark.parametrize(("terminal", "term"), [(False, "xterm"), (True, "dumb")])
def test_a_log_file_gets_whole_lines_and_no_progress(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, term: str
) -> None:
    """A progress line in a log is noise for each step; an escape out of a cluster would be obeyed when it is read."""
    said = narrated(monkeypatch, terminal=terminal, term=term)
    assert said.splitlines() == ["agent: logs denied", "wrote a.tgz", "agent: error: no answer"]


def test_on_a_terminal_progress_is_one_line_that_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that stays would be read as the answer, and stand in front of the next one."""
    wipe = "\r\x1b[K"
    assert narrated(monkeypatch, terminal=True) == (
        f"{wipe}reading 1{wipe}reading 2{wipe}agent: logs denied\nwrote a.tgz\n"
        f"{wipe}rendering{wipe}agent: error: no answer\n"
    )
