"""What `health` is asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.operate.arguments.common import BLUEPRINTS, CHART, PROFILE, ProfileName
from agent.world.scope import Scope


@dataclass(frozen=True)
class Health:
    """How well a cluster, or one namespace of it, is."""

    since: str | None = arg(
        "what changed since: last, a span such as 24h, or a file of -o json", metavar="WHEN", bare="last"
    )
    contexts: str | None = arg("several clusters side by side: their contexts, commas between", metavar="A,B")
    scope: Scope = field(default_factory=Scope)
    chart: str | None = arg(CHART, metavar="DIR")
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")
    profile: ProfileName | None = arg(PROFILE)
