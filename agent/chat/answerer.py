"""The answerer: a question is understood by its words and answered by the operations of the table, without a model."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from agent.blueprint.control import Blueprints
from agent.chat.answer import Answer, Ran
from agent.chat.call import Reason, Turned, Understood
from agent.chat.details import container
from agent.chat.intent import intents
from agent.chat.pasted import Pasted, pasted
from agent.chat.places import called, place
from agent.chat.question import Question, question
from agent.chat.request import understood
from agent.chat.running import Runner
from agent.chat.seen import Memory, Seen
from agent.chat.subjects import subjects
from agent.errors import AgentError
from agent.events import Emit, Event
from agent.snapshot.graph import Graph
from agent.snapshot.record import Ref, Snapshot
from agent.world.blueprints import read
from agent.world.scope import Cluster, Connection, Scope

MOST = 3
"""Questions in one line that are answered."""


EMPTY = "nothing runs in namespace {}, so all namespaces were looked at"


@dataclass(slots=True)
class Answerer:
    """Answers questions one after another; what was spoken of last is what `it` means next."""

    runner: Runner
    memory: Memory = field(default_factory=Memory)
    _blueprints: Blueprints | None = None

    def answer(self, text: str, emit: Emit) -> Answer:
        """Answer one question; several in one line are answered together."""
        asked = question(text)
        answers = [self._one(part, emit) for part in clauses(asked)]
        if len(answers) == 1:
            return answers[0]
        given = [item for item in answers if item.turned is None] or answers[:1]
        parts = tuple(part for item in given for part in item.parts)
        notes = tuple(dict.fromkeys(note for item in answers for note in (*item.notes, *_turned(item))))
        return Answer(
            asked.text, "; ".join(item.intent for item in given), parts, notes, given[0].turned if not parts else None
        )

    def understood(self, asked: Question, emit: Emit) -> Understood | Turned:
        """Return what a question comes to, without running it."""
        seen = self._seen(asked, emit)
        return seen if isinstance(seen, Turned) else understood(seen)

    def _one(self, asked: Question, emit: Emit) -> Answer:
        seen = self._seen(asked, emit)
        found = seen if isinstance(seen, Turned) else understood(seen)
        if isinstance(found, Turned) or isinstance(seen, Turned):
            assert isinstance(found, Turned)  # noqa: S101 - what was seen or what it came to
            notes = seen.notes if isinstance(seen, Seen) else ()
            return Answer(asked.text, found.reason.value, notes=notes, turned=found)
        parts = tuple(self.runner.run(call, emit) for call in found.calls)
        self.remember(parts, found.intent)
        return Answer(asked.text, found.intent, parts, found.notes)

    def remember(self, parts: Sequence[Ran], intent: str) -> None:
        """Keep what was spoken of, for a question that goes on from there."""
        for part in parts[:1]:
            call = part.call
            same = not call.everywhere and call.namespace in ("", self.memory.namespace)
            subject = call.subject or (self.memory.subject if same else None) or _foremost(part)
            self.memory = Memory(subject, call.namespace or (self.memory.namespace if same else ""), intent)

    def _seen(self, asked: Question, emit: Emit) -> Seen | Turned:
        """Return a question beside what it is understood against; a word about a cluster that could not be read."""
        shown = pasted(asked.pasted) if asked.pasted else Pasted()
        snapshot = self._look(emit, everywhere=False)
        if isinstance(snapshot, Turned):
            return snapshot
        seen = self._against(asked, snapshot, shown)
        here = snapshot.namespace
        if here is None or not (self._is_elsewhere(seen) or _is_empty(seen.graph)):
            return seen
        wider = self._look(emit, everywhere=True)
        if isinstance(wider, Turned):
            return seen
        seen = self._against(asked, wider, shown, "" if _is_empty(seen.graph) and not self._named() else here)
        return seen if seen.home else replace(seen, notes=(EMPTY.format(here),))

    def _named(self) -> bool:
        """Return whether a namespace was chosen for the conversation: then it is meant, even where nothing is in it."""
        return bool(self.runner.base.get("namespace"))

    def _look(self, emit: Emit, *, everywhere: bool) -> Snapshot | Turned:
        base = self.runner.base
        connection = Connection(_text(base, "context"), _text(base, "kubeconfig"))
        whole = everywhere or bool(base.get("all_namespaces"))
        scope = Scope(_text(base, "bundle"), Cluster(None if whole else _text(base, "namespace"), whole, connection))
        try:
            return self.runner.world({}).look(scope, emit)
        except AgentError as error:
            return Turned(Reason.MISSING, str(error))

    def _against(self, asked: Question, snapshot: Snapshot, shown: Pasted, home: str | None = None) -> Seen:
        graph = Graph(snapshot)
        where = place(asked, graph)
        home = snapshot.namespace or "" if home is None else home
        near = where.namespace or shown.namespace or home
        said = [word for word, name in called(graph).items() if name == where.namespace]
        told = subjects(asked, graph, near, [*said, container(asked)])
        told = told if told.meant else subjects(asked, graph, near, said)
        if shown.names and not told.meant:
            told = subjects(question(" ".join(shown.names)), graph, near)
        return Seen(asked, graph, where, told, self._rows(), home, self.memory)

    def _is_elsewhere(self, seen: Seen) -> bool:
        """Return whether a question speaks of what is not in the namespace that was looked at."""
        here = seen.graph.snapshot.namespace
        other = seen.place.everywhere or seen.place.namespace not in ("", here)
        return other or bool(seen.subjects.absent) or bool(seen.place.absent)

    def _rows(self) -> Blueprints:
        if self._blueprints is None:
            self._blueprints = read(self.runner.world({}).settings.blueprints, _silent)
        return self._blueprints


def _is_empty(graph: Graph) -> bool:
    return not any(graph.all(kind) for kind in ("Pod", "Deployment", "StatefulSet", "DaemonSet", "CronJob"))


def _silent(_: Event) -> None:
    """Say nothing: the operation that reads the blueprints warns."""


def _text(base: object, key: str) -> str | None:
    value = base.get(key) if isinstance(base, dict) else None
    return str(value) if value else None


def _turned(item: Answer) -> Iterator[str]:
    if item.turned is not None:
        yield item.turned.says


def _foremost(part: Ran) -> Ref | None:
    """Return the object an answer puts first, where none was asked about: its first cause's, or the only one listed."""
    result: Any = part.result
    if part.call.operation == "diagnose" and result is not None and result.diagnosis.findings:
        return cast(Ref, result.diagnosis.findings[0].subject)
    if part.call.operation == "get" and result is not None and len(result.rows) == 1:
        return cast(Ref, result.rows[0].name)
    return None


_AND = re.compile(
    r"(?:[?!;]|\.(?=\s|$))\s+|,? (?:and|then|also) (?=(?:then |also |please )?(?:why|what|how|who|which|where|show|list"
    r"|get|give|count|tell|are|did|does|is|propose|plan|fix|check|explain|find|search)\b)"
)


def clauses(asked: Question) -> list[Question]:
    """Return the questions of a line: `why is web failing, and what changed?` are two."""
    if asked.pasted or asked.quoted or "between" in asked.plain:
        return [asked]
    parts = [part for part in _AND.split(asked.text) if part and len(part.split()) > 1]
    asking = [found for part in parts if intents((found := question(part)).plain, found.text)]
    return asking[:MOST] if len(parts) > 1 and asking else [asked]
