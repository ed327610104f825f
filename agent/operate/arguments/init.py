"""What `init` is asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.operate.arguments.common import PROFILE, ProfileName
from agent.world.scope import Scope


@dataclass(frozen=True)
class Init:
    """The chart a starter blueprint is written of."""

    chart: str | None = arg("the chart's folder (default: the one in ./charts)", positional=True, metavar="CHART")
    release: str | None = arg("lay this release's values over the chart's", metavar="NAME")
    file: str | None = arg("where to write it; must not exist (default: stdout)", short="-f", metavar="FILE.md")
    scope: Scope = field(default_factory=Scope)
    profile: ProfileName | None = arg(PROFILE)
