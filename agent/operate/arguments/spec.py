"""What `spec propose` is asked with."""

from dataclasses import dataclass

from agent.argument import arg
from agent.operate.arguments.common import BLUEPRINTS, CHART, PROFILE, VALUES, ProfileName


@dataclass(frozen=True)
class Propose:
    """A value that a row is to state."""

    values_path: str = arg("backend.resources.limits.memory", positional=True, required=True, metavar="VALUES.PATH")
    value: str = arg("what it is to be", positional=True, required=True)
    why: str | None = arg("the reason, for the row's rationale", metavar="TEXT")
    chart: str | None = arg(CHART, metavar="DIR")
    values: tuple[str, ...] = arg(VALUES, default=(), short="-f", metavar="FILE")
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")
    profile: ProfileName | None = arg(PROFILE)
    timeout: float | None = arg("give up on rendering after this long", metavar="SECONDS", above=0, most=3600)
