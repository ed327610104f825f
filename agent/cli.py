"""argv to an operation's arguments, and its answer to a view. Imports nothing heavy before an operation is chosen."""

import errno
import os
import signal
import sys

from agent.commandline import joined, parser
from agent.diagnostics import Narration, error
from agent.exitcode import ExitCode
from agent.operation import Effect, load
from agent.operations import commands

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from typing import Any

    from agent.approval.consent import Answer, Consenter, Question
    from agent.approval.decision import Approver, Decision
    from agent.change.plan import Plan
    from agent.operation import Operation


def main() -> int:
    """Run one command. Nothing but an exit code and one line on stderr leaves here when it fails."""
    _open_closed_streams()
    _end_in_order()
    try:
        code = _run()
        sys.stdout.flush()
    except BrokenPipeError:
        _close_stdout()
        return ExitCode.OK
    except KeyboardInterrupt:
        error("interrupted")
        return ExitCode.INTERRUPTED
    except Exception as bug:  # noqa: BLE001 - the outermost boundary: a person gets one line, never a traceback
        return _failed(bug)
    return code


def _run() -> int:
    try:
        typed = parser().parse_args(joined(sys.argv[1:]))
    except SystemExit as end:  # --help and --version have printed, and what they printed is still to be flushed
        return int(end.code or 0)
    from agent.errors import AgentError

    narration = Narration()
    try:
        return _answer(typed, narration)
    except AgentError as failure:
        narration.clear()
        error(str(failure))
        return failure.code
    finally:
        narration.clear()


def _answer(typed: "argparse.Namespace", narration: Narration) -> int:
    """Run the operation that was typed and write its answer as it was asked for; its code is the command's."""
    from agent.argument import build, flat
    from agent.report.terminal import screen_of
    from agent.world.world import World

    operation = typed.operation
    args = build(load(operation.args), vars(typed))
    world = World(
        flat(args),
        commands(),
        approver=_asker(narration),
        consenter=_consenter(narration),
        listener=_listener(narration),
    )

    def show(result: "Any") -> None:
        narration.clear()
        if operation.views:
            chosen = getattr(typed, "output", None) or next(iter(operation.views))
            _print(load(operation.views[chosen])(result, screen_of(sys.stdout)), operation)

    narration.shows = show
    result = load(operation.run)(args, world, narration)
    show(result)
    return int(load(operation.code)(result)) if operation.code else ExitCode.OK


def _print(text: str, operation: "Operation") -> None:
    """Write an answer. How a change ended is told by its code also where nobody can be written to any more."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as gone:
        if operation.effect is not Effect.CHANGE and not isinstance(gone, BrokenPipeError):
            raise
        _close_stdout()


def _asker(narration: Narration) -> "Approver":
    """Return who asks the person at the terminal; what is being waited for is taken away first."""

    def ask(name: str, plan: "Plan", reason: str) -> "Decision":
        narration.clear()
        from agent.prompt import ask as asked

        return asked(name, plan, reason)

    return ask


def _listener(narration: Narration) -> "Callable[[], str | None]":
    """Return who reads the next line of the person at the terminal, or of what is piped in."""

    def listen() -> str | None:
        narration.clear()
        from agent.prompt import line

        return line()

    return listen


def _consenter(narration: Narration) -> "Consenter":
    """Return who shows the person at the terminal what would run, and asks."""

    def ask(question: "Question") -> "Answer":
        narration.clear()
        from agent.prompt import consent

        return consent(question)

    return ask


def _failed(bug: Exception) -> int:
    """Say what nobody foresaw, in one line; BLUEHELM_TRACEBACK=1 shows where, for a report."""
    if os.environ.get("BLUEHELM_TRACEBACK"):
        raise bug
    if isinstance(bug, OSError) and bug.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        _close_stdout()
        error(f"{bug.filename or 'a file'} cannot be written: {bug.strerror}")
        return ExitCode.INDETERMINATE
    from tools.redact import redact

    said = " ".join(redact(str(bug)).split())[:200]  # http.client quotes the header it refuses, token and all
    error(f"unforeseen {type(bug).__name__}: {said}; BLUEHELM_TRACEBACK=1 shows where")
    return ExitCode.INDETERMINATE


def _end_in_order() -> None:
    """Take a request to end, and a terminal that is closed, as ^C: processes are ended, private files removed."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # what `nohup` ignores stays ignored
            signal.signal(number, signal.default_int_handler)


def _open_closed_streams() -> None:
    """Give a stream that the caller closed (`agent ... >&-`, a bare cron) somewhere to write to: Python leaves None."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            setattr(sys, name, os.fdopen(nowhere, "w", closefd=False))


def _close_stdout() -> None:
    """Point stdout at nowhere, so that the interpreter's own flush at exit does not complain to a closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
