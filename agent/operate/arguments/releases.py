"""What `releases` is asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.world.scope import Scope


@dataclass(frozen=True)
class Releases:
    """Helm's releases, or one with its history."""

    name: str | None = arg("only this one, with its history and what its last revision changed", positional=True)
    scope: Scope = field(default_factory=Scope)
