"""`agent init`: a starter blueprint from a chart and, where one runs, its release."""

import argparse
import os
from pathlib import Path

from agent.audit.inputs import identity
from agent.audit.legs import shown_value
from agent.blueprint.control import Profile
from agent.blueprint.load import parse
from agent.blueprint.values import Masked, of_tree
from agent.config import Settings, load
from agent.diagnostics import ExitCode, Progress, say
from agent.errors import AgentError, Indeterminate, UsageError
from agent.trace.starter import Material, starter
from agent.world.chart import Chart, open_chart
from agent.world.look import look
from agent.world.release import Target, target
from agent.world.render import Renderer
from tools.run import sandbox


def run(args: argparse.Namespace) -> ExitCode:
    """Write the blueprint to a file that does not exist yet, or to stdout."""
    settings = load(vars(args)).settings
    chart = open_chart(args)
    where = _target(args, settings, chart)
    text = starter(_material(chart, where, settings))
    unread = parse({"starter.md": text.encode()}).unread
    if unread:
        raise AgentError(f"a row of the starter cannot be read back: {unread[0].text!r}: {unread[0].problem}")
    _write(text, args.file)
    return ExitCode.OK


def _target(args: argparse.Namespace, settings: Settings, chart: Chart) -> Target:
    """Return the release to lay over the chart's values, where a cluster or bundle was named."""
    if not (args.bundle or args.namespace or args.all_namespaces or args.context):
        return Target("default", args.release or chart.name, None)
    found = target(args, chart, look(args, settings))
    if found.release is None:
        raise Indeterminate(found.reason)
    return found


def _material(chart: Chart, where: Target, settings: Settings) -> Material:
    profile = settings.profile or Profile.DEV
    values = chart.values(profile)
    for source, problem in values.problems[:1]:
        raise UsageError(f"{source}: {problem}")
    progress = Progress()
    with sandbox(path=settings.path) as box:
        progress(f"rendering {chart.shown}")
        renderer = Renderer(box, chart, profile, values, where.name, where.namespace)
        if renderer.failure is not None:
            progress.clear()
            raise Indeterminate(f"{renderer.failure}: without rendering nobody knows what a value decides")
        traced = renderer.all(list(values.leaves.values()), progress)
        progress.clear()
    objects = {identity(obj, where.namespace): obj for _, obj in renderer.named}
    fields = {path: [item for item in found.fields if item.object in objects] for path, found in traced.items()}
    return Material(chart.name, where.name, values, objects, fields, _running(where))


def _running(where: Target) -> dict[str, str]:
    """Return what the running release was given: a value that is a secret keeps its place, not its content."""
    given = (where.release.values if where.release else None) or {}
    leaves = of_tree(given, "release").leaves.values()
    return {leaf.path: shown_value(leaf.value) for leaf in leaves if not isinstance(leaf.value, Masked | list | dict)}


def _write(text: str, file: str | None) -> None:
    if not file:
        print(text, end="")  # noqa: T201 - the document itself is the data
        return
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}; an existing file is never replaced") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
    say(f"wrote {Path(file)}: fill in the reasons, then `blueprint lint`")
