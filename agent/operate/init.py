"""`init`: a starter blueprint from a chart and, where one runs, its release."""

import os
from dataclasses import dataclass
from pathlib import Path

from agent.audit.inputs import identity
from agent.audit.legs import shown_value
from agent.blueprint.control import Profile
from agent.blueprint.load import parse
from agent.blueprint.values import Masked, of_tree
from agent.errors import AgentError, Indeterminate, UsageError
from agent.events import Emit, Progress, Said
from agent.operate.arguments.init import Init
from agent.trace.starter import Material, starter
from agent.world.chart import Chart, open_chart
from agent.world.release import Target, target
from agent.world.render import LATE, Renderer
from agent.world.world import World
from tools.sandbox import sandbox


@dataclass(frozen=True, slots=True)
class Starter:
    """A starter blueprint, and the file it was written to, None where none was named."""

    text: str
    file: Path | None


def run(args: Init, world: World, emit: Emit) -> Starter:
    """Make a starter blueprint, and write it where a file that does not exist yet was named."""
    chart = open_chart(args.chart)
    where = _target(args, world, emit, chart)
    text = starter(_material(chart, where, world, emit))
    unread = parse({"starter.md": text.encode()}).unread
    if unread:
        raise AgentError(f"a row of the starter cannot be read back: {unread[0].text!r}: {unread[0].problem}")
    if args.file:
        _write(text, args.file)
        emit(Said(f"wrote {Path(args.file)}: fill in the reasons, then `blueprint lint`"))
    return Starter(text, Path(args.file) if args.file else None)


def _target(args: Init, world: World, emit: Emit, chart: Chart) -> Target:
    """Return the release to lay over the chart's values, where a cluster or bundle was named."""
    if not args.scope.is_named:
        return Target("default", args.release or chart.name, None)
    found = target(chart, world.look(args.scope, emit), args.scope.namespace, args.release)
    if found.release is None:
        raise Indeterminate(found.reason)
    return found


def _material(chart: Chart, where: Target, world: World, emit: Emit) -> Material:
    profile = world.settings.profile or Profile.DEV
    values = chart.values(profile)
    for source, problem in values.problems[:1]:
        raise UsageError(f"{source}: {problem}")
    with sandbox(path=world.settings.path, deadline=world.deadline) as box:
        emit(Progress(f"rendering {chart.shown}"))
        renderer = Renderer(box, chart, profile, values, where.name, where.namespace)
        if renderer.failure is not None:
            raise Indeterminate(f"{renderer.failure}: without rendering nobody knows what a value decides")
        traced = renderer.all(list(values.leaves.values()), emit)
        if any(found.reason == LATE for found in traced.values()):
            raise Indeterminate(f"{chart.shown}: {LATE}")
    objects = {identity(obj, where.namespace): obj for _, obj in renderer.named}
    fields = {path: [item for item in found.fields if item.object in objects] for path, found in traced.items()}
    return Material(chart.name, where.name, values, objects, fields, _running(where))


def _running(where: Target) -> dict[str, str]:
    """Return what the running release was given: a value that is a secret keeps its place, not its content."""
    given = (where.release.values if where.release else None) or {}
    leaves = of_tree(given, "release").leaves.values()
    return {leaf.path: shown_value(leaf.value) for leaf in leaves if not isinstance(leaf.value, Masked | list | dict)}


def _write(text: str, file: str) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}; an existing file is never replaced") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
