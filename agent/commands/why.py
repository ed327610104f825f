"""`agent why PATH` and `agent trace [CONTROL]`: from a value to its reason and its objects, and back."""

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from agent.audit.inputs import Objects
from agent.blueprint.control import Blueprints, Control, Profile
from agent.blueprint.values import Leaf, Values
from agent.config import Settings, load
from agent.diagnostics import ExitCode, Progress
from agent.errors import AgentError, UsageError
from agent.report import trace as report
from agent.resources import blueprint_paths
from agent.snapshot.record import Snapshot
from agent.trace.explain import Explanation, deciding, leaves_of, live_places, nearest
from agent.world.blueprints import read
from agent.world.chart import Chart, open_chart
from agent.world.history import History, line_history
from agent.world.look import look, report_gaps
from agent.world.render import Renderer, Traced
from tools.run import sandbox


@dataclass(frozen=True, slots=True)
class _World:
    """What is asked about: chart, values, blueprints, and the cluster where one was named."""

    chart: Chart
    profile: Profile
    values: Values
    blueprints: Blueprints
    live: Objects | None
    live_reason: str
    name: str
    namespace: str
    history: History


def why(args: argparse.Namespace) -> ExitCode:
    """Explain one value, or all below a path."""
    settings = load(vars(args)).settings
    world = _world(args, settings)
    leaves = list(world.values.below(args.value))
    if not leaves:
        near = nearest(args.value, world.values)
        raise UsageError(
            f"no value {args.value!r} in {world.chart.shown}{'; near: ' + ', '.join(near) if near else ''}"
        )
    return _show(args, _explained(leaves, world, settings), world)


def trace(args: argparse.Namespace) -> ExitCode:
    """Explain one control, or show which control decides which value and the other way round."""
    settings = load(vars(args)).settings
    world = _world(args, settings)
    if not args.control:
        found = _explained(list(world.values.leaves.values()), world, settings)
        (report.matrix_as_json if args.output == "json" else report.matrix)(found, world.blueprints)
        return ExitCode.OK
    control = _control(args.control, world.blueprints)
    found = _explained(leaves_of(control, world.values), world, settings)
    (report.control_as_json if args.output == "json" else report.control_as_text)(control, found)
    return ExitCode.OK


def _control(name: str, blueprints: Blueprints) -> Control:
    found = next((row for row in blueprints.controls if row.id.casefold() == name.casefold()), None)
    if found is None:
        raise UsageError(f"no control {name!r}; see `blueprint list`")
    return found


def _world(args: argparse.Namespace, settings: Settings) -> _World:
    chart = open_chart(args)
    snapshot, reason = _snapshot(args, settings)
    named = settings.profile or (snapshot.profile if snapshot else "") or "dev"
    profile = Profile(named)
    values = chart.values(profile)
    for source, problem in values.problems[:1]:
        raise UsageError(f"{source}: {problem}")
    blueprints = read(settings.blueprints)
    release = _release(snapshot, args.namespace, chart)
    namespace = args.namespace or release[1]
    live = _objects(snapshot, namespace) if snapshot else None
    specs, files = blueprint_paths(settings.blueprints), dict(chart.files(profile))
    history = line_history({**specs, **files})
    return _World(chart, profile, values, blueprints, live, reason, release[0], namespace, history)


def _snapshot(args: argparse.Namespace, settings: Settings) -> tuple[Snapshot | None, str]:
    """Return the look that was asked for; without a bundle or a namespace no cluster is needed, and none is asked."""
    if not (args.bundle or args.namespace or args.all_namespaces or args.context):
        return None, "no cluster was asked for; name one with -n or --bundle"
    try:
        snapshot = look(args, settings)
    except AgentError as error:
        if isinstance(error, UsageError):
            raise
        return None, str(error)
    report_gaps(snapshot)
    return snapshot, ""


def _release(snapshot: Snapshot | None, namespace: str | None, chart: Chart) -> tuple[str, str]:
    """Return (name, namespace) the chart is rendered as: those of its release where there is one."""
    for item in snapshot.releases if snapshot else ():
        fits = item.chart.rpartition("-")[0] == chart.name
        if fits and namespace in (None, item.namespace):
            return item.name, item.namespace
    return chart.name, (snapshot.namespace if snapshot else None) or "default"


def _objects(snapshot: Snapshot, namespace: str) -> Objects:
    return Objects([obj for listed in snapshot.objects.values() for obj in listed], namespace)


def _explained(leaves: Sequence[Leaf], world: _World, settings: Settings) -> list[Explanation]:
    progress = Progress()
    with ExitStack() as stack:
        stack.callback(progress.clear)
        box = stack.enter_context(sandbox(path=settings.path))
        progress(f"rendering {world.chart.shown}")
        renderer = Renderer(box, world.chart, world.profile, world.values, world.name, world.namespace)
        traced = renderer.all(leaves, progress)
    return [_one(leaf, traced[leaf.path], world) for leaf in leaves]


def _one(leaf: Leaf, traced: Traced, world: _World) -> Explanation:
    controls = deciding(leaf.path, world.blueprints)
    rows = {row.id: world.history.get((row.source.file, row.source.line)) for row in controls}
    return Explanation(
        leaf,
        controls,
        live_places(traced.fields, world.live, world.live_reason),
        traced.behind,
        traced.reason,
        world.history.get((leaf.source.file, leaf.source.line)),
        {name: made for name, made in rows.items() if made is not None},
    )


def _show(args: argparse.Namespace, found: Sequence[Explanation], world: _World) -> ExitCode:
    (report.as_json if args.output == "json" else report.as_text)(found, world.profile)
    return ExitCode.OK
