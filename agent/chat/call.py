"""What a question comes to: operations of the table with their arguments, a question back, or why it is not done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from agent.snapshot.record import Ref


@dataclass(frozen=True, slots=True)
class Call:
    """One operation, and what it is asked with."""

    operation: str
    values: Mapping[str, object] = field(default_factory=dict)
    """By argument's name; where to look is added by whoever runs it."""
    subject: Ref | None = None
    """The object it is about, for whoever asks on ("and its logs?")."""
    namespace: str = ""
    """The namespace it looks in, "" where that is left to the settings."""
    everywhere: bool = False


class Reason(StrEnum):
    """Why a question gets no operation."""

    MISSING = "missing"
    """Something has to be said first."""
    CHANGE = "change"
    """It asks for a change, and changes are approved plans."""
    STRANGE = "strange"
    """It is not about a cluster, its services or their blueprints."""
    HELP = "help"
    """It asks what can be asked."""


@dataclass(frozen=True, slots=True)
class Turned:
    """A question that gets no operation, and what is said to it."""

    reason: Reason
    says: str
    choices: tuple[str, ...] = ()
    """What may be asked instead, as it would be typed."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What a question was taken to want."""

    intent: str
    calls: tuple[Call, ...]
    notes: tuple[str, ...] = ()
    """What was assumed, in sentences."""
