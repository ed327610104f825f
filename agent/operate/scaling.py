"""`scaling`: what each autoscaler does and why, what comes next, and what it would do at a load."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agent.blueprint.control import Profile
from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.errors import UsageError
from agent.events import Emit, Warned
from agent.exitcode import ExitCode
from agent.kube.names import parse
from agent.operate.arguments.scaling import Scaling
from agent.operate.diagnose import LEAST
from agent.remedy.ground import ground
from agent.scaling.curve import Curve, of_events
from agent.scaling.engine import KIND, Autoscaler, Missing, autoscalers, missing
from agent.scaling.whatif import Load, loads
from agent.snapshot.depth import SCALING
from agent.snapshot.graph import Graph
from agent.snapshot.record import Ref, Snapshot
from agent.world.blueprints import read
from agent.world.curves import curves
from agent.world.look import warn_of_gaps
from agent.world.world import World
from tools.failure import Failure


@dataclass(frozen=True, slots=True)
class Scaled:
    """How the autoscalers of a look stand."""

    autoscalers: tuple[Autoscaler, ...]
    missing: tuple[Missing, ...]
    """Autoscalers that a blueprint asks for and that are not there."""
    snapshot: Snapshot
    unknown: tuple[str, ...]
    """What could not be read or judged, a line each."""
    curves: Mapping[Ref, Sequence[Curve]] = field(default_factory=dict)
    past: str = ""
    """Why there is no more of the past, "" where there is."""


def run(args: Scaling, world: World, emit: Emit) -> Scaled:
    """Say how the autoscalers stand, of a namespace or of all."""
    tried = _loads(args)
    snapshot = world.look(args.scope, emit, SCALING)
    warn_of_gaps(snapshot, emit)
    left = None if args.scope.bundle else max(world.deadline.left(), LEAST)
    found = diagnose(snapshot, None, left)
    assert isinstance(found, Diagnosis)  # noqa: S101 - only of a subject is there a Failure
    blueprints, profile = read(world.settings.blueprints, emit), world.settings.profile or snapshot.profile
    graph, chosen = Graph(snapshot), Profile(profile) if profile in set(Profile) else None
    every = autoscalers(graph, ground(found, blueprints, snapshot, profile), blueprints, chosen, tried)
    shown = _chosen(args, every)
    told, past = _past(shown, graph, world, emit)
    absent = () if args.subject else tuple(missing(graph, blueprints, chosen))
    return Scaled(tuple(shown), absent, snapshot, found.unknown, told, past)


def code(result: Scaled) -> ExitCode:
    """Return the worst that is known: a gap outweighs an autoscaler that cannot do its work."""
    if result.unknown:
        return ExitCode.INDETERMINATE
    return ExitCode.FOUND if any(item.is_broken for item in result.autoscalers) else ExitCode.OK


def _loads(args: Scaling) -> Sequence[Load]:
    found = loads(args.at) if args.at else []
    if found is None:
        raise UsageError(f"--at {args.at}: a share of the request is written 85%, cpu=85% or cpu=85%,memory=90%")
    return found


def _chosen(args: Scaling, every: Sequence[Autoscaler]) -> Sequence[Autoscaler]:
    """Return the autoscalers that were asked about: one by its own name, or by what it scales."""
    if not args.subject:
        return every
    wanted = parse(args.subject, "")
    found = [
        item
        for item in every
        if (wanted.kind, wanted.name) in ((KIND, item.name.name), (item.target.kind, item.target.name))
    ]
    if not found:
        known = ", ".join(f"hpa/{item.name.name}" for item in every) or "none"
        raise UsageError(f"{args.subject}: no autoscaler of that name or of that workload here; there is {known}")
    return found


def _past(
    shown: Sequence[Autoscaler], graph: Graph, world: World, emit: Emit
) -> tuple[Mapping[Ref, Sequence[Curve]], str]:
    """Return the last minutes: of Prometheus where it is set, else the replicas that events tell of."""
    now, origin = graph.snapshot.taken_at, world.settings.prometheus
    told = {item.name: [curve] for item in shown if (curve := of_events(item, now)) is not None}
    if not origin or graph.snapshot.origin != "live":
        return told, "the metrics API tells of now alone; with `prometheus` set, the last 15 minutes are shown"
    found = curves(shown, graph, origin)
    if isinstance(found, Failure):
        emit(Warned(f"{found}; the last minutes are told by events alone"))
        return told, "Prometheus did not answer"
    return {**told, **{item: curve for item, curve in found.items() if curve}}, ""
