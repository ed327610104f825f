"""`completion`: a script for the shell. It is about the command line itself, so it lives beside it."""

from dataclasses import dataclass

from agent.commandline import parser
from agent.events import Emit
from agent.operate.arguments.completion import Completion
from agent.report.terminal import Screen
from agent.world.world import World


@dataclass(frozen=True, slots=True)
class Script:
    """A completion script."""

    text: str


def run(args: Completion, _: World, __: Emit) -> Script:
    """Return the script for one shell, made from the whole command tree."""
    import shtab

    return Script(shtab.complete(parser(whole=True), args.shell))


def as_script(result: Script, _: Screen) -> str:
    """Return the script itself."""
    return result.text + "\n"
