"""`blueprint lint`: what contradicts itself, cannot hold or be executed, or has no counterpart in the chart."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.blueprint.lint.finding import Lint as Finding
from agent.blueprint.lint.finding import Severity
from agent.blueprint.load import parse
from agent.events import Emit, Warned
from agent.exitcode import ExitCode
from agent.operate.arguments.lint import Lint
from agent.resources import Folder, blueprint_files, bundled
from agent.world.chart import Chart, open_chart
from agent.world.linting import lints
from agent.world.world import World


@dataclass(frozen=True, slots=True)
class Linted:
    """What was found in the blueprints, and what they were held against."""

    findings: Sequence[Finding]
    folder: Folder
    chart: str
    """The chart's folder as a person knows it, "" where there is none."""
    files: int
    unread: bool
    """Whether a row could not be read."""


def run(args: Lint, world: World, emit: Emit) -> Linted:
    """Lint the blueprints in force against the chart beside them."""
    where, files = blueprint_files(world.settings.blueprints)
    blueprints = parse(files)
    chart = _chart(args.chart, where, emit)
    found = lints(where, files, blueprints, chart, world.commands)
    return Linted(found, where, chart.shown if chart else "", len(files), bool(blueprints.unread))


def code(result: Linted) -> ExitCode:
    """Return the worst: a row that cannot be read, then an error."""
    if result.unread:
        return ExitCode.USAGE
    return ExitCode.FOUND if any(item.severity is Severity.ERROR for item in result.findings) else ExitCode.OK


def _chart(given: str | None, where: Folder, emit: Emit) -> Chart | None:
    """Return the chart beside the blueprints. Ours is no measure for somebody else's, so that then there is none."""
    chart = open_chart(given)
    if not given and where.whose != "shipped" and chart.path.parent == bundled("charts"):
        emit(Warned("no chart in ./charts: what concerns values is not looked at; name one with --chart DIR"))
        return None
    return chart
