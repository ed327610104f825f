"""What `tree` is asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.world.scope import Scope


@dataclass(frozen=True)
class Tree:
    """An object."""

    subject: str = arg(
        "the object: deploy/web, svc/web, cm/settings", positional=True, required=True, metavar="KIND/NAME"
    )
    scope: Scope = field(default_factory=Scope)
