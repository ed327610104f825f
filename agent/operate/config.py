"""`config show`: every setting, its value, where that comes from, and what it means."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.argument import arguments
from agent.config import Effective, Settings, config_file
from agent.events import Emit
from agent.operate.arguments.config import ShowConfig
from agent.world.world import World


@dataclass(frozen=True, slots=True)
class Configured:
    """The settings in force, the user's own file, and what each setting means."""

    effective: Effective
    file: Path
    exists: bool
    meanings: Mapping[str, str]


def show(_: ShowConfig, world: World, __: Emit) -> Configured:
    """Return every setting."""
    file = config_file()
    return Configured(
        world.effective, file, file.exists(), {item.name: item.meaning.doc for item in arguments(Settings)}
    )
