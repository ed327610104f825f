"""Text for people: colour and wrapping on a terminal, plain whole lines when piped.

Every line goes through `clean`, so no escape sequence, bidi mark or newline out of a cluster reaches the screen.
"""

import os
import textwrap
from dataclasses import dataclass, field
from typing import TextIO

from tools.text import clean

STYLES = {"bold": "1", "dim": "2", "red": "1;31", "yellow": "33", "green": "32", "cyan": "36"}
"""Style name to SGR code: the sixteen colours every theme maps to something readable."""

LONGEST = 2000
"""Characters of one line at most; a cause or a log line is never worth more of a screen."""


@dataclass(frozen=True, slots=True)
class Screen:
    """What a text is made for; the default is a pipe, which gets whole plain lines to grep."""

    width: int = 0
    """The columns to wrap at, 0 for a pipe."""
    colour: bool = False

    @property
    def is_terminal(self) -> bool:
        """Return whether a person reads it as it is."""
        return self.width > 0


def screen_of(stream: TextIO) -> Screen:
    """Return what a stream can show: no colour with NO_COLOR (https://no-color.org) or on a dumb terminal."""
    if not stream.isatty():
        return Screen()
    colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
    return Screen(_columns(stream), colour)


def _columns(stream: TextIO) -> int:
    try:
        said = os.get_terminal_size(stream.fileno()).columns or 80  # 0 is a terminal that does not know
        return max(40, min(said, 120))
    except OSError:
        return 80


@dataclass(slots=True)
class Terminal:
    """Lines for a person, as they are made."""

    screen: Screen
    _lines: list[str] = field(default_factory=list)

    @property
    def width(self) -> int:
        """Return the columns to wrap at, 0 for a pipe."""
        return self.screen.width

    def text(self) -> str:
        """Return every line so far."""
        return "".join(f"{line}\n" for line in self._lines)

    def style(self, text: str, style: str) -> str:
        """Return cleaned text in that style, or as it is where there is no colour."""
        shown = clean(text, LONGEST)
        return f"\x1b[{STYLES[style]}m{shown}\x1b[0m" if self.screen.colour and style else shown

    def cell(self, text: str, width: int, style: str = "") -> str:
        """Return text in that style, filled with blanks to a column's width."""
        shown = clean(text, LONGEST)
        return self.style(shown, style) + " " * (width - len(shown))

    def row(self, *cells: str) -> None:
        """Add cells as they are, on one line."""
        self._lines.append("".join(cells).rstrip())

    def line(self, text: str = "", style: str = "") -> None:
        """Add one line, wrapped to the terminal with its own indentation kept."""
        indent = " " * (len(text) - len(text.lstrip(" ")))
        for part in self._wrap(clean(text, LONGEST).strip(), indent, indent):
            self._put(part, style)

    def entry(self, label: str, text: str, style: str = "", *, column: int = 13) -> None:
        """Add `label   text`, the label dim, wrapped lines hanging under the text."""
        lead = f"   {clean(label)} ".ljust(column)
        first, *rest = self._wrap(clean(text, LONGEST), " " * len(lead), " " * len(lead)) or [lead]
        self._put(self._styled(lead, "dim") + self._styled(first[len(lead) :], style), "")
        for part in rest:
            self._put(part, style)

    def block(self, text: str, indent: int = 13, style: str = "") -> None:
        """Add lines that must stay as they are (YAML, a command to copy)."""
        for part in text.splitlines():
            self._put(" " * indent + clean(part, LONGEST, multiline=True).rstrip("\n"), style)

    def _wrap(self, text: str, first: str, rest: str) -> list[str]:
        if not self.width:
            return [first + text]
        return textwrap.wrap(
            text,
            self.width,
            initial_indent=first,
            subsequent_indent=rest,
            break_on_hyphens=False,
            break_long_words=False,
        )

    def _styled(self, text: str, style: str) -> str:
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if self.screen.colour and style else text

    def _put(self, text: str, style: str) -> None:
        self._lines.append(self._styled(text, style))
