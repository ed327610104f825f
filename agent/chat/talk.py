"""A conversation: who answers, what was said before, and where it is kept."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from agent.argument import flat
from agent.chat.answer import Answer
from agent.chat.answerer import Answerer
from agent.chat.budget import allowed
from agent.chat.keeping import Keeper
from agent.chat.running import Runner
from agent.chat.sessions import Turn, keep, session
from agent.chat.summary import Told, before, told
from agent.chat.view import as_text
from agent.config import Settings
from agent.errors import UsageError
from agent.events import Emit, Warned
from agent.operate.arguments.ask import Conversation
from agent.report.terminal import Screen
from agent.world.world import World


class Responder(Protocol):
    """Who answers."""

    def answer(self, text: str, emit: Emit) -> Answer:
        """Answer one question."""


@dataclass(slots=True)
class Talk:
    """One conversation, question after question."""

    answerer: Answerer
    settings: Settings
    model: bool
    name: str | None = None
    """The session's, None where nothing is kept."""
    place: str = ""
    said: list[tuple[str, Told]] = field(default_factory=list)

    def ask(self, text: str, emit: Emit) -> Answer:
        """Answer one question, and keep it where that is wanted."""
        found = self._responder().answer(text, emit)
        self.said.append((found.question, told(found)))
        if self.name is not None:
            self._keep(found, emit)
        return found

    def _responder(self) -> Responder:
        if not self.model:
            return self.answerer
        from agent.chat.model.converser import Converser

        return Converser(self.answerer, self.settings, before(self.said, allowed(self.settings.window)))

    def _keep(self, found: Answer, emit: Emit) -> None:
        """Keep a turn; a file that cannot be written costs the memory of it, not the answer."""
        turn = Turn(datetime.now(UTC), found.question, as_text(found, Screen()), self.said[-1][1])
        try:
            keep(self.name or "", self.place, turn, self.answerer.memory)
        except UsageError as error:
            emit(Warned(str(error)))
            self.name = None


def talk(args: Conversation, world: World, emit: Emit, name: str | None) -> Talk:
    """Return the conversation asked for, with what was said in its session before."""
    base = {key: value for key, value in flat(args).items() if key not in ("no_model", "session")}
    wanted = bool(world.settings.model) and not args.no_model
    found = Talk(Answerer(Runner(base, Keeper())), world.settings, wanted, name, _place(base))
    try:
        kept = session(name) if name is not None else None
    except UsageError as error:
        emit(Warned(str(error)))
        kept, found.name = None, None
    if kept is not None:
        found.answerer.memory = kept.memory
        found.said = [(turn.question, turn.told) for turn in kept.turns]
    return found


def _place(base: dict[str, object]) -> str:
    if base.get("bundle"):
        return f"the capture {base['bundle']}"
    context = f"context {base['context']}" if base.get("context") else "the current context"
    return f"{context}, namespace {base['namespace']}" if base.get("namespace") else context
