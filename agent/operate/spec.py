"""`spec propose`: the blueprint row that has to be there first, as a patch for a person to commit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agent.audit.inputs import identity
from agent.blueprint.control import Profile
from agent.blueprint.values import Masked, Values, of_tree
from agent.change.grounds import Refusal
from agent.change.patch import Patched, patch
from agent.change.plan import JSON
from agent.change.row import Asked, Row, drafted
from agent.errors import Denied, UsageError
from agent.events import Emit, Progress, Said
from agent.exitcode import ExitCode
from agent.operate.arguments.spec import Propose
from agent.resources import blueprint_files, blueprint_paths
from agent.trace.probe import overlay
from agent.trace.rendering import Sourced
from agent.trace.starter import Material, field_of
from agent.world.chart import Chart, open_chart
from agent.world.render import Renderer
from agent.world.world import World
from tools import git
from tools.documents import Unreadable, plain
from tools.failure import Failure
from tools.sandbox import sandbox

NAMESPACE = "default"
"""Where the chart is rendered to: which object a value decides does not depend on it."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """The rows that state a value, and the patch that brings them; or why no row can."""

    path: str
    rows: Sequence[Row]
    patch: str
    refusal: Refusal | None = None


def run(args: Propose, world: World, emit: Emit) -> Proposed:
    """Draft the row, without changing any file."""
    profile = Profile(world.settings.profile or Profile.DEV)
    chart = open_chart(args.chart, args.values)
    value = _value(args.value)
    secret = of_tree(overlay(args.values_path, value), "").leaves.get(args.values_path)
    known = chart.values(profile).leaves.get(args.values_path)
    if any(isinstance(leaf.value, Masked) for leaf in (secret, known) if leaf is not None):
        return _refused(args.values_path, "it holds a secret, which no row states and no plan touches")
    field = _field(args.values_path, value, chart, profile, world, emit)
    if isinstance(field, Refusal):
        return Proposed(args.values_path, (), "", field)
    texts = _texts(world)
    found = drafted(Asked(args.values_path, value, args.value, field, args.why or ""), texts, profile)
    if isinstance(found, Refusal):
        return Proposed(args.values_path, (), "", found)
    return _told(args, found, texts, world, emit)


def code(result: Proposed) -> ExitCode:
    """Return DENIED where no row can state it."""
    return ExitCode.DENIED if result.refusal else ExitCode.OK


def _refused(path: str, why: str, first: str = "") -> Proposed:
    return Proposed(path, (), "", Refusal(path, why, first))


def _value(said: str) -> JSON:
    """Return the value as YAML reads it: what stands in a cell is what would stand in a values file."""
    try:
        found = plain(said.encode())
    except Unreadable:
        return said
    return said if found is None or isinstance(found, dict) else found


def _texts(world: World) -> dict[str, bytes]:
    place, files = blueprint_files(world.settings.blueprints)
    if place.whose == "shipped":
        raise UsageError("no blueprints of yours here: agent init CHART -f blueprints/CHART.md writes a starter")
    return {name: content for name, content in files.items() if isinstance(content, bytes)}


def _field(path: str, value: JSON, chart: Chart, profile: Profile, world: World, emit: Emit) -> str | Refusal:
    """Return the API field the value decides, "" for one without a name; a Refusal where the chart takes it not."""
    emit(Progress(f"rendering {chart.shown}"))
    values = chart.values(profile)
    with sandbox(path=world.settings.path, deadline=world.deadline) as box:
        renderer = Renderer(box, chart, profile, values, chart.name, NAMESPACE)
        after = renderer.with_value(path, value)
        if isinstance(renderer.base, Failure):
            emit(Said(f"{renderer.base}: whether the chart makes anything of {path} is not known"))
            return ""
        if isinstance(after, Failure):
            schema = f"{chart.shown}/values.schema.json does not allow it"
            return Refusal(path, schema if "schema" in after.detail else str(after))
        return _named(path, value, chart, renderer, after)


def _named(path: str, value: JSON, chart: Chart, renderer: Renderer, after: Sequence[Sourced]) -> str | Refusal:
    known = renderer.values.leaves.get(path) or next(iter(of_tree(overlay(path, value), path).leaves.values()))
    base = () if isinstance(renderer.base, Failure) else renderer.base
    fields = renderer.differing(base, after) or renderer.trace(known).fields
    if not fields:
        return Refusal(path, f"no template of {chart.shown} makes anything of it", f"agent why {path}")
    objects = {identity(obj, NAMESPACE): obj for _, obj in after}
    stated = replace(known, value=value)
    here = {path: [item for item in fields if item.object in objects]}
    return field_of(stated, Material(chart.name, chart.name, Values({path: stated}), objects, here, {}))


def _told(args: Propose, rows: Sequence[Row], texts: dict[str, bytes], world: World, emit: Emit) -> Proposed:
    paths = blueprint_paths(world.settings.blueprints)
    after = {row.file: row.after for row in rows}
    made = [Patched(_inside(paths[name]), texts[name], content) for name, content in after.items()]
    text = patch(made)
    if isinstance(text, Failure):
        raise Denied(str(text))
    for row in rows:
        emit(Said(f"{row.file}:{row.line}: {'changes' if row.was else 'adds'} {row.control}"))
    emit(Said(f"git apply it, review and commit it; then: agent plan {args.values_path}"))
    return Proposed(args.values_path, rows, text)


def _inside(path: Path) -> str:
    here = path.resolve()
    return str(here.relative_to(git.root(here) or Path.cwd()))
