"""What `audit` is asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.operate.arguments.common import BLUEPRINTS, CHART, PROFILE, VALUES, ProfileName
from agent.world.scope import Scope


@dataclass(frozen=True)
class Audit:
    """A release, and what it is held to."""

    release: str | None = arg("the release (default: the one of this chart)", metavar="NAME")
    all: bool = arg("show the controls that pass, too", default=False)
    chart: str | None = arg(CHART, metavar="DIR")
    values: tuple[str, ...] = arg(VALUES, default=(), short="-f", metavar="FILE")
    scope: Scope = field(default_factory=Scope)
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")
    profile: ProfileName | None = arg(PROFILE)
