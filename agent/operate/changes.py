"""`changes`: what changed lately, as far as the cluster still tells."""

from dataclasses import dataclass

from agent.events import Emit
from agent.exitcode import ExitCode
from agent.kube.timeline import Turn, of_subject, timeline
from agent.operate.arguments.changes import Changes
from agent.operate.span import span
from agent.operate.subject import subject
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Ref, Snapshot
from agent.world.look import warn_of_gaps
from agent.world.world import World


@dataclass(frozen=True, slots=True)
class Changed:
    """What changed in a span, the newest first."""

    subject: Ref | None
    turns: tuple[Turn, ...]
    since: str
    earlier: int
    """How many changes are older than that."""
    snapshot: Snapshot


def run(args: Changes, world: World, emit: Emit) -> Changed:
    """Return what changed."""
    back = span(args.since)
    snapshot = world.look(args.scope, emit)
    warn_of_gaps(snapshot, emit)
    graph = Graph(snapshot)
    obj = subject(args.subject, args.scope, graph) if args.subject else None
    every = timeline(graph) if obj is None else of_subject(timeline(graph), obj, graph)
    late = tuple(turn for turn in every if turn.at >= snapshot.taken_at - back)
    return Changed(ref(obj) if obj else None, late, args.since, len(every) - len(late), snapshot)


def code(result: Changed) -> ExitCode:
    """Return whether everything was read that tells of changes."""
    return ExitCode.INDETERMINATE if any(part.needed for part in result.snapshot.incomplete()) else ExitCode.OK
