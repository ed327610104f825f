"""One thing that can be asked: what it is called, what it may do, and where its parts are."""

from collections.abc import Mapping
from enum import StrEnum
from importlib import import_module

TYPE_CHECKING = False  # type checkers know the name; importing it from typing costs 3 ms of every start
if TYPE_CHECKING:
    from typing import Any


class Effect(StrEnum):
    """What an operation may do."""

    READ = "read"
    """It looks."""
    PROPOSE = "propose"
    """It writes a file of its own on this machine, for a person to take or leave."""
    CHANGE = "change"
    """It changes the cluster: by an approved plan, or by reports of its own that nothing acts upon."""


class Operation:
    """One thing that can be asked. Functions and types are named `package.module:name`; see `load`.

    Attributes:
        name: the command line's words (`blueprint list`), and the name everywhere else.
        summary: one line.
        effect: what it may do.
        args: a frozen dataclass whose fields `agent.argument.arg` made.
        run: (args, World, Emit) -> result, a frozen dataclass.
        views: format -> (result, Screen) -> str, the first being the default; empty where a file is the answer.
        code: result -> ExitCode, "" where an answer is always OK.
        more: what `--help` says below the arguments, in place of the exit codes.

    """

    __slots__ = ("args", "code", "effect", "more", "name", "run", "summary", "views")

    def __init__(
        self,
        *,
        name: str,
        summary: str,
        effect: Effect,
        args: str,
        run: str,
        views: Mapping[str, str],
        code: str = "",
        more: str = "",
    ) -> None:
        self.name, self.summary, self.effect = name, summary, effect
        self.args, self.run, self.views = args, run, views
        self.code, self.more = code, more


def load(named: str) -> "Any":
    """Return what `package.module:name` names, imported now."""
    module, _, name = named.partition(":")
    return getattr(import_module(module), name)
