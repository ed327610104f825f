"""`agent blueprint list|show`."""

import argparse

from agent.blueprint.control import Blueprints, Control
from agent.config import load
from agent.diagnostics import ExitCode
from agent.errors import UsageError
from agent.report import controls as report
from agent.resources import folder
from agent.world.blueprints import read


def listing(args: argparse.Namespace) -> ExitCode:
    """List every control, or one blueprint's."""
    found = _read(args)
    chosen = [control for control in found.controls if args.blueprint in (None, control.blueprint)]
    if not chosen:
        raise UsageError(f"no blueprint {args.blueprint!r}; there are: {_names(found)}")
    return _show(args, found, chosen, report.table)


def show(args: argparse.Namespace) -> ExitCode:
    """Show one control, or all of a blueprint, in full."""
    found = _read(args)
    wanted = args.name.casefold()
    chosen = [c for c in found.controls if wanted in (c.id.casefold(), c.blueprint.casefold())]
    if not chosen:
        raise UsageError(f"no control or blueprint {args.name!r}; see `blueprint list`")
    return _show(args, found, chosen, report.full)


def _read(args: argparse.Namespace) -> Blueprints:
    return read(load(vars(args)).settings.blueprints)


def _show(args: argparse.Namespace, found: Blueprints, chosen: list[Control], text: report.TextReport) -> ExitCode:
    where = folder("blueprints", load(vars(args)).settings.blueprints)
    if args.output == "json":
        report.as_json(chosen, found.unread, where.whose)
    else:
        text(chosen, found.unread, f"{where.path} ({where.whose})")
    return ExitCode.USAGE if found.unread else ExitCode.OK


def _names(found: Blueprints) -> str:
    return ", ".join(dict.fromkeys(control.blueprint for control in found.controls))
