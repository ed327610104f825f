"""`agent blueprint lint`."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from agent.blueprint.control import Profile
from agent.blueprint.lint.engine import lint
from agent.blueprint.lint.finding import Lint, Severity
from agent.blueprint.lint.references import named
from agent.blueprint.lint.subject import subject
from agent.blueprint.load import parse
from agent.blueprint.values import Values
from agent.config import load
from agent.diagnostics import ExitCode, warn
from agent.report import lint as report
from agent.resources import Folder, blueprint_files, bundled
from agent.world.chart import Chart, open_chart


def run(args: argparse.Namespace) -> ExitCode:
    """Say what contradicts itself, cannot hold, cannot be executed or has no counterpart in the chart."""
    where, files = blueprint_files(load(vars(args)).settings.blueprints)
    blueprints = parse(files)
    chart = _chart(args, where)
    values: Mapping[Profile, Values] = {profile: chart.values(profile) for profile in Profile} if chart else {}
    absent = _absent(named(subject(files, blueprints)), where, chart)
    found = lint(subject(files, blueprints, values, absent))
    looked = report.Looked(where.whose, str(where.path), chart.shown if chart else "", len(files))
    (report.as_json if args.output == "json" else report.text)(found, looked)
    return _code(found, unread=bool(blueprints.unread))


def _chart(args: argparse.Namespace, where: Folder) -> Chart | None:
    """Return the chart beside the blueprints. Ours is no measure for somebody else's, so that then there is none."""
    chart = open_chart(args)
    if not args.chart and where.whose != "shipped" and chart.path.parent == bundled("charts"):
        warn("no chart in ./charts: what concerns values is not looked at; name one with --chart DIR")
        return None
    return chart


def _absent(mentioned: Mapping[str, object], where: Folder, chart: Chart | None) -> frozenset[str]:
    """Return the files that are named, and are neither beside the blueprints, nor here, nor in the chart."""
    roots = (where.path.resolve().parent, Path.cwd(), *([chart.path] if chart else []))
    return frozenset(path for path in mentioned if not any((root / path).exists() for root in roots))


def _code(found: tuple[Lint, ...], *, unread: bool) -> ExitCode:
    if unread:
        return ExitCode.USAGE
    return ExitCode.FOUND if any(item.severity is Severity.ERROR for item in found) else ExitCode.OK
