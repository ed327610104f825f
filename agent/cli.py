"""The command tree. Imports nothing heavy: a command's own module is loaded when it is chosen.

argparse rather than click: `--help` and `--version` may cost three bare interpreters, and click alone costs four.
"""

import argparse
import errno
import os
import sys
from importlib import import_module

from agent import __version__
from agent.diagnostics import EXIT_CODES, ExitCode, error
from agent.invocation import invoked_name

TYPE_CHECKING = False  # type checkers know the name; importing it from typing costs 3 ms of every start
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    Fill = Callable[["_Parser"], None]
    Commands = argparse._SubParsersAction["_Parser"]

DESCRIPTION = "Why is it failing, which line of the blueprint does it break, and the change that fixes it."

EXAMPLES = """\
examples:
  {name} diagnose --bundle demo          try it on the capture that ships with {name}: needs no cluster
  {name} diagnose -n todo-app            every cause in a namespace, ranked
  {name} diagnose deploy/web -n shop     why this one is failing
  {name} doctor                          what is installed, reachable and allowed
"""

COMPLETION = """\
bash:  source <(agent completion bash)
zsh:   agent completion zsh > ~/.zfunc/_agent, with ~/.zfunc on your fpath
"""


def parser(*, whole: bool = False) -> argparse.ArgumentParser:
    """Build the command tree; `whole` adds every command's arguments, which only completion scripts need."""
    _Parser.whole = whole
    root = _Parser(
        prog=invoked_name(),
        description=DESCRIPTION,
        epilog=EXAMPLES.format(name=invoked_name()) + "\n" + _exit_codes(),
    )
    root.add_argument("--version", action="version", version=f"bluehelm {__version__}")
    commands = _subcommands(root)
    _command(commands, "diagnose", "say why it is failing", _diagnose, "diagnose.run", _exit_codes())
    _command(commands, "audit", "is what runs what was decided?", _audit, "audit.run", _exit_codes())
    _command(commands, "why", "why is this value what it is?", _why, "why.why", _exit_codes())
    _command(commands, "trace", "from a control to its values and objects", _trace, "why.trace", _exit_codes())
    _command(commands, "init", "write a starter blueprint of a chart", _init, "init.run", _exit_codes())
    _command(commands, "verify", "run the checklists as far as they read", _verify, "verify.run", _exit_codes())
    _command(commands, "bundle", "write what a read command would see into one file", _bundle)
    _command(commands, "blueprint", "read the blueprints", _blueprint)
    _command(commands, "config", "the settings in force", _config)
    _command(commands, "doctor", "check what is installed, reachable and allowed", _doctor, "doctor.run", _exit_codes())
    _command(commands, "completion", "print a completion script", _completion, "completion.run", COMPLETION)
    return root


def main() -> int:
    """Run one command. Nothing but an exit code and one line on stderr leaves here when it fails."""
    _open_closed_streams()
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


def _failed(bug: Exception) -> int:
    """Say what nobody foresaw, in one line; BLUEHELM_TRACEBACK=1 shows where, for a report."""
    if os.environ.get("BLUEHELM_TRACEBACK"):
        raise bug
    if isinstance(bug, OSError) and bug.errno == errno.ENOSPC:
        _close_stdout()
    from tools.redact import redact

    said = " ".join(redact(str(bug)).split())[:200]  # http.client quotes the header it refuses, token and all
    error(f"unforeseen {type(bug).__name__}: {said}; BLUEHELM_TRACEBACK=1 shows where")
    return ExitCode.INDETERMINATE


def _open_closed_streams() -> None:
    """Give a stream that the caller closed (`agent ... >&-`, a bare cron) somewhere to write to: Python leaves None."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            setattr(sys, name, os.fdopen(nowhere, "w", closefd=False))


def _run() -> int:
    try:
        args = parser().parse_args()
    except SystemExit as end:  # --help and --version have printed, and what they printed is still to be flushed
        return int(end.code or 0)
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
        """Add this command's arguments, once, and only when it was chosen: the other nine need none."""
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


def _command(
    commands: "Commands", name: str, text: str, fill: "Fill", run: str = "", epilog: str | None = None
) -> None:
    """Add one command; `run` is `module.function` below agent.commands, "" for a group."""
    described = text[0].upper() + text[1:] + "."
    added = commands.add_parser(name, help=text, description=described, epilog=epilog, fill=fill)
    if run:
        module, function = run.split(".")
        added.set_defaults(module=module, function=function)


def _diagnose(command: argparse.ArgumentParser) -> None:
    command.add_argument("subject", nargs="?", metavar="KIND/NAME", help="only causes that concern this object")
    _world(command)
    _blueprints(command)
    _profile(command)
    _output(command)


