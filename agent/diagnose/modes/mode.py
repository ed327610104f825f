"""What a failure mode is: one entry of the catalogue."""

from dataclasses import dataclass
from enum import StrEnum


class Layer(StrEnum):
    """What a mode says about: a cause, what a cause looks like, or a change that may be one."""

    CAUSE = "cause"
    SYMPTOM = "symptom"
    """It says that something does not work, not why: any cause of the same pods explains it."""
    CHANGE = "change"
    """It says what changed: a finding only where something is said that it explains."""


@dataclass(frozen=True, slots=True, order=True)
class Mode:
    """One failure mode."""

    number: int
    code: str
    """Its stable name: `oom-killed`."""
    family: str
    """The folder of its rules below agent/diagnose/rules, "" for what no rule explains."""
    title: str
    """One short line a person reads: `Container killed for memory`."""
    means: str
    """What it is and how it shows."""
    asks: str
    """What it asks of a person."""
    layer: Layer = Layer.CAUSE
    dependent: bool = False
    """Whether a dead upstream can bring it about, when nothing certain speaks for a cause of its own."""
    contingent: bool = False
    """Whether it says what changed, and is a finding only beside what that change broke."""
    general: bool = False
    """Whether it says no more than that the program failed: any other error of the same container goes before it."""
    unreachable: bool = False
    """Whether who calls the Service it is about gets no answer."""
    explains: tuple[str, ...] = ()
    """Codes of the modes that, about the same objects, only show what this one explains: it goes before them."""

    @property
    def is_symptom(self) -> bool:
        """Return whether any cause of the same pods explains it."""
        return self.layer is Layer.SYMPTOM
