"""What an operation tells its front end while it runs. The front end decides whether and where to show it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """What is being waited for; each replaces the one before."""

    text: str


@dataclass(frozen=True, slots=True)
class Warned:
    """Something is missing or degraded, in one sentence; the answer goes on without it."""

    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """Something was done that the result does not show: a file was written."""

    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the answer, as soon as it is known: whoever shows the answer shows it the same way."""

    result: object
    """Of the operation's own result type."""


@dataclass(frozen=True, slots=True)
class Wrote:
    """Some words of a model, as they come; what is left of them once they were checked is in the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Called:
    """A model asked for an operation."""

    command: str
    """As it would be typed."""
    calls: int
    tokens: int


Event = Progress | Warned | Said | Part | Wrote | Called

Emit = Callable[[Event], None]
"""Where an operation sends its events."""
