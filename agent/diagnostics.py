"""All of stderr. Only the command line imports this; everything below it emits events."""

import os
import sys

from agent.invocation import invoked_name

TYPE_CHECKING = False  # type checkers know the name; importing it from typing costs 3 ms of every start
if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.events import Event


def error(text: str) -> None:
    """Write the one line that says why the command failed."""
    _write(f"{invoked_name()}: error: {_one_line(text)}\n")


def _one_line(text: str) -> str:
    """Return text without what a terminal would obey: a context's name or a path can hold escapes too."""
    from tools.text import clean

    return clean(text, 4000)


class Narration:
    """An operation's events as lines on stderr; what is being waited for is one line, and only on a terminal."""

    def __init__(self) -> None:
        self.shows: Callable[[object], None] = lambda _: None
        """Shows a part of the answer; set by who knows how."""
        self.writes: Callable[[str], None] = lambda _: None
        """Shows a model's words as they come; by default nobody does, and the checked answer is shown whole."""
        self._shown = False
        self._live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def __call__(self, event: "Event") -> None:
        """Write one event."""
        from agent.events import Called, Part, Progress, Warned, Wrote

        match event:
            case Part():
                self.shows(event.result)
            case Progress():
                self._replace(event.text)
            case Called():
                self._replace(f"{event.command} (call {event.calls}, {event.tokens} tokens)")
            case Wrote():
                self.writes(event.text)
            case Warned():
                self._tell(f"{invoked_name()}: {_one_line(event.text)}\n")
            case _:
                self._tell(f"{event.text}\n")

    def _tell(self, text: str) -> None:
        self.clear()
        _write(text)

    def clear(self) -> None:
        """Take the line away, before anything else is printed."""
        if self._shown:
            _write("\r\x1b[K")
            self._shown = False

    def _replace(self, text: str) -> None:
        if self._live:
            _write(f"\r\x1b[K{_one_line(text)[: _columns() - 1]}")
            self._shown = True


def _columns() -> int:
    """Return how much fits on one line: what is longer could not be taken away again."""
    try:
        return os.get_terminal_size(2).columns or 80
    except OSError:
        return 80


def _write(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        return  # nobody is listening, and there is nowhere left to say so
