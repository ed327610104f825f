"""What a checklist is judged by."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.audit.inputs import ClusterFacts
from agent.audit.verdict import Outcome
from agent.blueprint.control import Binding, Control
from agent.snapshot.graph import Graph


@dataclass(frozen=True, slots=True)
class Facts:
    """One look at a namespace, minikube's own words where there are any, and what the blueprints bind."""

    graph: Graph
    namespace: str
    release: str
    bindings: Sequence[Binding]
    cluster: ClusterFacts | None = None
    cluster_reason: str = ""

    def bound(self, kind: str) -> list[str]:
        """Return the names of the objects of a kind that the blueprints bind."""
        names = [item.name.replace("{release}", self.release) for item in self.bindings if item.kind == kind]
        return list(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class Checked:
    """One line of a checklist and how it came out."""

    control: Control
    outcome: Outcome
    evidence: tuple[str, ...]
    """What shows it, or why nothing could be seen."""
    ran: str = ""
    """What was read in the line's place, "" where nothing was."""
    not_run: str = ""
    """Why the line was not run, and what would run it; "" for a line that only reads."""
