"""`ask`: one question, answered."""

import sys

from agent.argument import flat
from agent.chat.answer import Answer
from agent.chat.answerer import Answerer
from agent.chat.keeping import Keeper
from agent.chat.running import Runner
from agent.errors import UsageError
from agent.events import Emit
from agent.exitcode import ExitCode
from agent.operate.arguments.ask import Ask
from agent.world.world import World

MOST = 1 << 20
"""Characters of what is piped in."""


def run(args: Ask, world: World, emit: Emit) -> Answer:
    """Answer one question, typed or piped; what is piped beside a typed one was pasted."""
    text = _text(args.question)
    if not text.strip():
        raise UsageError('ask what? As in: ask "why is web failing"')
    base = {key: value for key, value in flat(args).items() if key not in ("question", "no_model", "session")}
    return Answerer(Runner(base, Keeper())).answer(text, emit)


def code(result: Answer) -> ExitCode:
    """Return how the answer's operations ended."""
    return result.code


def _text(words: tuple[str, ...]) -> str:
    typed = " ".join(words)
    if typed in ("", "-"):
        return "" if sys.stdin.isatty() else sys.stdin.read(MOST)
    return typed
