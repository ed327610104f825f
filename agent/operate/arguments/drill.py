"""What a drill is asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.operate.arguments.common import BLUEPRINTS, CHART, PROFILE, VALUES, ProfileName
from agent.world.scope import Cluster


@dataclass(frozen=True)
class Drill:
    """A row whose failure is to be tried, and on what."""

    row: str | None = arg(
        "a failure scenario's or checklist line's id (default: list those that can be tried)",
        positional=True,
        metavar="CONTROL",
    )
    of: str | None = arg("the workload to try it on (default: the only one)", metavar="KIND/NAME")
    outage: bool = arg("nothing may serve for a while", default=False)
    wait: float | None = arg(
        "how long helm may wait before it takes a broken value back, or load may go on (default: 60)",
        metavar="SECONDS",
        above=0,
        most=600,
    )
    release: str | None = arg("the release (default: the one of this chart)", metavar="NAME")
    chart: str | None = arg(CHART, metavar="DIR")
    values: tuple[str, ...] = arg(VALUES, default=(), short="-f", metavar="FILE")
    cluster: Cluster = field(default_factory=Cluster)
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")
    profile: ProfileName | None = arg(PROFILE)
