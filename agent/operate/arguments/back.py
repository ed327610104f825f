"""What the ways back are asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.operate.arguments.common import PROFILE, ProfileName
from agent.world.scope import Cluster


@dataclass(frozen=True)
class Rollback:
    """An applied plan, or in an emergency a Deployment."""

    plan: str = arg(
        "the plan to take back, by its id or the first digits; in an emergency deployment/NAME, whatever git says",
        positional=True,
        required=True,
        metavar="PLAN",
    )
    cluster: Cluster = field(default_factory=Cluster)
    profile: ProfileName | None = arg(PROFILE)


@dataclass(frozen=True)
class Recover:
    """A release that helm left in the middle of something."""

    release: str = arg("the release", positional=True, required=True)
    abandoned: bool = arg("you made sure that whoever began it is not at work any more", default=False)
    cluster: Cluster = field(default_factory=Cluster)
    profile: ProfileName | None = arg(PROFILE)
