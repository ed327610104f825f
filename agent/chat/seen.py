"""What a question is understood against: what was looked at, where it is asked from, and what was said before."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.blueprint.control import Blueprints
from agent.chat.lexicon import WORKLOADS
from agent.chat.names import is_unwell, workload_of
from agent.chat.places import Place
from agent.chat.question import Question
from agent.chat.subjects import Subjects
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref


@dataclass(frozen=True, slots=True)
class Memory:
    """What a follow-up speaks of when it says `it`."""

    subject: Ref | None = None
    namespace: str = ""
    intent: str = ""
    """What was wanted last: `what about staging?` wants it again."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A question beside what was looked at."""

    asked: Question
    graph: Graph
    place: Place
    subjects: Subjects
    blueprints: Blueprints
    home: str = ""
    """The namespace it is asked from, "" for all of them."""
    memory: Memory = field(default_factory=Memory)
    notes: tuple[str, ...] = ()
    """What was assumed of where it looks."""

    @property
    def namespace(self) -> str:
        """Return the namespace the question looks in, "" for all."""
        if self.place.everywhere:
            return ""
        return self.place.namespace or self.memory.namespace or self.home

    def unwell(self) -> list[Ref]:
        """Return the workloads and lone pods where the question looks that are not as asked."""
        found = [ref(obj) for kind in (*WORKLOADS, "Pod") for obj in self._all(kind)]
        bad = [name for name in found if is_unwell(name, self.graph)]
        return list(dict.fromkeys(workload_of(name, self.graph) for name in bad))

    def _all(self, kind: str) -> Sequence[Object]:
        return self.graph.all(kind, self.namespace) if self.namespace else self.graph.all(kind)
