"""The edit of one file, character by character: carried out, and taken back. Pure.

Positions are characters of the decoded text.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Splice:
    """Characters `start` to `end` of a file's text, what stands there, and what does afterwards."""

    start: int
    end: int
    text: str
    old: str = ""


@dataclass(frozen=True, slots=True)
class FileEdit:
    """What happens to one file: applied to exactly the bytes of the first digest it gives those of the second."""

    path: str
    before: str
    after: str
    splices: tuple[Splice, ...]
    diff: str
    """Unified, with three lines around each change, secrets masked."""


def spliced(text: str, splices: Sequence[Splice]) -> str:
    """Return a text with each splice carried out; positions are those of the text as it is given."""
    pieces, at = [], 0
    for splice in sorted(splices, key=lambda item: item.start):
        pieces += [text[at : splice.start], splice.text]
        at = splice.end
    return "".join((*pieces, text[at:]))


def restored(text: str, splices: Sequence[Splice]) -> str:
    """Return what a text was before these splices were carried out."""
    shift, back = 0, []
    for splice in sorted(splices, key=lambda item: item.start):
        start = splice.start + shift
        back.append(Splice(start, start + len(splice.text), splice.old, splice.text))
        shift += len(splice.text) - (splice.end - splice.start)
    return spliced(text, back)
