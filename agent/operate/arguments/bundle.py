"""What `bundle capture` and `bundle show` are asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.operate.arguments.common import PROFILE, ProfileName
from agent.world.scope import Cluster


@dataclass(frozen=True)
class Capture:
    """What to capture, and into which file."""

    file: str = arg("where to write it; must not exist", required=True, short="-f", metavar="FILE.tgz")
    profile: ProfileName | None = arg(PROFILE)
    cluster: Cluster = field(default_factory=Cluster)


@dataclass(frozen=True)
class ShowBundle:
    """A bundle."""

    bundle: str = arg("a bundle, or `demo`", positional=True, required=True, metavar="FILE.tgz")
