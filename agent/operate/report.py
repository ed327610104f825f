"""`report`: health, diagnoses and audits as PolicyReports, kept in the cluster where that is asked for."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from agent.errors import AgentError, UsageError
from agent.events import Emit, Progress, Warned
from agent.exitcode import ExitCode
from agent.operate.arguments.report import Report as Arguments
from agent.operate.health import judged, whole
from agent.policyreport.result import Report
from agent.policyreport.results import of_audits, of_diagnosis, of_health
from agent.policyreport.shard import MOST, Shard, parse
from agent.snapshot.depth import AUDIT, REPORT
from agent.snapshot.narrow import narrow
from agent.snapshot.record import Object, Snapshot
from agent.world.look import warn_of_gaps
from agent.world.policyreports import keep, namespaces
from agent.world.world import World
from tools.failure import Failure

EVERY = 1_000
"""Releases of the chart that are audited, in all."""


@dataclass(frozen=True, slots=True)
class Reported:
    """The reports of one run, the cluster's first, and what could not be looked at or kept."""

    reports: tuple[Report, ...]
    shard: Shard
    written: bool
    """Whether they were to be kept in the cluster."""
    failures: tuple[str, ...]


def run(args: Arguments, world: World, emit: Emit) -> Reported:
    """Look, and say all of it as PolicyReports; each part is kept as soon as it is known."""
    shard = _shard(args)
    if args.write and args.scope.bundle:
        raise UsageError("--write keeps reports in a cluster; of a capture they are only printed")
    reports: list[Report] = []
    failures: list[str] = []
    for part in _parts(args, shard, world, emit):
        failed = part if isinstance(part, AgentError) else _kept(part, args, world)
        reports += () if isinstance(part, AgentError) else part
        if failed:
            failures.append(str(failed))
            emit(Warned(str(failed)))
    return Reported(tuple(reports), shard, args.write, tuple(failures))


def code(result: Reported) -> ExitCode:
    """Return whether all was looked at and kept: what is wrong with the cluster stands in the reports."""
    return ExitCode.INDETERMINATE if result.failures else ExitCode.OK


def _shard(args: Arguments) -> Shard:
    found = parse(args.shard) if args.shard is not None else Shard()
    if found is None:
        raise UsageError(f"--shard {args.shard}: a part is written I/N, 0/4 to 3/4, of {MOST} at most")
    if not found.is_all and (args.scope.bundle or args.scope.namespace):
        raise UsageError("--shard divides the namespaces of a live cluster: it stands without -n and --bundle")
    return found


def _kept(reports: Sequence[Report], args: Arguments, world: World) -> Failure | None:
    return keep(reports, _afresh(world)) if args.write else None


def _parts(args: Arguments, shard: Shard, world: World, emit: Emit) -> Iterator[list[Report] | AgentError]:
    """Yield the reports of all namespaces out of one look, or, of a part of them, a look each.

    The first part has the cluster's health as well, which nobody can say of a few namespaces.
    """
    if shard.is_all or shard.index == 0:
        yield _of_cluster(args, shard, world, emit)
    if shard.is_all:
        return
    mine = [name for name in _names(_listed(world)) if shard.holds(name)]
    for number, name in enumerate(mine, 1):
        emit(Progress(f"namespace {name}, {number} of {len(mine)}"))
        try:
            yield _looked_at(name, args, _afresh(world))
        except AgentError as error:
            yield error


def _of_cluster(args: Arguments, shard: Shard, world: World, emit: Emit) -> list[Report]:
    snapshot = world.look(whole(args.scope), emit, REPORT)
    warn_of_gaps(snapshot, emit)
    health = judged(snapshot, args.chart, EVERY if shard.is_all else 0, world, emit)
    reports = [of_health(health, snapshot.namespace or "", snapshot.taken_at)]
    for name in _seen(snapshot) if shard.is_all else ():
        own = narrow(snapshot, name)
        reports += _of_namespace(name, own, args, _afresh(world)) if own else ()
    return reports


def _looked_at(name: str, args: Arguments, world: World) -> list[Report]:
    scope = replace(args.scope, cluster=replace(args.scope.cluster, namespace=name, all_namespaces=False))
    return _of_namespace(name, world.look(scope, _silent, AUDIT), args, world)


def _of_namespace(name: str, snapshot: Snapshot, args: Arguments, world: World) -> list[Report]:
    """Return the reports of one namespace as its own people would see it: what a node breaks there is broken there."""
    health, at = judged(snapshot, args.chart, EVERY, world, _silent), snapshot.taken_at
    return [of_diagnosis(health.diagnosis, name, at), of_audits(health.held, name, at)]


def _seen(snapshot: Snapshot) -> list[str]:
    """Return the namespaces a look shows."""
    return [snapshot.namespace] if snapshot.namespace else _names(snapshot.objects.get("Namespace", ()))


def _listed(world: World) -> Sequence[Object]:
    found = namespaces(world)
    if isinstance(found, Failure):
        raise UsageError(f"{found}; without the list of namespaces nobody can take a part of them")
    return found


def _names(found: Iterable[Object]) -> list[str]:
    """Return the names of namespaces, without those that are going: nothing can be kept there any more."""
    metas = [obj.get("metadata") or {} for obj in found]
    return sorted(str(meta.get("name")) for meta in metas if not meta.get("deletionTimestamp"))


def _afresh(world: World) -> World:
    """Return the same world with the whole time before it: each namespace has as long as a command."""
    return replace(world, began=time.monotonic())


def _silent(_: object) -> None:
    """Say nothing: a part of the namespaces is many looks, and its reports say what each could not read."""
