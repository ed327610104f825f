"""Text of a cluster inside Markdown."""

from tools.text import clean

LONGEST = 300


def cell(text: str) -> str:
    """Return text for a table: no markup of its own, no pipe, no line end."""
    shown = clean(text, LONGEST)
    for mark in "\\`*_[]<>|":
        shown = shown.replace(mark, f"\\{mark}")
    return shown
