"""`ask`: one question, answered."""

import sys
from typing import Protocol

from agent.argument import flat
from agent.chat.answer import Answer
from agent.chat.answerer import Answerer
from agent.chat.keeping import Keeper
from agent.chat.running import Runner
from agent.errors import UsageError
from agent.events import Emit
from agent.exitcode import ExitCode
from agent.operate.arguments.ask import Ask, Conversation
from agent.world.world import World


class Responder(Protocol):
    """Who answers."""

    def answer(self, text: str, emit: Emit) -> Answer:
        """Answer one question."""


MOST = 1 << 20
"""Characters of what is piped in."""


def run(args: Ask, world: World, emit: Emit) -> Answer:
    """Answer one question, typed or piped; what is piped beside a typed one was pasted."""
    text = _text(args.question)
    if not text.strip():
        raise UsageError('ask what? As in: ask "why is web failing"')
    return responder(args.conversation, world).answer(text, emit)


def responder(args: Conversation, world: World) -> Responder:
    """Return who answers: with the model of the settings where one is set and wanted, else without."""
    base = {key: value for key, value in flat(args).items() if key not in ("no_model", "session")}
    answerer = Answerer(Runner(base, Keeper()))
    if args.no_model or not world.settings.model:
        return answerer
    from agent.chat.model.converser import Converser

    return Converser(answerer, world.settings)


def code(result: Answer) -> ExitCode:
    """Return how the answer's operations ended."""
    return result.code


def _text(words: tuple[str, ...]) -> str:
    typed = " ".join(words)
    if typed in ("", "-"):
        return "" if sys.stdin.isatty() else sys.stdin.read(MOST)
    return typed
