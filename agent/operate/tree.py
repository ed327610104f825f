"""`tree`: what belongs to an object."""

from dataclasses import dataclass

from agent.events import Emit
from agent.exitcode import ExitCode
from agent.kube.belongings import RELEASE, Belonging, belongings
from agent.kube.standing import Standing, standing
from agent.operate.arguments.tree import Tree
from agent.operate.subject import subject
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Ref, Snapshot
from agent.world.look import warn_of_gaps
from agent.world.world import World


@dataclass(frozen=True, slots=True)
class Branch:
    """One object that belongs to the one asked about, and how it stands; None where it is not in the look."""

    belonging: Belonging
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class Grown:
    """An object with everything that belongs to it."""

    subject: Ref
    standing: Standing
    branches: tuple[Branch, ...]
    snapshot: Snapshot


def run(args: Tree, world: World, emit: Emit) -> Grown:
    """Return what belongs to an object."""
    snapshot = world.look(args.scope, emit)
    warn_of_gaps(snapshot, emit)
    graph = Graph(snapshot)
    obj = subject(args.subject, args.scope, graph)
    branches = tuple(Branch(item, _standing(item.ref, graph)) for item in belongings(obj, graph))
    return Grown(ref(obj), standing(obj, graph), branches, snapshot)


def code(result: Grown) -> ExitCode:
    """Return whether everything was read that could belong to it."""
    return ExitCode.INDETERMINATE if any(part.needed for part in result.snapshot.incomplete()) else ExitCode.OK


def _standing(name: Ref, graph: Graph) -> Standing | None:
    obj = graph.get(*name) if name.kind != RELEASE else None
    return standing(obj, graph) if obj is not None else None
