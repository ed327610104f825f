"""One thing that is wrong with a container: said in a sentence, with its proof and what to do."""

from dataclasses import dataclass

from agent.diagnose.finding import Confidence
from agent.severity import Severity
from agent.snapshot.evidence import Evidence
from agent.snapshot.record import Ref


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause, or one thing that shows of it."""

    code: str
    """Its stable name: `out-of-memory`."""
    says: str
    """Behind the container's name: `was killed for memory ...`."""
    evidence: tuple[Evidence, ...]
    fix: str
    command: str = ""
    """What to run, or the line of the Dockerfile or of the compose file; "" for none."""
    severity: Severity = Severity.ERROR
    confidence: Confidence = Confidence.CERTAIN


def shown(name: str, pointer: str, text: object) -> Evidence:
    """Return what stands at a pointer of a container's inspection (or `log`, `event kill`) as evidence."""
    return Evidence(Ref("Container", "", name), pointer, str(text))
