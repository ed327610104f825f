"""`audit`: is what runs what was decided?"""

from dataclasses import dataclass

from agent.audit.engine import audit
from agent.audit.inputs import ChartFiles, Inputs, Rendered
from agent.audit.verdict import Audit as Verdicts
from agent.audit.verdict import Outcome
from agent.blueprint.control import Profile
from agent.config import Settings
from agent.errors import UsageError
from agent.events import Emit, Progress
from agent.exitcode import ExitCode
from agent.operate.arguments.audit import Audit
from agent.resources import blueprint_paths
from agent.snapshot.record import Snapshot
from agent.world.blueprints import read
from agent.world.chart import Chart, open_chart
from agent.world.history import git_facts
from agent.world.look import warn_of_gaps
from agent.world.release import cluster_facts, rendered, target
from agent.world.world import World
from tools.failure import Failure


@dataclass(frozen=True, slots=True)
class Audited:
    """Every control's verdict, and the look it was judged on."""

    audit: Verdicts
    snapshot: Snapshot
    every: bool
    """Whether a person asked to see the controls that pass, too."""


def run(args: Audit, world: World, emit: Emit) -> Audited:
    """Judge a release against every row of the blueprints."""
    settings = world.settings
    chart = open_chart(args.chart, args.values)
    snapshot = world.look(args.scope, emit, owners=True)
    profile = chosen(settings, snapshot.profile)
    warn_of_gaps(snapshot, emit)
    return Audited(audit(_inputs(args, world, chart, profile, snapshot, emit)), snapshot, args.all)


def code(result: Audited) -> ExitCode:
    """Return the worst: a gap outweighs a failure, both outweigh a row that nothing here can observe."""
    found = result.audit
    if found.gaps:
        return ExitCode.INDETERMINATE
    if found.count(Outcome.FAIL):
        return ExitCode.FOUND
    return ExitCode.INDETERMINATE if found.count(Outcome.UNKNOWN) else ExitCode.OK


def chosen(settings: Settings, bundles: str | None) -> Profile:
    """Return the profile to hold a release to: the one named, or the bundle's own. Never guessed."""
    named = settings.profile or bundles or ""
    if named not in set(Profile):
        raise UsageError("which profile? --profile dev or --profile prod (or `profile` in the settings)")
    return Profile(named)


def _inputs(args: Audit, world: World, chart: Chart, profile: Profile, snapshot: Snapshot, emit: Emit) -> Inputs:
    settings = world.settings
    where = target(chart, snapshot, args.scope.namespace, args.release)
    values = chart.values(profile)
    for source, problem in values.problems[:1]:
        raise UsageError(f"{source}: {problem}")
    emit(Progress(f"rendering {chart.shown}"))
    made = rendered(chart, profile, where, snapshot, settings, world.deadline)
    blueprints = read(settings.blueprints, emit)
    specs = blueprint_paths(settings.blueprints)
    files = dict(chart.files(profile))
    git, git_reason = git_facts(blueprints, specs, values, files, profile, world.deadline)
    cluster, cluster_reason = cluster_facts(snapshot, settings, world.deadline)
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
        rendered=made if isinstance(made, Rendered) else None,
        rendered_failure=made if isinstance(made, Failure) else None,
        git=git,
        git_reason=git_reason,
        cluster=cluster,
        cluster_reason=cluster_reason,
        commands=world.commands,
    )
