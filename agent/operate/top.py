"""`top`: what pods or nodes use, beside what they ask for and may have."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from agent.events import Emit
from agent.exitcode import ExitCode
from agent.kube.loads import Loads, of_nodes, of_pods
from agent.operate.arguments.top import Top
from agent.operate.subject import subject
from agent.snapshot.depth import HEALTH, PLAIN
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref, Snapshot
from agent.world.look import warn_of_gaps
from agent.world.world import World
from tools.kinds import kind_called

LEAST = Decimal(-1)


@dataclass(frozen=True, slots=True)
class Used:
    """What is used, ordered as it was asked for."""

    subject: Ref | None
    kind: str
    """`Pod` or `Node`."""
    loads: tuple[Loads, ...]
    reason: str
    """Why nobody knows what is used, "" where that is known."""
    snapshot: Snapshot


def run(args: Top, world: World, emit: Emit) -> Used:
    """Return what pods or nodes use."""
    whole = kind_called(args.what) if "/" not in args.what else None
    of_node = args.what.partition("/")[0] in ("no", "node", "nodes")
    snapshot = world.look(args.scope, emit, HEALTH if of_node else PLAIN)
    warn_of_gaps(snapshot, emit)
    graph = Graph(snapshot)
    obj = None if whole is not None and whole.name in ("Pod", "Node") else subject(args.what, args.scope, graph)
    loads = _loads(obj, graph, of_node=of_node)
    return Used(
        ref(obj) if obj else None,
        "Node" if of_node else "Pod",
        tuple(_sorted(loads, args.sort)),
        _reason(loads, graph),
        snapshot,
    )


def code(result: Used) -> ExitCode:
    """Return whether it is known what is used."""
    return ExitCode.INDETERMINATE if result.reason else ExitCode.OK


def _loads(obj: Object | None, graph: Graph, *, of_node: bool) -> list[Loads]:
    if of_node:
        return of_nodes([obj] if obj is not None else graph.all("Node"), graph)
    return of_pods(list(graph.pods(obj)) if obj is not None else graph.all("Pod"), graph)


def _sorted(loads: Sequence[Loads], sort: str | None) -> list[Loads]:
    def first(item: Loads) -> Decimal:
        if sort is None:
            return item.share
        used = (item.cpu if sort == "cpu" else item.memory).used
        return LEAST if used is None else used

    return sorted(loads, key=lambda item: (-first(item), item.ref))


def _reason(loads: Sequence[Loads], graph: Graph) -> str:
    if not loads or any(item.cpu.used is not None for item in loads):
        return ""
    part = next((item for item in graph.snapshot.parts if item.name == "metrics"), None)
    return (part.reason if part else "") or "metrics.k8s.io says nothing of them"
