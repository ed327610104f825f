"""A question about commands that need a person's yes though they change nothing for good: what runs, what stays."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """Everything a person decides by."""

    title: str
    """`Follow container web while it starts once more`."""
    commands: tuple[tuple[str, ...], ...]
    """Exactly what would run, in its order."""
    bounds: str
    """How long at most, and how much."""
    leaves: str
    """What is different afterwards."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person said; `why` is what kept anybody from saying it, "" where somebody did."""

    yes: bool
    by: str = ""
    why: str = ""


Consenter = Callable[[Question], Answer]
"""Asks a person, at a terminal or in a conversation."""
