"""`health`: how well a cluster is, what will break next, and what to do first."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from agent.audit.engine import audit
from agent.blueprint.control import Blueprints, Profile
from agent.diagnose.engine import BUDGET, Diagnosis, diagnose
from agent.errors import UsageError
from agent.events import Emit, Event, Warned
from agent.exitcode import ExitCode
from agent.health.alerts import alerts
from agent.health.engine import Health as Found
from agent.health.engine import examine
from agent.health.held import Held
from agent.health.trend import Record, Trend, record, trend
from agent.operate.arguments.health import Health
from agent.operate.diagnose import LEAST
from agent.remedy.ground import ground
from agent.severity import Severity
from agent.snapshot.depth import HEALTH
from agent.snapshot.graph import Graph
from agent.snapshot.record import Release, Snapshot
from agent.world.blueprints import read
from agent.world.chart import Chart, open_chart
from agent.world.inputs import gathered
from agent.world.look import warn_of_gaps
from agent.world.proof import prove
from agent.world.release import target
from agent.world.reports import keep, kept, since
from agent.world.scope import Scope
from agent.world.world import World

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


def run(args: Health, world: World, emit: Emit) -> Examined:
    """Look at the whole cluster, unless a namespace was named, and say how well it is."""
    snapshot = world.look(_whole(args.scope), emit, HEALTH)
    warn_of_gaps(snapshot, emit)
    left = BUDGET if args.scope.bundle else max(world.deadline.left(), LEAST)
    found = diagnose(snapshot, None, min(BUDGET, left))
    assert isinstance(found, Diagnosis)  # noqa: S101 - only of a subject is there a Failure
    blueprints, profile = read(world.settings.blueprints, emit), world.settings.profile or snapshot.profile
    proofs = prove(found.findings, snapshot, world.settings, world.deadline)
    grounded = ground(found, blueprints, snapshot, profile, proofs)
    graph, chosen = Graph(snapshot), Profile(profile) if profile in set(Profile) else None
    held = tuple(_held(args, snapshot, blueprints, chosen, world))
    health = examine(grounded, alerts(graph, blueprints, chosen), held, graph)
    return _followed(args, health, snapshot, emit)


def code(result: Examined) -> ExitCode:
    """Return the worst that is known: a gap outweighs what is wrong, that outweighs an alert nobody could judge."""
    health = result.health
    if health.diagnosis.unknown:
        return ExitCode.INDETERMINATE
    if health.alerts.raised or any(item.severity is Severity.ERROR for item in health.concerns):
        return ExitCode.FOUND
    return ExitCode.INDETERMINATE if health.alerts.unknown else ExitCode.OK


def _whole(scope: Scope) -> Scope:
    """Return the scope asked for: every namespace, where none is named."""
    return replace(scope, cluster=replace(scope.cluster, all_namespaces=scope.namespace is None))


def _held(
    args: Health, snapshot: Snapshot, blueprints: Blueprints, profile: Profile | None, world: World
) -> Iterator[Held]:
    """Yield the releases of the chart in force, held against the blueprints; nothing where there is none of either."""
    chart = open_chart(args.chart, ())
    of_chart = [item for item in snapshot.releases if item.chart.rpartition("-")[0] == chart.name]
    for release in of_chart[:MOST_RELEASES] if blueprints.controls else ():
        yield _judged(release, chart, snapshot, profile, world)


def _judged(release: Release, chart: Chart, snapshot: Snapshot, profile: Profile | None, world: World) -> Held:
    if profile is None:
        why = "name the profile it is held to: --profile dev or --profile prod"
        return Held(release.name, release.namespace, None, why)
    try:
        where = target(chart, snapshot, release.namespace, release.name)
        found = audit(gathered(chart, profile, where, snapshot, world, _silent))
    except UsageError as error:
        return Held(release.name, release.namespace, None, str(error))
    return Held(release.name, release.namespace, found)


def _silent(_: Event) -> None:
    """Say nothing: what the blueprints' reader warns of was said."""


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