def _audit(command: argparse.ArgumentParser) -> None:
    command.add_argument("--release", metavar="NAME", help="the release (default: the one of this chart)")
    command.add_argument("--all", action="store_true", help="show the controls that pass, too")
    _chart(command)
    _world(command)
    _blueprints(command)
    _profile(command)
    formats = ("text", "json", "markdown", "sarif", "junit")
    command.add_argument("-o", "--output", choices=formats, default="text", help="text (default), or for machines")


def _chart(command: argparse.ArgumentParser) -> None:
    command.add_argument("--chart", metavar="DIR", help="the chart (default: the one in ./charts, then ours)")
    more = "a values file over the chart's own, as helm's; may be repeated"
    command.add_argument("-f", "--values", metavar="FILE", action="append", help=more)


def _why(command: argparse.ArgumentParser) -> None:
    command.add_argument("value", metavar="VALUES.PATH", help="backend.resources.limits.memory, or all below backend")
    _traceable(command)


def _trace(command: argparse.ArgumentParser) -> None:
    command.add_argument("control", nargs="?", metavar="CONTROL", help="SVC-BE-MEM-LIMIT (default: the whole matrix)")
    _traceable(command)


def _init(command: argparse.ArgumentParser) -> None:
    command.add_argument("chart", nargs="?", metavar="CHART", help="the chart's folder (default: the one in ./charts)")
    command.add_argument("--release", metavar="NAME", help="lay this release's values over the chart's")
    command.add_argument("-f", "--file", metavar="FILE.md", help="where to write it; must not exist (default: stdout)")
    _world(command)
    _profile(command)


def _traceable(command: argparse.ArgumentParser) -> None:
    _chart(command)
    _world(command)
    _blueprints(command)
    _profile(command)
    _output(command)


def _verify(command: argparse.ArgumentParser) -> None:
    command.add_argument("blueprint", nargs="?", help="only this one: cluster, service, scaling, resilience")
    _world(command)
    _blueprints(command)
    _output(command)


def _bundle(group: argparse.ArgumentParser) -> None:
    commands = _subcommands(group)
    _command(commands, "capture", "capture a namespace or the cluster, without Secret data", _capture, "bundle.capture")
    _command(commands, "show", "say what a bundle holds and how whole it is", _bundle_show, "bundle.show")


def _capture(command: argparse.ArgumentParser) -> None:
    command.add_argument("-f", "--file", metavar="FILE.tgz", required=True, help="where to write it; must not exist")
    _profile(command)
    _live(command)


def _bundle_show(command: argparse.ArgumentParser) -> None:
    command.add_argument("bundle", metavar="FILE.tgz", help="a bundle, or `demo`")
    _output(command)


def _blueprint(group: argparse.ArgumentParser) -> None:
    commands = _subcommands(group)
    _command(
        commands, "list", "list every control, its value and where it stands", _blueprint_list, "blueprint.listing"
    )
    _command(commands, "show", "show one control, or all of a blueprint, in full", _blueprint_show, "blueprint.show")
    _command(commands, "lint", "find what cannot hold together", _blueprint_lint, "lint.run", _exit_codes())


def _blueprint_list(command: argparse.ArgumentParser) -> None:
    command.add_argument("blueprint", nargs="?", help="only this one: service, scaling, ...")
    _blueprints(command)
    _output(command)


def _blueprint_show(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="CONTROL|BLUEPRINT", help="SVC-BE-MEM-LIMIT, or service")
    _blueprints(command)
    _output(command)


def _blueprint_lint(command: argparse.ArgumentParser) -> None:
    where = "the chart beside them (default: the only one in ./charts, then ours)"
    command.add_argument("--chart", metavar="DIR", help=where)
    _blueprints(command)
    _output(command)


def _config(group: argparse.ArgumentParser) -> None:
    text = "show every setting, its value and where the value comes from"
    _command(_subcommands(group), "show", text, _output, "config.show")


def _doctor(command: argparse.ArgumentParser) -> None:
    _connection(command)
    _blueprints(command)
    _output(command)


def _completion(command: argparse.ArgumentParser) -> None:
    command.add_argument("shell", choices=("bash", "zsh", "tcsh"))
    command.set_defaults(tree=parser)


def _subcommands(group: argparse.ArgumentParser) -> "Commands":
    return group.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)


def _world(command: argparse.ArgumentParser) -> None:
    """Where to look: a bundle, or a live cluster."""
    command.add_argument("--bundle", metavar="FILE.tgz", help="look at a capture, not a cluster; `demo` ships along")
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


def _blueprints(command: argparse.ArgumentParser) -> None:
    where = "the blueprints (default: ./blueprints, then your own, then ours)"
    command.add_argument("--blueprints", metavar="DIR", help=where)


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
