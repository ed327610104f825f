"""What `why` and `trace` are asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.operate.arguments.common import BLUEPRINTS, CHART, PROFILE, VALUES, ProfileName
from agent.world.scope import Scope


@dataclass(frozen=True, kw_only=True)
class Traceable:
    """A chart, its blueprints, and where it runs."""

    chart: str | None = arg(CHART, metavar="DIR")
    values: tuple[str, ...] = arg(VALUES, default=(), short="-f", metavar="FILE")
    scope: Scope = field(default_factory=Scope)
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")
    profile: ProfileName | None = arg(PROFILE)


@dataclass(frozen=True)
class Why:
    """One value, or all below a path."""

    value: str = arg(
        "backend.resources.limits.memory, or all below backend",
        positional=True,
        required=True,
        metavar="VALUES.PATH",
    )
    of: Traceable = field(default_factory=Traceable)


@dataclass(frozen=True)
class Trace:
    """One control, or all of them."""

    control: str | None = arg("SVC-BE-MEM-LIMIT (default: the whole matrix)", positional=True, metavar="CONTROL")
    of: Traceable = field(default_factory=Traceable)
