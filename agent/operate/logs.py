"""`logs`: what the containers of a pod, or of a workload's pods, said last."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.errors import UsageError
from agent.events import Emit
from agent.exitcode import ExitCode
from agent.kube.containers import Container, containers_of, readable
from agent.kube.endpoints import is_ready
from agent.kube.wording import listed
from agent.operate.arguments.logs import Logs
from agent.operate.span import span
from agent.operate.subject import subject
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import LogKey, Object, Ref, Snapshot
from agent.world.logs import read
from agent.world.look import warn_of_gaps
from agent.world.world import World
from tools.failure import Failure

PODS = 5
"""Pods of a workload whose logs are read, those that are not ready first."""


@dataclass(frozen=True, slots=True)
class Log:
    """One container's log."""

    pod: Ref
    container: str
    previous: bool
    lines: tuple[str, ...]
    """The newest of those asked for, oldest first."""
    fitting: int
    """How many lines fit what is asked for, the shown ones included."""
    read: int
    """How many lines were read; the API gives the newest 500."""


@dataclass(frozen=True, slots=True)
class Logged:
    """The logs of what was asked about."""

    subject: Ref
    logs: tuple[Log, ...]
    unread: tuple[str, ...]
    """What could not be read, and why, a line each."""
    others: int
    """Pods whose logs were not read: there are more than are read at once."""
    grep: str
    snapshot: Snapshot


def run(args: Logs, world: World, emit: Emit) -> Logged:
    """Return what the containers said."""
    seconds = int(span(args.since).total_seconds()) if args.since else None
    snapshot = world.look(args.scope, emit)
    warn_of_gaps(snapshot, emit)
    graph = Graph(snapshot)
    obj = subject(args.subject, args.scope, graph)
    pods = sorted(graph.pods(obj), key=lambda pod: (is_ready(pod), ref(pod)))
    wanted = _wanted(args, pods[:PODS], ref(obj))
    texts = read(wanted, snapshot, world, live=not args.scope.bundle, seconds=seconds)
    logs = tuple(_log(key, text, args) for key, text in texts.items() if isinstance(text, str))
    return Logged(ref(obj), logs, tuple(_unread(texts)), max(len(pods) - PODS, 0), args.grep or "", snapshot)


def code(result: Logged) -> ExitCode:
    """Return whether every log could be read."""
    return ExitCode.INDETERMINATE if result.unread or not result.logs else ExitCode.OK


def _wanted(args: Logs, pods: Sequence[Object], name: Ref) -> list[LogKey]:
    if not pods:
        raise UsageError(f"{name.kind} {name.name} has no pods, so nothing is logged")
    found = [(pod, item) for pod in pods for item in containers_of(pod)]
    chosen = [(pod, item) for pod, item in found if _is_asked(item, args.container)]
    if not chosen:
        raise UsageError(f"no container {args.container!r}; there are {listed((item.name for _, item in found), 9)}")
    return [LogKey(ref(pod).namespace, ref(pod).name, item.name, args.previous) for pod, item in chosen]


def _is_asked(container: Container, name: str | None) -> bool:
    """Return whether a container's log is meant: the named one's; else of all that run or keep others from it."""
    if name is not None:
        return container.name == name
    return container.kind == "containers" or (container.initial and not container.ready)


def _log(key: LogKey, text: str, args: Logs) -> Log:
    every = readable(text).splitlines()
    words = [word.strip().casefold() for word in (args.grep or "").split("|") if word.strip()]
    fitting = [line for line in every if not words or any(word in line.casefold() for word in words)]
    kept = tuple(fitting[-int(args.tail) :])
    return Log(Ref("Pod", key.namespace, key.pod), key.container, key.previous, kept, len(fitting), len(every))


def _unread(texts: Mapping[LogKey, str | Failure]) -> Iterator[str]:
    for key, text in texts.items():
        if isinstance(text, Failure):
            whose = f"{'the previous run of ' if key.previous else ''}container {key.container} of pod {key.pod}"
            yield "; ".join(part for part in (f"{whose}: {text.detail}", text.hint) if part)
