"""What the operations on sessions are asked with."""

from dataclasses import dataclass

from agent.argument import arg


@dataclass(frozen=True)
class ListSessions:
    """Nothing: all of them."""


@dataclass(frozen=True)
class ShowSession:
    """A session."""

    name: str = arg("the session", positional=True, required=True)
