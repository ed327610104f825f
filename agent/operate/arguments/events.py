"""What `events` is asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.world.scope import Scope


@dataclass(frozen=True)
class Events:
    """Events of an object and what it owns, or of all there is."""

    subject: str | None = arg("only of this object and what belongs to it", positional=True, metavar="KIND/NAME")
    warnings: bool = arg("only warnings", default=False)
    since: str | None = arg("only what was seen in this span: 10m, 2h", metavar="SPAN")
    scope: Scope = field(default_factory=Scope)
