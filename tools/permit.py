"""What a person has approved: the exact commands of one sealed plan. Only agent/apply makes one."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Permit:
    """The commands of one plan that its approval covers, and no other."""

    plan: str
    commands: frozenset[tuple[str, ...]]

    def covers(self, argv: Sequence[str]) -> bool:
        """Return whether a command is one of them, word for word."""
        return tuple(argv) in self.commands
