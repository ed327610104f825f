"""One line of a checklist: its row, what its Kind column says it is, and its command taken apart."""

from dataclasses import dataclass

from agent.blueprint.commands import Command, CommandKind, read
from agent.blueprint.control import Control


@dataclass(frozen=True, slots=True)
class Line:
    """One check. The command's texts are "" where the line has none."""

    control: Control
    kind: CommandKind
    """What the Kind column says; a line that does not say observes."""
    command: Command


def parse(control: Control) -> Line:
    """Return a checklist row's line. Its raw text is `command; kind`, the command left out where there is none."""
    command, _, said = control.raw.rpartition("; ")
    kind = said.casefold()
    known = CommandKind(kind) if kind in set(CommandKind) - {CommandKind.UNKNOWN} else CommandKind.OBSERVES
    return Line(control, known, read(command.strip("`"), {}))
