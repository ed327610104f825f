"""How a capture reads: for people, and as `bluehelm/strace/v1`."""

import shlex

from agent.operate.strace import Traced
from agent.report.data import document
from agent.report.terminal import Screen, Terminal

SCHEMA = "bluehelm/strace/v1"


def as_text(result: Traced, screen: Screen) -> str:
    """Return the failing call in one sentence, then the last calls there were."""
    terminal = Terminal(screen)
    terminal.line(sentence(result), "red" if result.call else "bold")
    for place, said in enumerate(result.last):
        terminal.entry("last calls" if place == 0 else "", said)
    if result.ended:
        terminal.entry("ended", result.ended)
    for place, command in enumerate(result.commands):
        terminal.entry("ran" if place == 0 else "", shlex.join(command), "dim")
    return terminal.text()


def sentence(result: Traced) -> str:
    """`openat(/data/app.db) = EACCES (Permission denied), as user 1000; its folder /data belongs to root`."""
    name = result.look.name
    if not result.seen:
        return f"Nothing of container {name} was seen: it did not start within the time, or under another name"
    if result.call is None:
        return f"No call of container {name} failed that matters, of {result.seen} that name a file or an address"
    user = str(result.look.config.get("User") or "root")
    says = f" ({result.call.says})" if result.call.says else ""
    return f"{result.call.said}{says}, as user {user}{_owned(result)}"


def _owned(result: Traced) -> str:
    whose = result.owner
    if whose is None or result.call is None or result.call.error not in ("EACCES", "EPERM", "EROFS"):
        return ""
    what = f"its folder {whose.path}" if whose.path != result.call.path else "it"
    who = "root" if whose.uid == 0 else f"user {whose.uid}"
    return f"; {what} belongs to {who}, mode {whose.mode:04o}"


def as_json(result: Traced, screen: Screen) -> str:
    """Return the capture for machines."""
    call = result.call
    return document(
        SCHEMA,
        {
            "container": result.look.name,
            "says": sentence(result),
            "call": None if call is None else {"name": call.name, "target": call.target, "error": call.error},
            "seen": result.seen,
            "last": list(result.last),
            "ended": result.ended,
            "commands": [list(command) for command in result.commands],
        },
        screen,
    )
