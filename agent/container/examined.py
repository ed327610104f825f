"""What an examination of a container says, apart from what makes it."""

from dataclasses import dataclass

from agent.container.cause import Cause
from agent.container.image import Advice
from agent.container.look import Look
from agent.diagnose.finding import Citation
from agent.severity import Severity


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that the container is not as."""

    row: Citation
    wanted: str
    has: str


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found out about one container."""

    look: Look
    causes: tuple[Cause, ...]
    """The first one is where to begin."""
    proof: tuple[str, ...]
    """Why it is taken for well, empty where it is not."""
    differences: tuple[Difference, ...]
    image: str
    """Its image in short: `for linux/amd64, 12Mi, built 3 d ago`."""
    advice: tuple[Advice, ...]
    changes: tuple[str, ...]
    """What is different in the build that its image's name stands for now; empty where it runs that one."""
    unknown: tuple[str, ...]
    """What could not be read, a line each."""

    @property
    def failing(self) -> bool:
        """Return whether something of error severity was found."""
        return any(item.severity is Severity.ERROR for item in self.causes)
