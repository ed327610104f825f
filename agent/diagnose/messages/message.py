"""One thing that programs say, with the mode it means and where its words come from."""

from collections.abc import Iterable
from dataclasses import dataclass

from agent.diagnose.messages.pattern import Pattern
from agent.diagnose.modes import Mode


@dataclass(frozen=True, slots=True)
class Message:
    """What a program's line means."""

    mode: Mode
    software: str
    """Who says it: `PostgreSQL server`, `Go crypto/x509`."""
    pattern: Pattern
    source: str
    """Where the words stand: a file of that software, or its documentation."""


Entry = tuple[str, str, str]
"""Software, regular expression, source."""


def messages(mode: Mode, *entries: Entry) -> tuple[Message, ...]:
    """Return messages of one mode."""
    return tuple(Message(mode, software, Pattern(words), source) for software, words, source in entries)


def any_of(*groups: Iterable[Message]) -> Pattern:
    """Return one pattern for whatever these messages say."""
    return Pattern("|".join(f"(?:{found.pattern.words})" for group in groups for found in group))
