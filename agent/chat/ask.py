"""`ask` and `chat`: one question, or one after another."""

import sys
from datetime import UTC, datetime

from agent.chat.answer import Answer
from agent.chat.call import Reason, Turned
from agent.chat.talk import talk
from agent.errors import UsageError
from agent.events import Emit, Part, Warned
from agent.exitcode import ExitCode
from agent.operate.arguments.ask import Ask, Chat
from agent.world.world import World

MOST = 1 << 20
"""Characters of what is piped in."""

ENDS = ("exit", "quit", "/exit", "/quit", ":q", "bye")


def run(args: Ask, world: World, emit: Emit) -> Answer:
    """Answer one question, typed or piped."""
    text = _text(args.question)
    if not text.strip():
        raise UsageError('ask what? As in: ask "why is web failing"')
    return talk(args.conversation, world, emit, args.conversation.session).ask(text, emit)


def chat(args: Chat, world: World, emit: Emit) -> Answer:
    """Answer what is typed, line after line, until an end of it; ^C takes one answer back, at the prompt it ends."""
    if world.listener is None:
        raise UsageError('nobody can be heard here; ask one question: ask "why is web failing"')
    name = args.conversation.session or f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
    here = talk(args.conversation, world, emit, name)
    while (line := world.listener()) is not None and line.strip().lower() not in ENDS:
        if not line.strip():
            continue
        try:
            emit(Part(here.ask(line, emit)))
        except KeyboardInterrupt:
            emit(Warned("cancelled; ask on"))
    kept = (
        f"kept as session {name}: go on with agent chat --session={name}"
        if here.name and here.said
        else "nothing was kept"
    )
    return Answer("", "the end", turned=Turned(Reason.HELP, kept))


def code(result: Answer) -> ExitCode:
    """Return how the answer's operations ended."""
    return result.code


def _text(words: tuple[str, ...]) -> str:
    typed = " ".join(words)
    if typed in ("", "-"):
        return "" if sys.stdin.isatty() else sys.stdin.read(MOST)
    return typed
