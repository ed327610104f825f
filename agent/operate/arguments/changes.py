"""What `changes` is asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.world.scope import Scope


@dataclass(frozen=True)
class Changes:
    """What changed of an object, or at all."""

    subject: str | None = arg("only of this object and what belongs to it", positional=True, metavar="KIND/NAME")
    since: str = arg("how far back: 30m, 24h, 7d", default="24h", metavar="SPAN")
    scope: Scope = field(default_factory=Scope)
