"""`audit`: is what runs what was decided?"""

from dataclasses import dataclass

from agent.audit.engine import audit
from agent.audit.verdict import Audit as Verdicts
from agent.audit.verdict import Outcome
from agent.blueprint.control import Profile
from agent.config import Settings
from agent.errors import UsageError
from agent.events import Emit
from agent.exitcode import ExitCode
from agent.operate.arguments.audit import Audit
from agent.snapshot.depth import AUDIT
from agent.snapshot.record import Snapshot
from agent.world.chart import open_chart
from agent.world.inputs import gathered
from agent.world.look import warn_of_gaps
from agent.world.release import target
from agent.world.world import World


@dataclass(frozen=True, slots=True)
class Audited:
    """Every control's verdict, and the look it was judged on."""

    audit: Verdicts
    snapshot: Snapshot
    every: bool
    """Whether a person asked to see the controls that pass, too."""


def run(args: Audit, world: World, emit: Emit) -> Audited:
    """Judge a release against every row of the blueprints."""
    settings = world.settings
    chart = open_chart(args.chart, args.values)
    snapshot = world.look(args.scope, emit, AUDIT)
    profile = chosen(settings, snapshot.profile)
    warn_of_gaps(snapshot, emit)
    where = target(chart, snapshot, args.scope.namespace, args.release)
    return Audited(audit(gathered(chart, profile, where, snapshot, world, emit)), snapshot, args.all)


def code(result: Audited) -> ExitCode:
    """Return the worst: a gap outweighs a failure, both outweigh a row that nothing here can observe."""
    found = result.audit
    if found.gaps:
        return ExitCode.INDETERMINATE
    if found.count(Outcome.FAIL):
        return ExitCode.FOUND
    return ExitCode.INDETERMINATE if found.count(Outcome.UNKNOWN) else ExitCode.OK


def chosen(settings: Settings, bundles: str | None) -> Profile:
    """Return the profile to hold a release to: the one named, or the bundle's own. Never guessed."""
    named = settings.profile or bundles or ""
    if named not in set(Profile):
        raise UsageError("which profile? --profile dev or --profile prod (or `profile` in the settings)")
    return Profile(named)
