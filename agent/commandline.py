"""The command tree, built from the table. A command's arguments are added when it is chosen.

argparse rather than click: `--help` and `--version` may cost three bare interpreters, and click alone costs four.
"""

import argparse
import os
import sys
from functools import partial

from agent import __version__
from agent.diagnostics import error
from agent.exitcode import EXIT_CODES, ExitCode
from agent.invocation import invoked_name
from agent.operation import Operation, load
from agent.operations import GROUPS, OPERATIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn

    from agent.argument import Argument

    Fill = Callable[["_Parser"], None]
    Commands = argparse._SubParsersAction["_Parser"]

DESCRIPTION = "Why is it failing, which line of the blueprint does it break, and the change that fixes it."

NAMES = frozenset(operation.name for operation in OPERATIONS)

EXAMPLES = """\
examples:
  {name} diagnose --bundle demo          try it on the capture that ships with {name}: needs no cluster
  {name} diagnose -n todo-app            every cause in a namespace, ranked
  {name} diagnose deploy/web -n shop     why this one is failing
  {name} doctor                          what is installed, reachable and allowed
"""


def parser(*, whole: bool = False) -> argparse.ArgumentParser:
    """Build the command tree; `whole` adds every command's arguments, which only completion scripts need."""
    _Parser.whole = whole
    epilog = EXAMPLES.format(name=invoked_name()) + "\n" + _exit_codes()
    root = _Parser(prog=invoked_name(), description=DESCRIPTION, epilog=epilog)
    root.add_argument("--version", action="version", version=f"bluehelm {__version__}")
    _add_commands(root, "")
    return root


def _add_commands(parent: "_Parser", group: str) -> None:
    """Add the operations of a group, and at the top ("") the groups themselves."""
    commands = parent.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    for operation in OPERATIONS:
        first, word = _placed(operation)
        if first == group:
            more = operation.more or _exit_codes()
            command = _added(commands, word, operation.summary, epilog=more, fill=partial(_add_arguments, operation))
            command.set_defaults(operation=operation)
        elif not group and first not in commands.choices:
            _added(commands, first, GROUPS[first], fill=partial(_add_commands, group=first))


def _placed(operation: Operation) -> tuple[str, str]:
    """Return an operation's group, "" for none, and its word there; `plan show` is one word beside `plan`."""
    first, _, word = operation.name.rpartition(" ")
    return ("", operation.name) if first in NAMES else (first, word)


def joined(words: "Sequence[str]") -> "list[str]":
    """Return what was typed with `plan show` as the one word it is to the command tree."""
    whole = " ".join(words[:2])
    return [whole, *words[2:]] if words and words[0] in NAMES and whole in NAMES else list(words)


def _added(commands: "Commands", name: str, text: str, **more: "Any") -> "_Parser":
    end = "" if text.endswith("?") else "."
    return commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + end, **more)


class _Help(argparse.RawDescriptionHelpFormatter):
    """argparse's help at the terminal's width, asked of the system: argparse would import shutil for it (3 ms)."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=_columns())


def _columns() -> int:
    try:
        return min(os.get_terminal_size(1).columns, 120) - 2
    except OSError:
        return 100


class _Parser(argparse.ArgumentParser):
    """argparse, with its complaint in our one line, no surprise abbreviations, and arguments added when needed."""

    whole = False
    """Fill at once."""

    def __init__(self, fill: "Fill | None" = None, **kwargs: "Any") -> None:
        super().__init__(formatter_class=_Help, allow_abbrev=False, **kwargs)
        self._fill = fill
        if self.whole:
            self.fill()

    def fill(self) -> None:
        """Add this command's arguments, once, and only when it was chosen: the others need none."""
        pending, self._fill = self._fill, None
        if pending is not None:
            pending(self)

    def parse_known_args(self, args: "Any" = None, namespace: "Any" = None) -> "Any":
        """Parse, now that this command was chosen."""
        self.fill()
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> "NoReturn":
        """End with one line and the code for a usage error."""
        error(f"{message}; see {self.prog} --help")
        sys.exit(ExitCode.USAGE)


def _add_arguments(operation: Operation, command: _Parser) -> None:
    """Add the arguments an operation declares, and the choice of its views where there is one."""
    from agent.argument import arguments

    exclusive: dict[str, argparse._MutuallyExclusiveGroup] = {}
    for item in arguments(load(operation.args)):
        word = item.meaning.one_of
        if word and word not in exclusive:
            exclusive[word] = command.add_mutually_exclusive_group()
        _add(exclusive[word] if word else command, item)
    formats = tuple(operation.views)
    if len(formats) > 1:
        said = f" or {formats[1]}" if len(formats) == 2 else ", or for machines"
        command.add_argument(
            "-o", "--output", choices=formats, default=formats[0], help=f"{formats[0]} (default){said}"
        )


def _add(command: argparse._ActionsContainer, item: "Argument") -> None:
    """Add one argument: a word where it is positional, else a flag of its name."""
    meaning, more = item.meaning, _options(item)
    if meaning.positional:
        count = "*" if item.many else None if item.required else "?"
        command.add_argument(item.name, nargs=count, help=meaning.doc.replace("%", "%%"), **more)
        return
    flags = [flag for flag in (meaning.short, f"--{item.name.replace('_', '-')}") if flag]
    command.add_argument(*flags, dest=item.name, required=item.required, help=meaning.doc.replace("%", "%%"), **more)


def _options(item: "Argument") -> "dict[str, Any]":
    if item.type is bool:
        return {"action": "store_true"}
    found: dict[str, Any] = {"metavar": item.meaning.metavar or None}
    if item.choices:
        found["choices"] = item.choices
    if item.many and not item.meaning.positional:
        found["action"] = "append"
    if item.type is float:
        found["type"] = _number(item)
    return found | ({"nargs": "?", "const": item.meaning.bare} if item.meaning.bare else {})


def _number(item: "Argument") -> "Any":
    """Return what reads a number within its bounds; argparse names it in its complaint."""
    above, most = item.meaning.above, item.meaning.most

    def number(text: str) -> float:
        value = float(text)
        if not (above is None or value > above) or not (most is None or value <= most):
            raise ValueError(text)
        return value

    return number


def _exit_codes() -> str:
    return "exit codes:\n" + "\n".join(f"  {code.value:<4} {text}" for code, text in EXIT_CODES.items())
