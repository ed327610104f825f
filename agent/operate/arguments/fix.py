"""What `fix` is asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.operate.arguments.common import BLUEPRINTS, CHART, PROFILE, VALUES, Handover, ProfileName
from agent.world.scope import Cluster


@dataclass(frozen=True)
class Fix:
    """An object that fails."""

    subject: str = arg("KIND/NAME, as kubectl takes it", positional=True, required=True)
    reason: str | None = arg("why, for the ledger and the commit; a protected context needs one", metavar="TEXT")
    wait: float | None = arg(
        "how long helm may wait for each thing (default: 300)", metavar="SECONDS", above=0, most=3600
    )
    release: str | None = arg("the release (default: the one of this chart)", metavar="NAME")
    chart: str | None = arg(CHART, metavar="DIR")
    values: tuple[str, ...] = arg(VALUES, default=(), short="-f", metavar="FILE")
    handover: Handover = field(default_factory=Handover)
    cluster: Cluster = field(default_factory=Cluster)
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")
    profile: ProfileName | None = arg(PROFILE)
