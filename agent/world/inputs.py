"""Everything an audit judges, gathered: the files, what they render to, the release, git and minikube."""

from dataclasses import replace

from agent.audit.inputs import ChartFiles, Inputs, Rendered
from agent.blueprint.control import Profile
from agent.errors import UsageError
from agent.events import Emit, Progress
from agent.resources import blueprint_paths
from agent.snapshot.record import Snapshot
from agent.world.blueprints import read
from agent.world.chart import Chart
from agent.world.decides import undirected
from agent.world.history import git_facts
from agent.world.minikube import cluster_facts
from agent.world.release import Target, rendered
from agent.world.world import World
from tools.failure import Failure


def gathered(chart: Chart, profile: Profile, where: Target, snapshot: Snapshot, world: World, emit: Emit) -> Inputs:
    """Return what an audit of one release judges.

    Raises:
        UsageError: the values files cannot be read whole; says which line.

    """
    settings = world.settings
    values = chart.values(profile)
    for source, problem in values.problems[:1]:
        raise UsageError(f"{source}: {problem}")
    emit(Progress(f"rendering {chart.shown}"))
    made = rendered(chart, profile, where, snapshot, settings, world.deadline)
    blueprints = read(settings.blueprints, emit)
    specs, files = blueprint_paths(settings.blueprints), dict(chart.files(profile))
    git, git_reason = git_facts(blueprints, specs, values, files, profile, world.deadline)
    cluster, cluster_reason = cluster_facts(snapshot, settings, world.deadline)
    found = Inputs(
        blueprints=blueprints,
        profile=profile,
        values=values,
        files=tuple(files),
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
    return replace(found, decides=undirected(found, chart, where, settings, world.deadline))
