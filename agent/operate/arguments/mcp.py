"""What `mcp` is asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.operate.arguments.common import BLUEPRINTS, CHART, PROFILE, VALUES, ProfileName
from agent.world.scope import Scope


@dataclass(frozen=True)
class Mcp:
    """Where the tools look; the client cannot choose that."""

    scope: Scope = field(default_factory=Scope)
    chart: str | None = arg(CHART, metavar="DIR")
    values: tuple[str, ...] = arg(VALUES, default=(), short="-f", metavar="FILE")
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")
    profile: ProfileName | None = arg(PROFILE)
