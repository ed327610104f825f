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


Event = Progress | Warned | Said

Emit = Callable[[Event], None]
"""Where an operation sends its events."""
