"""What is wrong with the blueprints in force, held against the chart beside them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.blueprint.commands import Known
from agent.blueprint.control import Blueprints, Profile
from agent.blueprint.lint.engine import lint
from agent.blueprint.lint.finding import Lint
from agent.blueprint.lint.references import named
from agent.blueprint.lint.subject import subject
from agent.blueprint.values import Values
from agent.resources import Folder
from agent.world.chart import Chart
from tools.failure import Failure

Files = Mapping[str, bytes | Failure]


def lints(where: Folder, files: Files, blueprints: Blueprints, chart: Chart | None, commands: Known) -> Sequence[Lint]:
    """Return everything lint finds, errors first."""
    values: Mapping[Profile, Values] = {profile: chart.values(profile) for profile in Profile} if chart else {}
    absent = _absent(named(subject(files, blueprints)), where, chart)
    return lint(subject(files, blueprints, values, absent, commands))


def _absent(mentioned: Mapping[str, object], where: Folder, chart: Chart | None) -> frozenset[str]:
    """Return the files that are named, and are neither beside the blueprints, nor here, nor in the chart."""
    roots = (where.path.resolve().parent, Path.cwd(), *([chart.path] if chart else []))
    return frozenset(path for path in mentioned if not any((root / path).exists() for root in roots))
