"""What `debug` is asked with."""

from dataclasses import dataclass

from agent.argument import arg
from agent.operate.arguments.common import BLUEPRINTS, PROFILE, ProfileName


@dataclass(frozen=True)
class Debug:
    """What is wrong with a container, or what an image should do otherwise."""

    name: str = arg("a container, a service of compose, or an image", positional=True, required=True, metavar="NAME")
    against: str | None = arg("say what is different in this build of the image", metavar="IMAGE")
    timeout: float | None = arg("give up on the engine after this long", metavar="SECONDS", above=0, most=3600)
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")
    profile: ProfileName | None = arg(PROFILE)
