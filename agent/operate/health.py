"""`health`: how well a cluster is, what will break next, and what to do first."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from agent.blueprint.control import Profile
from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.errors import AgentError, UsageError
from agent.events import Emit, Event, Progress, Warned
from agent.exitcode import ExitCode
from agent.health.alerts import alerts
from agent.health.engine import Health as Found
from agent.health.engine import examine
from agent.health.trend import Record, Trend, record, trend
from agent.operate.arguments.health import Health
from agent.operate.diagnose import LEAST
from agent.remedy.ground import ground
from agent.severity import Severity
from agent.snapshot.depth import HEALTH
from agent.snapshot.graph import Graph
from agent.snapshot.record import Snapshot
from agent.world.blueprints import read
from agent.world.chart import open_chart
from agent.world.held import held
from agent.world.look import warn_of_gaps
from agent.world.proof import prove
from agent.world.reports import keep, kept, since
from agent.world.scope import Scope
from agent.world.world import World
from tools.cluster import prepare

AT_ONCE = 8
"""Clusters that are looked at at once."""

MOST_RELEASES = 5
"""Releases of the chart that are held against the blueprints."""


@dataclass(frozen=True, slots=True)
class Examined:
    """How well a cluster is, the look that shows it, and what changed since an earlier report."""

    health: Found
    snapshot: Snapshot
    trend: Trend | None
    history: tuple[Record, ...]
    """The reports that were kept before, the oldest first, and this one."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster's report, or why there is none."""

    context: str
    """"" for the one in force."""
    report: Examined | None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Reported:
    """The reports of the clusters that were asked about, in the order they were named."""

    clusters: tuple[Cluster, ...]

    @property
    def reports(self) -> tuple[Examined, ...]:
        """Return the reports there are."""
        return tuple(item.report for item in self.clusters if item.report is not None)


def run(args: Health, world: World, emit: Emit) -> Reported:
    """Look at a whole cluster, or at several side by side, and say how well each is."""
    if args.contexts is None:
        return Reported((Cluster("", _report(args, world, emit)),))
    names = list(dict.fromkeys(filter(None, (name.strip() for name in args.contexts.split(",")))))
    if not names or args.scope.bundle or args.scope.cluster.connection.context:
        raise UsageError("--contexts names live clusters, commas between; it stands in place of --context and --bundle")
    prepare()
    with ThreadPoolExecutor(min(len(names), AT_ONCE)) as workers:
        return Reported(tuple(workers.map(lambda name: _one(name, args, world, emit), names)))


def _one(context: str, args: Health, world: World, emit: Emit) -> Cluster:
    """Return one cluster's report; one that does not answer keeps nobody else's from being read."""
    own = World({**world.flags, "context": context}, world.commands, world.looker)
    try:
        return Cluster(context, _report(args, own, _naming(context, emit)))
    except AgentError as error:
        return Cluster(context, None, str(error))


def _naming(context: str, emit: Emit) -> Emit:
    """Return what puts a cluster's name before what is said of it."""

    def named(event: Event) -> None:
        if isinstance(event, Progress | Warned):
            emit(replace(event, text=f"{context}: {event.text}"))

    return named


def _report(args: Health, world: World, emit: Emit) -> Examined:
    snapshot = world.look(whole(args.scope), emit, HEALTH)
    warn_of_gaps(snapshot, emit)
    return _followed(args, judged(snapshot, args.chart, MOST_RELEASES, world, emit), snapshot, emit)


def judged(snapshot: Snapshot, chart: str | None, most: int, world: World, emit: Emit) -> Found:
    """Return how well what was looked at is: its diagnosis, and the first so many releases of a chart audited."""
    left = None if snapshot.origin != "live" else max(world.deadline.left(), LEAST)
    found = diagnose(snapshot, None, left)
    assert isinstance(found, Diagnosis)  # noqa: S101 - only of a subject is there a Failure
    blueprints, named = read(world.settings.blueprints, emit), world.settings.profile or snapshot.profile
    profile = Profile(named) if named in set(Profile) else None
    proofs = prove(found.findings, snapshot, world.settings, world.deadline)
    grounded, graph = ground(found, blueprints, snapshot, named, proofs), Graph(snapshot)
    audits = tuple(held(open_chart(chart), snapshot, profile, world, most)) if blueprints.controls else ()
    return examine(grounded, alerts(graph, blueprints, profile), audits, graph)


def code(result: Reported) -> ExitCode:
    """Return the worst of all: one that could not be read outweighs what is wrong with another."""
    if any(item.report is None for item in result.clusters):
        return ExitCode.INDETERMINATE
    found = [_code(item) for item in result.reports]
    return max(found, key=[ExitCode.OK, ExitCode.FOUND, ExitCode.INDETERMINATE].index)


def _code(result: Examined) -> ExitCode:
    """Return the worst that is known: a gap outweighs what is wrong, that outweighs an alert nobody could judge."""
    health = result.health
    if health.diagnosis.unknown:
        return ExitCode.INDETERMINATE
    if health.alerts.raised or any(item.severity is Severity.ERROR for item in health.concerns):
        return ExitCode.FOUND
    return ExitCode.INDETERMINATE if health.alerts.unknown else ExitCode.OK


def whole(scope: Scope) -> Scope:
    """Return the scope asked for: every namespace, where none is named."""
    return replace(scope, cluster=replace(scope.cluster, all_namespaces=scope.namespace is None))


def _followed(args: Health, health: Found, snapshot: Snapshot, emit: Emit) -> Examined:
    """Return the report with what changed since an earlier one; one of a live cluster is kept for the next."""
    before, now = kept(snapshot), record(health, snapshot)
    earlier = since(args.since, snapshot, before) if args.since else None
    if args.since and earlier is None:
        emit(Warned("no earlier report of this cluster is kept here; the next one can be held against this"))
    if snapshot.origin == "live" and (why := keep(snapshot, now)):
        emit(Warned(f"this report is not kept for --since: {why}"))
    changed = trend(earlier, health, now) if earlier else None
    return Examined(health, snapshot, changed, (*before, now))
