"""What an operation may ask of its surroundings. A front end makes one for each question, a test one of its own."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from agent.blueprint.commands import Known
from agent.config import Effective, Settings, load
from agent.events import Emit
from agent.snapshot.depth import PLAIN, Depth
from agent.world.look import Look, look
from agent.world.scope import Scope
from tools.deadline import Deadline

if TYPE_CHECKING:
    from agent.approval.consent import Consenter
    from agent.approval.decision import Approver
    from agent.snapshot.record import Snapshot


@dataclass(frozen=True)
class World:
    """The settings in force, what this version can be asked, and the way to a snapshot."""

    flags: Mapping[str, object] = field(default_factory=dict)
    """What was asked for by name; those that are settings win over the user's file and the environment."""
    commands: Known = field(default_factory=dict)
    """The operations this version has, for blueprints that name one."""
    looker: Look = look
    """What takes a snapshot; a conversation may pass one that keeps it."""
    approver: "Approver | None" = None
    """Asks a person whether a plan may be applied, None where nobody can be asked."""
    consenter: "Consenter | None" = None
    """Asks a person whether commands that were shown may run, None where nobody can be asked."""
    listener: "Callable[[], str | None] | None" = None
    """Reads the next line that is typed, None at the end of it; None where nobody can be heard."""
    began: float = field(default_factory=time.monotonic)
    """When the question was asked: its deadline counts from here."""

    @cached_property
    def effective(self) -> Effective:
        """Return the settings in force and where each comes from, read when they are first asked for.

        Raises:
            UsageError: the user's file or a BLUEHELM_ variable is wrong.

        """
        return load(self.flags)

    @property
    def settings(self) -> Settings:
        """Return the settings in force."""
        return self.effective.settings

    @property
    def deadline(self) -> Deadline:
        """Return when the command must have ended, whoever it waits for."""
        return Deadline(self.began + self.settings.timeout, self.settings.timeout)

    def look(self, scope: Scope, emit: Emit, depth: Depth = PLAIN) -> "Snapshot":
        """Return the snapshot asked for; see `agent.world.look.look`."""
        return self.looker(scope, self.settings, emit, self.deadline, depth)
