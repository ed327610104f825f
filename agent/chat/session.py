"""`session list` and `session show`: conversations that were kept."""

from dataclasses import dataclass

from agent.chat.sessions import Session, listed, session
from agent.errors import UsageError
from agent.events import Emit
from agent.kube.wording import closest, counted
from agent.operate.arguments.session import ListSessions, ShowSession
from agent.report.data import Data, document
from agent.report.terminal import Screen, Terminal
from agent.world.world import World

SCHEMA = "bluehelm/session/v1"


@dataclass(frozen=True, slots=True)
class Kept:
    """Sessions; `whole` says that all that was said in them is asked for."""

    sessions: tuple[Session, ...]
    whole: bool


def every(_: ListSessions, __: World, ___: Emit) -> Kept:
    """Return all sessions."""
    return Kept(tuple(listed()), whole=False)


def show(args: ShowSession, _: World, __: Emit) -> Kept:
    """Return one session with all that was said."""
    found = session(args.name)
    if found is None:
        near = closest(args.name, [item.name for item in listed()])
        raise UsageError(f"no session {args.name!r}{f'; did you mean {near}?' if near else ''}")
    return Kept((found,), whole=True)


def as_text(result: Kept, screen: Screen) -> str:
    """Return a line for each session, or what was said in one."""
    terminal = Terminal(screen)
    if not result.sessions:
        terminal.line("no session was kept yet: agent chat, or agent ask --session NAME")
    for item in result.sessions:
        began = f"{item.began:%Y-%m-%d %H:%M}"
        terminal.entry(item.name, f"{began}, {counted(len(item.turns), 'question')} about {item.place}", column=20)
        for turn in item.turns if result.whole else ():
            terminal.line()
            terminal.line(f"> {turn.question}", "bold")
            terminal.block(turn.answer, indent=0)
    return terminal.text()


def as_markdown(result: Kept, _: Screen) -> str:
    """Return sessions as a page to file or to send."""
    lines: list[str] = []
    for item in result.sessions:
        lines += [f"# {item.name}", "", f"Begun {item.began:%Y-%m-%d %H:%M} UTC, about {item.place}.", ""]
        for turn in item.turns:
            cited = f"Cited: {', '.join(turn.told.citations)}." if turn.told.citations else ""
            lines += [f"## {turn.question}", "", "```", turn.answer.strip().replace("```", "'''"), "```", "", cited, ""]
    return "\n".join(lines).rstrip() + "\n"


def as_json(result: Kept, screen: Screen) -> str:
    """Return sessions for machines."""
    return document(SCHEMA, {"sessions": [_session(item, whole=result.whole) for item in result.sessions]}, screen)


def _session(item: Session, *, whole: bool) -> Data:
    turns = [
        {"at": turn.at.isoformat(), "question": turn.question, "answer": turn.answer, **turn.told.as_data()}
        for turn in (item.turns if whole else ())
    ]
    return {
        "name": item.name,
        "began": item.began.isoformat(),
        "place": item.place,
        "questions": len(item.turns),
        "turns": turns,
    }
