"""One thing that programs say, with the mode it means and where its words come from."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agent.diagnose.modes import Mode


@dataclass(frozen=True, slots=True)
class Message:
    """What a program's line means."""

    mode: Mode
    software: str
    """Who says it: `PostgreSQL server`, `Go crypto/x509`."""
    pattern: re.Pattern[str]
    source: str
    """Where the words stand: a file of that software, or its documentation."""


Entry = tuple[str, str, str]
"""Software, regular expression, source."""


def messages(mode: Mode, *entries: Entry) -> tuple[Message, ...]:
    """Return messages of one mode."""
    return tuple(Message(mode, software, re.compile(words), source) for software, words, source in entries)


def any_of(*groups: Iterable[Message]) -> re.Pattern[str]:
    """Return one pattern for whatever these messages say."""
    return re.compile("|".join(f"(?:{found.pattern.pattern})" for group in groups for found in group))
