"""What a diagnosis says, apart from the rules that make it: whoever only reads one need not load them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.diagnose.answer import Answer
from agent.diagnose.finding import Finding
from agent.diagnose.unsettled import Unsettled


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong, what could not be decided, and what was looked at."""

    findings: tuple[Finding, ...] = ()
    """Ranked: the first one is where to start."""
    unsettled: tuple[Unsettled, ...] = ()
    """What is not as asked and within the time it is given; health is claimed only without any."""
    about: Answer | None = None
    """What is said of the object that was asked about, where no finding names it."""
    unknown: tuple[str, ...] = ()
    """Parts that could not be read whole and rules that could not decide, one line each."""
    examined: Mapping[str, int] = field(default_factory=dict)
    """How many objects of each kind were looked at."""
