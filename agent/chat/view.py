"""How an answer reads: what was assumed, how sure it is, and each operation's own view."""

from collections.abc import Iterator

from agent.chat.answer import Answer, Ran
from agent.chat.running import OFFERED
from agent.kube.wording import counted
from agent.operation import load
from agent.report.data import Data, document
from agent.report.terminal import Screen, Terminal

SCHEMA = "bluehelm/ask/v1"


def as_text(result: Answer, screen: Screen) -> str:
    """Return an answer for a person."""
    terminal = Terminal(screen)
    for note in result.notes:
        terminal.line(f"{note[:1].upper()}{note[1:]}.", "dim")
    if result.turned is not None:
        terminal.line(f"{result.turned.says[:1].upper()}{result.turned.says[1:]}.")
        for choice in result.turned.choices:
            terminal.line(f"   {choice}", "cyan")
        return terminal.text()
    shown = "\n".join(_part(part, screen) for part in result.parts)
    if not result.prose and not result.struck:
        return terminal.text() + shown
    if result.folded:
        return terminal.text() + shown + _words(result, screen, "the model, which looked at nothing, says:")
    return terminal.text() + _words(result, screen, "") + _sources(result, screen)


def _words(result: Answer, screen: Screen, lead: str) -> str:
    """Return a model's words, and how many of its sentences were left out."""
    terminal = Terminal(screen)
    if lead and result.prose:
        terminal.line()
        terminal.line(lead, "dim")
    for line in result.prose.splitlines():
        terminal.line(line)
    if result.struck:
        terminal.line()
        terminal.line(f"{counted(len(result.struck), 'sentence')} left out, because no result says so:", "yellow")
        for sentence in result.struck:
            terminal.line(f"   {sentence}", "dim")
    return terminal.text()


def _sources(result: Answer, screen: Screen) -> str:
    """Return what was looked at for an answer, how sure it is, and the commands that show it."""
    terminal = Terminal(screen)
    terminal.line()
    for part in result.parts:
        sure = f"{part.certainty.value}: " if part.certainty else ""
        terminal.line(f"   {sure}{part.error or spelled(part)}", "dim")
    return terminal.text()


def _part(part: Ran, screen: Screen) -> str:
    terminal = Terminal(screen)
    if part.result is None:
        terminal.line(f"{spelled(part)}: {part.error}", "yellow")
        return terminal.text()
    if part.certainty is not None:
        terminal.line(part.certainty.value, "dim")
    return terminal.text() + as_said(part, screen)


def as_said(part: Ran, screen: Screen | None = None) -> str:
    """Return what an operation says to a person."""
    views = OFFERED[part.call.operation].views
    return str(load(next(iter(views.values())))(part.result, screen or Screen()))


def spelled(part: Ran) -> str:
    """`agent logs deploy/web --namespace shop`: an operation as it would be typed."""
    return " ".join(("agent", part.call.operation, *_arguments(part)))


def _arguments(part: Ran) -> Iterator[str]:
    from agent.argument import arguments

    known = {item.name: item for item in arguments(load(OFFERED[part.call.operation].args))}
    places = [item for item in known.values() if item.meaning.positional]
    for item in (*places, *(item for item in known.values() if item not in places)):
        value = part.arguments.get(item.name)
        if value in (None, "", False, ()):
            continue
        words = [str(word) for word in value] if isinstance(value, tuple) else [str(value)]
        flag = f"--{item.name.replace('_', '-')}"
        if item.meaning.positional:
            yield from (f"'{word}'" if " " in word else word for word in words)
        elif value is True:
            yield flag
        else:
            yield from (f"{flag}='{word}'" if " " in word else f"{flag}={word}" for word in words)


def as_json(result: Answer, screen: Screen) -> str:
    """Return an answer for machines: each operation's own document inside."""
    return document(SCHEMA, data(result), screen)


def as_jsonl(result: Answer, screen: Screen) -> str:
    """Return a line for what was understood, one for each operation, and one for the end."""
    whole = data(result)
    lines: list[Data] = [
        {"event": "understood", **{key: whole[key] for key in ("question", "intent", "notes", "turned")}},
        *({"event": "answered", **_answered(part)} for part in result.parts),
        {"event": "ended", "code": int(result.code), "prose": result.prose},
    ]
    return "".join(document(SCHEMA, line, Screen()) for line in lines)


def data(result: Answer) -> Data:
    """Return an answer as data."""
    turned = result.turned
    return {
        "question": result.question,
        "intent": result.intent,
        "notes": list(result.notes),
        "turned": {"reason": turned.reason.value, "says": turned.says, "choices": list(turned.choices)}
        if turned
        else None,
        "answers": [_answered(part) for part in result.parts],
        "prose": result.prose,
        "struck": list(result.struck),
        "folded": result.folded,
        "code": int(result.code),
    }


def _answered(part: Ran) -> Data:
    return {
        "operation": part.call.operation,
        "command": spelled(part),
        "certainty": part.certainty.value if part.certainty else None,
        "code": int(part.code),
        "error": part.error,
        "result": document_of(part),
    }


def document_of(part: Ran) -> Data | None:
    """Return an operation's result as its own document; None where it has none."""
    import orjson

    view = OFFERED[part.call.operation].views.get("json")
    if part.result is None or view is None:
        return None
    found: Data = orjson.loads(load(view)(part.result, Screen()))
    return found
