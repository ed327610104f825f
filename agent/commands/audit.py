"""`agent audit`: is what runs what was decided?"""

import argparse
from pathlib import Path

from agent.audit.engine import audit
from agent.audit.inputs import ChartFiles, Inputs
from agent.audit.verdict import Audit, Outcome
from agent.blueprint.control import Profile
from agent.config import Settings, load
from agent.diagnostics import ExitCode, Progress
from agent.errors import UsageError
from agent.report.audit import as_json, as_text
from agent.resources import blueprint_paths
from agent.snapshot.record import Snapshot
from agent.world.blueprints import read
from agent.world.chart import Chart, open_chart
from agent.world.history import git_facts
from agent.world.look import look, report_gaps
from agent.world.release import cluster_facts, rendered, target

COMMANDS = frozenset(path.stem for path in Path(__file__).parent.glob("*.py"))
"""The commands this version has: each has a module here."""


def run(args: argparse.Namespace) -> ExitCode:
    """Run the command; a gap outweighs a failure, both outweigh a row that nothing here can observe."""
    settings = load(vars(args)).settings
    chart = open_chart(args)
    snapshot = look(args, settings, owners=True)
    profile = chosen(settings, snapshot.profile)
    report_gaps(snapshot)
    found = audit(_inputs(args, settings, chart, profile, snapshot))
    _show(args, found, snapshot)
    return code(found)


def _show(args: argparse.Namespace, found: Audit, snapshot: Snapshot) -> None:
    if args.output == "text":
        as_text(found, snapshot, every=args.all)
    elif args.output == "json":
        as_json(found, snapshot)
    else:
        from agent.report.audit_formats import FORMATS

        FORMATS[args.output](found, snapshot)


def chosen(settings: Settings, bundles: str | None) -> Profile:
    """Return the profile to hold a release to: the one named, or the bundle's own. Never guessed."""
    named = settings.profile or bundles or ""
    if named not in set(Profile):
        raise UsageError("which profile? --profile dev or --profile prod (or `profile` in the settings)")
    return Profile(named)


def _inputs(args: argparse.Namespace, settings: Settings, chart: Chart, profile: Profile, snapshot: Snapshot) -> Inputs:
    where = target(args, chart, snapshot)
    values = chart.values(profile)
    for source, problem in values.problems[:1]:
        raise UsageError(f"{source}: {problem}")
    progress = Progress()
    progress(f"rendering {chart.shown}")
    try:
        made = rendered(chart, profile, where, snapshot, settings)
        blueprints = read(settings.blueprints)
        specs = blueprint_paths(settings.blueprints)
        files = dict(chart.files(profile))
        git, git_reason = git_facts(blueprints, specs, values, files, profile)
        cluster, cluster_reason = cluster_facts(snapshot, settings)
    finally:
        progress.clear()
    return Inputs(
        blueprints=blueprints,
        profile=profile,
        values=values,
        files=tuple(shown for shown, _ in chart.files(profile)),
        chart=ChartFiles(chart.name, chart.shown, frozenset(chart.templates()), tuple(chart.lookups())),
        snapshot=snapshot,
        namespace=where.namespace,
        release=where.release,
        release_reason=where.reason,
        rendered=made if not isinstance(made, str) else None,
        rendered_reason=made if isinstance(made, str) else "",
        git=git,
        git_reason=git_reason,
        cluster=cluster,
        cluster_reason=cluster_reason,
        commands=COMMANDS,
    )


def code(found: Audit) -> ExitCode:
    """Return what an audit exits with."""
    if found.gaps:
        return ExitCode.INDETERMINATE
    if found.count(Outcome.FAIL):
        return ExitCode.FOUND
    return ExitCode.INDETERMINATE if found.count(Outcome.UNKNOWN) else ExitCode.OK
