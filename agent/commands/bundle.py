"""`agent bundle capture|show`."""

import argparse
from dataclasses import replace
from pathlib import Path

from agent.config import load as load_settings
from agent.diagnostics import ExitCode, say
from agent.errors import UsageError
from agent.report import bundle as report
from agent.resources import bundle_path
from agent.snapshot.bundle import load, save
from agent.world.look import live, report_gaps
from tools.failure import Failure


def capture(args: argparse.Namespace) -> ExitCode:
    """Write what a look at the cluster sees, with every log in scope and no Secret data."""
    target = Path(args.file)
    if target.exists():
        raise UsageError(f"{target}: exists already; name another file")
    settings = load_settings(vars(args)).settings
    snapshot = live(args, settings, everything=True)
    report_gaps(snapshot)
    failed = save(replace(snapshot, profile=settings.profile or None), target)
    if failed is not None:
        raise UsageError(str(failed))
    objects = sum(map(len, snapshot.objects.values()))
    say(f"wrote {target}: {objects} objects, {len(snapshot.logs)} logs, no Secret data")
    return ExitCode.INDETERMINATE if snapshot.gaps() else ExitCode.OK


def show(args: argparse.Namespace) -> ExitCode:
    """Say what a bundle holds and how whole it is."""
    found = load(bundle_path(args.bundle))
    if isinstance(found, Failure):
        raise UsageError(str(found))
    (report.as_json if args.output == "json" else report.as_text)(found)
    return ExitCode.INDETERMINATE if found.gaps() else ExitCode.OK
