"""The approval card at a plain terminal: everything a person decides by, then a word to type. No letter decides.

What was typed before the card was read does not count: it is thrown away, and for half a second more.
"""

import getpass
import os
import shlex
import sys
import termios
import time
from typing import TextIO

from agent.approval.consent import Answer, Question
from agent.approval.decision import Approval, Decision, Later, Rejection
from agent.change.plan import Plan, digest
from agent.report.plan import card
from agent.report.terminal import Terminal, screen_of
from tools.text import clean

SETTLING = 0.5
"""Seconds in which nothing that is typed counts: a key that repeats, a paste, a sentence half written."""

YES = "apply"
NO = "reject"

LONGEST = 300


def line() -> str | None:
    """Return the next line that is typed or piped, None at its end; ^C at the prompt is an end as well."""
    try:
        if sys.stdin.isatty():
            _write("> ")
        found = sys.stdin.readline()
    except KeyboardInterrupt:
        _write("\n")
        return None
    return found.rstrip("\n") if found else None


def ask(name: str, plan: Plan, reason: str) -> Decision:
    """Show a plan and return what the person at the terminal says of it; without a terminal nobody does."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()) or os.environ.get("TERM") == "dumb":
        return Later("there is no terminal to ask at")
    shown = _card(name, plan)
    _write(shown)
    _forget_what_was_typed()
    try:
        return _decision(name, plan, reason, digest(shown.encode()))
    except EOFError:
        return Later()


def _card(name: str, plan: Plan) -> str:
    terminal = Terminal(screen_of(sys.stderr))
    card(terminal, name, plan)
    return terminal.text()


def _decision(name: str, plan: Plan, reason: str, screen: str) -> Decision:
    by = f"{getpass.getuser()} as {plan.actor.name}"
    word = plan.target.release if plan.protected else YES
    _write(f"\nType {word} to apply it, {NO} to throw it away; anything else leaves it for later.\n")
    typed = _typed("> ")
    if typed == NO:
        return Rejection(name, by, _typed("Why (may stay empty)? "))
    if typed != word:
        return Later()
    why = reason or (_typed("Reason? ") if plan.protected else "")
    return Approval(name, by, "terminal", why, screen) if why or not plan.protected else Later("it needs a reason")


def _typed(question: str) -> str:
    _write(question)
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return clean(line, LONGEST).strip()


def _forget_what_was_typed() -> None:
    end = time.monotonic() + SETTLING
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 0.05))
        _flush(sys.stdin)


def _flush(stream: TextIO) -> None:
    termios.tcflush(stream.fileno(), termios.TCIFLUSH)


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def consent(question: Question) -> Answer:
    """Show commands whole and return whether the person at the terminal lets them run; without one nobody does."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()) or os.environ.get("TERM") == "dumb":
        return Answer(yes=False, why="there is no terminal to ask at")
    terminal = Terminal(screen_of(sys.stderr))
    terminal.line(question.title, "bold")
    for command in question.commands:
        terminal.block(shlex.join(command), indent=3, style="cyan")
    terminal.entry("bounds", question.bounds)
    terminal.entry("leaves", question.leaves)
    _write(terminal.text())
    _forget_what_was_typed()
    _write("\nType yes to run it; anything else leaves it.\n")
    try:
        typed = _typed("> ")
    except EOFError:
        return Answer(yes=False)
    return Answer(yes=typed == "yes", by=getpass.getuser())
