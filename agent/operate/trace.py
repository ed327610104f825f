"""`why` and `trace`: from a value to its reason and its objects, and back."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.audit.inputs import Objects
from agent.blueprint.control import Blueprints, Control, Profile
from agent.blueprint.values import Leaf, Values
from agent.errors import AgentError, UsageError
from agent.events import Emit, Progress
from agent.operate.arguments.trace import Trace, Traceable, Why
from agent.resources import blueprint_paths
from agent.snapshot.record import Snapshot
from agent.trace.explain import Explanation, deciding, leaves_of, live_places, nearest
from agent.world.blueprints import read
from agent.world.chart import Chart, open_chart
from agent.world.history import History, line_history
from agent.world.look import warn_of_gaps
from agent.world.render import Renderer, Traced
from agent.world.world import World
from tools.sandbox import sandbox


@dataclass(frozen=True, slots=True)
class Explained:
    """Values, each with its reason."""

    explanations: Sequence[Explanation]
    profile: Profile


@dataclass(frozen=True, slots=True)
class Matrix:
    """Controls and the values they decide: those of one control, or all where none was named."""

    explanations: Sequence[Explanation]
    blueprints: Blueprints
    control: Control | None


@dataclass(frozen=True, slots=True)
class _Asked:
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


def why(args: Why, world: World, emit: Emit) -> Explained:
    """Explain one value, or all below a path."""
    asked = _asked(args.of, world, emit)
    leaves = list(asked.values.below(args.value))
    if not leaves:
        near = nearest(args.value, asked.values)
        raise UsageError(
            f"no value {args.value!r} in {asked.chart.shown}{'; near: ' + ', '.join(near) if near else ''}"
        )
    return Explained(_explained(leaves, asked, world, emit), asked.profile)


def trace(args: Trace, world: World, emit: Emit) -> Matrix:
    """Explain one control, or show which control decides which value and the other way round."""
    asked = _asked(args.of, world, emit)
    control = _control(args.control, asked.blueprints) if args.control else None
    leaves = leaves_of(control, asked.values) if control else list(asked.values.leaves.values())
    return Matrix(_explained(leaves, asked, world, emit), asked.blueprints, control)


def _control(name: str, blueprints: Blueprints) -> Control:
    found = next((row for row in blueprints.controls if row.id.casefold() == name.casefold()), None)
    if found is None:
        raise UsageError(f"no control {name!r}; see `blueprint list`")
    return found


def _asked(args: Traceable, world: World, emit: Emit) -> _Asked:
    settings = world.settings
    chart = open_chart(args.chart, args.values)
    snapshot, reason = _snapshot(args, world, emit)
    named = settings.profile or (snapshot.profile if snapshot else "") or "dev"
    profile = Profile(named)
    values = chart.values(profile)
    for source, problem in values.problems[:1]:
        raise UsageError(f"{source}: {problem}")
    blueprints = read(settings.blueprints, emit)
    release = _release(snapshot, args.scope.namespace, chart)
    namespace = args.scope.namespace or release[1]
    live = _objects(snapshot, namespace) if snapshot else None
    specs, files = blueprint_paths(settings.blueprints), dict(chart.files(profile))
    history = line_history({**specs, **files}, world.deadline)
    return _Asked(chart, profile, values, blueprints, live, reason, release[0], namespace, history)


def _snapshot(args: Traceable, world: World, emit: Emit) -> tuple[Snapshot | None, str]:
    """Return the look that was asked for; without a bundle or a namespace no cluster is needed, and none is asked."""
    if not args.scope.is_named:
        return None, "no cluster was asked for; name one with -n or --bundle"
    try:
        snapshot = world.look(args.scope, emit)
    except AgentError as error:
        if isinstance(error, UsageError):
            raise
        return None, str(error)
    warn_of_gaps(snapshot, emit)
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


def _explained(leaves: Sequence[Leaf], asked: _Asked, world: World, emit: Emit) -> list[Explanation]:
    with sandbox(path=world.settings.path, deadline=world.deadline) as box:
        emit(Progress(f"rendering {asked.chart.shown}"))
        renderer = Renderer(box, asked.chart, asked.profile, asked.values, asked.name, asked.namespace)
        traced = renderer.all(leaves, emit)
    return [_one(leaf, traced[leaf.path], asked) for leaf in leaves]


def _one(leaf: Leaf, traced: Traced, asked: _Asked) -> Explanation:
    controls = deciding(leaf.path, asked.blueprints)
    rows = {row.id: asked.history.get((row.source.file, row.source.line)) for row in controls}
    return Explanation(
        leaf,
        controls,
        live_places(traced.fields, asked.live, asked.live_reason),
        traced.behind,
        traced.reason,
        asked.history.get((leaf.source.file, leaf.source.line)),
        {name: made for name, made in rows.items() if made is not None},
    )
