"""What `scaling` is asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.operate.arguments.common import BLUEPRINTS, PROFILE, ProfileName
from agent.world.scope import Scope


@dataclass(frozen=True)
class Scaling:
    """How the autoscalers stand, or one of them."""

    subject: str | None = arg("only this autoscaler, or the one of this workload", positional=True, metavar="KIND/NAME")
    at: str | None = arg(
        "what would follow if the pods used so much of their request: 85%, or cpu=85%,memory=90%", metavar="LOAD"
    )
    scope: Scope = field(default_factory=Scope)
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")
    profile: ProfileName | None = arg(PROFILE)
