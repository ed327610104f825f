"""What `diagnose` is asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.operate.arguments.common import BLUEPRINTS, PROFILE, ProfileName
from agent.world.scope import Scope


@dataclass(frozen=True)
class Diagnose:
    """What is wrong, or why one object fails."""

    subject: str | None = arg("only causes that concern this object", positional=True, metavar="KIND/NAME")
    scope: Scope = field(default_factory=Scope)
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")
    profile: ProfileName | None = arg(PROFILE)
