"""`events`: what the cluster noted of objects, put together by reason and message."""

from dataclasses import dataclass
from datetime import datetime

from agent.events import Emit
from agent.exitcode import ExitCode
from agent.kube.events import Happening, about, happenings
from agent.operate.arguments.events import Events
from agent.operate.span import span
from agent.operate.subject import subject
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref, Snapshot
from agent.world.look import warn_of_gaps
from agent.world.world import World


@dataclass(frozen=True, slots=True)
class Noted:
    """Events, the newest last."""

    subject: Ref | None
    happenings: tuple[Happening, ...]
    warnings: bool
    since: str
    snapshot: Snapshot


def run(args: Events, world: World, emit: Emit) -> Noted:
    """Return the events of an object, or all."""
    back = span(args.since) if args.since else None
    snapshot = world.look(args.scope, emit)
    warn_of_gaps(snapshot, emit)
    graph = Graph(snapshot)
    obj = subject(args.subject, args.scope, graph) if args.subject else None
    names = _belonging(obj, graph) if obj is not None else None
    found = happenings(event for event in graph.all("Event") if names is None or about(event) in names)
    earliest = snapshot.taken_at - back if back else None
    kept = [item for item in found if (item.warning or not args.warnings) and _is_late(item, earliest)]
    return Noted(ref(obj) if obj else None, tuple(kept), args.warnings, args.since or "", snapshot)


def code(result: Noted) -> ExitCode:
    """Return whether the events could be read."""
    return ExitCode.OK if result.snapshot.knows("Event") else ExitCode.INDETERMINATE


def _belonging(obj: Object, graph: Graph) -> set[Ref]:
    """Return an object and what belongs to it: what it made, and the autoscaler that is called like it."""
    name = ref(obj)
    return {name, Ref("HorizontalPodAutoscaler", name.namespace, name.name), *(ref(item) for item in graph.below(obj))}


def _is_late(item: Happening, earliest: datetime | None) -> bool:
    return earliest is None or (item.last is not None and item.last >= earliest)
