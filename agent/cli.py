"""The command tree. Imports nothing heavy: a command's own module is loaded when it is chosen.

argparse rather than click: `--help` and `--version` may cost three bare interpreters, and click alone costs four.
"""

import argparse
import os
import sys
from importlib import import_module

from agent import __version__
from agent.diagnostics import EXIT_CODES, ExitCode, error
from agent.invocation import invoked_name

DESCRIPTION = "Why is it failing, which line of the blueprint does it break, and the change that fixes it."

EXAMPLES = """\
examples:
  {name} diagnose --bundle demo          try it on the capture that ships with {name}: needs no cluster
  {name} diagnose -n todo-app            every cause in a namespace, ranked
  {name} diagnose deploy/web -n shop     why this one is failing
  {name} doctor                          what is installed, reachable and allowed
"""


def parser() -> argparse.ArgumentParser:
    """Build the whole command tree."""
    root = _Parser(
        prog=invoked_name(),
        description=DESCRIPTION,
        epilog=EXAMPLES.format(name=invoked_name()) + "\n" + _exit_codes(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    root.add_argument("--version", action="version", version=f"bluehelm {__version__}")
    commands = root.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    for add in (_diagnose, _bundle, _blueprint, _config, _doctor, _completion):
        add(commands)
    return root


def main() -> int:
    """Run one command. Nothing but an exit code and one line on stderr leaves here when it fails."""
    try:
        args = parser().parse_args()
        code = _run(args)
        sys.stdout.flush()
    except BrokenPipeError:
        _close_stdout()
        return ExitCode.OK
    except KeyboardInterrupt:
        error("interrupted")
        return ExitCode.INTERRUPTED
    return code


def _run(args: argparse.Namespace) -> int:
    from agent.errors import AgentError

    try:
        command = import_module(f"agent.commands.{args.module}")
        return int(getattr(command, args.function)(args))
    except AgentError as failure:
        error(str(failure))
        return failure.code


def _close_stdout() -> None:
    """Point stdout at nowhere, so that the interpreter's own flush at exit does not complain to a closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    """argparse, with its complaint in our one line and no surprise abbreviations."""

    def error(self, message: str) -> "None":  # type: ignore[override]
        error(f"{message}; see {self.prog} --help")
        sys.exit(ExitCode.USAGE)


_Commands = "argparse._SubParsersAction[_Parser]"


def _command(
    commands: _Commands, name: str, text: str, run: str = "", epilog: str | None = None
) -> argparse.ArgumentParser:
    """Add one command; `run` is `module.function` below agent.commands, "" for a group."""
    added = commands.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    if run:
        module, function = run.split(".")
        added.set_defaults(module=module, function=function)
    return added


def _group(commands: _Commands, name: str, text: str) -> _Commands:
    return _command(commands, name, text).add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=_Parser
    )


def _diagnose(commands: _Commands) -> None:
    command = _command(commands, "diagnose", "say why it is failing", "diagnose.run", _exit_codes())
    command.add_argument("subject", nargs="?", metavar="KIND/NAME", help="only causes that concern this object")
    _world(command)
    _blueprints(command)
    _output(command)


def _bundle(commands: _Commands) -> None:
    group = _group(commands, "bundle", "write what a read command would see into one file")
    capture = _command(group, "capture", "capture a namespace or the whole cluster, without Secret data", "bundle.capture")
    capture.add_argument("-f", "--file", metavar="FILE.tgz", required=True, help="where to write it (never overwritten)")
    _profile(capture)
    _live(capture)
    show = _command(group, "show", "say what a bundle holds and how whole it is", "bundle.show")
    show.add_argument("bundle", metavar="FILE.tgz", help="a bundle, or `demo`")
    _output(show)


def _blueprint(commands: _Commands) -> None:
    group = _group(commands, "blueprint", "read the blueprints")
    listing = _command(group, "list", "list every control with its value and where it stands", "blueprint.listing")
    listing.add_argument("blueprint", nargs="?", help="only this one: service, scaling, ...")
    show = _command(group, "show", "show one control, or one blueprint's controls, in full", "blueprint.show")
    show.add_argument("name", metavar="CONTROL|BLUEPRINT", help="SVC-BE-MEM-LIMIT, or service")
    for command in (listing, show):
        _blueprints(command, profile=False)
        _output(command)


def _config(commands: _Commands) -> None:
    group = _group(commands, "config", "the settings in force")
    _output(_command(group, "show", "show every setting, its value and where the value comes from", "config.show"))


def _doctor(commands: _Commands) -> None:
    command = _command(commands, "doctor", "check what is installed, reachable and allowed", "doctor.run")
    _connection(command)
    _blueprints(command, profile=False)
    _output(command)


def _completion(commands: _Commands) -> None:
    name = invoked_name()
    command = _command(
        commands,
        "completion",
        "print a completion script",
        "completion.run",
        f"bash:  source <({name} completion bash)\nzsh:   {name} completion zsh > ~/.zfunc/_{name}",
    )
    command.add_argument("shell", choices=("bash", "zsh", "tcsh"))


def _world(command: argparse.ArgumentParser) -> None:
    """Where to look: a bundle, or a live cluster."""
    command.add_argument("--bundle", metavar="FILE.tgz", help="look at a capture instead of a cluster; `demo` ships along")
    _live(command)


def _live(command: argparse.ArgumentParser) -> None:
    scope = command.add_mutually_exclusive_group()
    scope.add_argument("-n", "--namespace", metavar="NS", help="the namespace (default: the context's)")
    scope.add_argument("-A", "--all-namespaces", action="store_true", help="every namespace")
    _connection(command)


def _connection(command: argparse.ArgumentParser) -> None:
    command.add_argument("--context", metavar="NAME", help="the kubeconfig context (default: the current one)")
    command.add_argument("--kubeconfig", metavar="FILE", help="the kubeconfig file")
    command.add_argument("--timeout", metavar="SECONDS", type=_seconds, help="give up on the cluster after this long")


def _blueprints(command: argparse.ArgumentParser, *, profile: bool = True) -> None:
    command.add_argument("--blueprints", metavar="DIR", help="the blueprints (default: ./blueprints, then your own, then ours)")
    if profile:
        _profile(command)


def _profile(command: argparse.ArgumentParser) -> None:
    command.add_argument("--profile", choices=("dev", "prod"), help="which of the blueprint's values apply")


def _output(command: argparse.ArgumentParser) -> None:
    command.add_argument("-o", "--output", choices=("text", "json"), default="text", help="text (default) or json")


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 3600:
        raise ValueError(text)
    return value


def _exit_codes() -> str:
    return "exit codes:\n" + "\n".join(f"  {code.value:<4} {text}" for code, text in EXIT_CODES.items())
