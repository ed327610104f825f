"""`get`: the objects of a kind, as many as fit what is asked of their labels and their status."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.errors import UsageError
from agent.events import Emit
from agent.exitcode import ExitCode
from agent.kube.fields import metadata, moment
from agent.kube.labelselector import LabelSelector, parse
from agent.kube.standing import Standing, standing
from agent.kube.wording import closest, listed
from agent.operate.arguments.get import Get
from agent.snapshot.depth import PLAIN, Depth
from agent.snapshot.graph import Graph, labels, ref
from agent.snapshot.record import Object, Ref, Snapshot, State
from agent.world.look import warn_of_gaps
from agent.world.world import World
from tools.kinds import KINDS, MORE, Kind, kind_called

WELL, UNWELL = "well", "unwell"


@dataclass(frozen=True, slots=True)
class Row:
    """One object."""

    name: Ref
    standing: Standing
    created: datetime | None
    object: Object


@dataclass(frozen=True, slots=True)
class Got:
    """The objects that fit, by namespace and name, and the look they were found in."""

    kind: Kind
    rows: tuple[Row, ...]
    of: int
    """How many objects of the kind there are where it was looked."""
    snapshot: Snapshot
    whole: bool
    """Whether the list was read whole: else an object that is not in it may exist."""


def run(args: Get, world: World, emit: Emit) -> Got:
    """Return the objects of a kind that fit."""
    kind, name = _asked(args)
    selector = _selector(args.selector)
    snapshot = world.look(args.scope, emit, _depth(kind))
    warn_of_gaps(snapshot, emit)
    graph = Graph(snapshot)
    every = graph.all(kind.name)
    rows = [_row(obj, graph) for obj in every if name in ("", ref(obj).name) and _selected(obj, selector)]
    if name and not rows:
        raise UsageError(_absent(kind, name, every, snapshot))
    fitting = sorted((row for row in rows if _fits(row, args.status)), key=lambda row: row.name)
    whole = all(part.state is State.COMPLETE for part in snapshot.parts if part.name == kind.name)
    return Got(kind, tuple(fitting), len(every), snapshot, whole)


def code(result: Got) -> ExitCode:
    """Return whether the answer is whole."""
    return ExitCode.OK if result.whole else ExitCode.INDETERMINATE


def _asked(args: Get) -> tuple[Kind, str]:
    word, _, name = args.kind.partition("/")
    kind = kind_called(word)
    if kind is None or kind not in (*KINDS, *MORE):
        known = [word for item in (*KINDS, *MORE) for word in (item.plural, item.name.casefold(), *item.short)]
        near = closest(word.casefold(), known)
        raise UsageError(f"{word!r}: no kind that this reads{f'; did you mean {near}?' if near else ''}")
    if name and args.name:
        raise UsageError(f"{args.kind} {args.name}: name one object, as {kind.word}/NAME or {kind.word} NAME")
    return kind, name or args.name or ""


def _selector(text: str | None) -> LabelSelector | None:
    found = parse(text) if text is not None else None
    if text is not None and found is None:
        raise UsageError(f"-l {text}: no label selector: app=web,tier!=cache or 'env in (prod,dev)'")
    return found


def _depth(kind: Kind) -> Depth:
    return Depth(more=(kind,)) if kind in MORE else PLAIN


def _selected(obj: Object, selector: LabelSelector | None) -> bool:
    return selector is None or selector.selects(labels(obj))


def _row(obj: Object, graph: Graph) -> Row:
    return Row(ref(obj), standing(obj, graph), moment(metadata(obj).get("creationTimestamp")), obj)


def _fits(row: Row, wanted: str | None) -> bool:
    """Return whether an object says of itself what is asked: a part of its status is enough, in any case."""
    word = (wanted or "").casefold()
    if word in (WELL, UNWELL):
        return row.standing.well == (word == WELL)
    return word in row.standing.status.casefold()


def _absent(kind: Kind, name: str, every: Sequence[Object], snapshot: Snapshot) -> str:
    names = [ref(obj).name for obj in every]
    near = closest(name, names)
    place = f"namespace {snapshot.namespace}" if snapshot.namespace else "the cluster"
    there = f"did you mean {near}?" if near else f"there are {listed(names, 5)}" if names else "there is none"
    return f"{kind.name} {name}: not in {place}; {there}"
