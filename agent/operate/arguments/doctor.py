"""What `doctor` is asked with."""

from dataclasses import dataclass, field

from agent.argument import arg
from agent.operate.arguments.common import BLUEPRINTS
from agent.world.scope import Connection


@dataclass(frozen=True)
class Doctor:
    """What to check beside the machine itself."""

    namespace: str | None = arg("say what may be done there (default: the context's)", short="-n", metavar="NS")
    connection: Connection = field(default_factory=Connection)
    blueprints: str | None = arg(BLUEPRINTS, metavar="DIR")


@dataclass(frozen=True)
class DoctorModel:
    """Nothing: the settings name the model."""
