"""The releases of a chart that a look shows, each held against the blueprints."""

from collections.abc import Iterator

from agent.audit.engine import audit
from agent.blueprint.control import Profile
from agent.errors import UsageError
from agent.events import Event
from agent.health.held import Held
from agent.kube.releases import installed
from agent.snapshot.graph import Graph
from agent.snapshot.record import Snapshot
from agent.world.chart import Chart
from agent.world.inputs import gathered
from agent.world.release import target
from agent.world.world import World


def held(chart: Chart, snapshot: Snapshot, profile: Profile | None, world: World, most: int) -> Iterator[Held]:
    """Yield how the first so many releases of the chart stand to the blueprints, or why nobody can say.

    Where an identity may not read Helm's releases, the marks on what runs name them: the release's own leg is unknown.
    """
    for namespace, release in installed(chart.name, Graph(snapshot))[:most]:
        yield _judged(namespace, release, chart, snapshot, profile, world)


def _judged(
    namespace: str, release: str, chart: Chart, snapshot: Snapshot, profile: Profile | None, world: World
) -> Held:
    if profile is None:
        why = "name the profile it is held to: --profile dev or --profile prod"
        return Held(release, namespace, None, why)
    try:
        where = target(chart, snapshot, namespace, release)
        return Held(release, namespace, audit(gathered(chart, profile, where, snapshot, world, _silent)))
    except UsageError as error:
        return Held(release, namespace, None, str(error))


def _silent(_: Event) -> None:
    """Say nothing: what the blueprints' reader warns of was said."""
