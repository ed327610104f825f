"""`agent config show`: every setting, its value, where that comes from, and what it means."""

import argparse
import inspect
import re
from dataclasses import asdict

from agent.config import Effective, Settings, config_file, load
from agent.diagnostics import ExitCode
from agent.report.data import write
from agent.report.terminal import Terminal

SCHEMA = "bluehelm/config/v1"


def show(args: argparse.Namespace) -> ExitCode:
    """Run the command."""
    effective = load()
    if args.output == "json":
        values = asdict(effective.settings)
        write(SCHEMA, {"file": str(config_file()), "settings": values, "sources": effective.sources})
    else:
        _text(effective)
    return ExitCode.OK


def _text(effective: Effective) -> None:
    terminal = Terminal()
    exists = "" if config_file().exists() else " (does not exist yet)"
    terminal.line(f"file: {config_file()}{exists}", "dim")
    for name, meaning in meanings().items():
        value = getattr(effective.settings, name)
        terminal.entry(name, f"{value!r}  from {effective.sources.get(name, 'default')}", "bold", column=16)
        terminal.entry("", meaning, "dim", column=16)


def meanings() -> dict[str, str]:
    """Return what each setting means: the text that stands under its field in agent/config.py."""
    source = inspect.getsource(Settings)
    return dict(re.findall(r'^    (\w+): \w+ = .*\n    """(.*)"""', source, re.MULTILINE))
