"""What `watch` is asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.operate.arguments.common import BLUEPRINTS, PROFILE, ProfileName
from agent.world.scope import Cluster


@dataclass(frozen=True)
class Watch:
    """What becomes broken, recovers or is not settled, as it happens."""

    span: str | None = arg("end after so long, with the code of what is broken then: 90s, 10m, 8h", metavar="SPAN")
    cluster: Cluster = field(default_factory=Cluster)
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")
    profile: ProfileName | None = arg(PROFILE)
