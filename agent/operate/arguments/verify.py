"""What `verify` is asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.operate.arguments.common import BLUEPRINTS
from agent.world.scope import Scope


@dataclass(frozen=True)
class Verify:
    """The checklists to run, and where."""

    blueprint: str | None = arg("only this one: cluster, service, scaling, resilience", positional=True)
    scope: Scope = field(default_factory=Scope)
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")
