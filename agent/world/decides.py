"""Which fields a value decides: the chart rendered with another one in its place, never taken from a name."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from agent.audit.inputs import Inputs
from agent.blueprint.control import ControlKind
from agent.blueprint.values import Leaf
from agent.change.causes import Decides
from agent.change.plan import JSON
from agent.config import Settings
from agent.events import Emit
from agent.snapshot.record import Ref
from agent.trace.explain import leaves_of
from agent.trace.rendering import RenderedField, is_random
from agent.world.chart import Chart
from agent.world.release import Target
from agent.world.render import AT_ONCE, Renderer
from tools.deadline import Deadline
from tools.failure import Failure
from tools.sandbox import sandbox

MOST = 120
"""Values of one chart that are tried to find the one that decides a field; each costs one run of helm."""


Places = Mapping[str, Sequence[tuple[Ref, str]]]


@contextmanager
def _renderer(
    chart: Chart, inputs: Inputs, where: Target, settings: Settings, deadline: Deadline
) -> Iterator[Renderer]:
    with sandbox(path=settings.path, deadline=deadline) as box:
        yield Renderer(box, chart, inputs.profile, inputs.values, where.name, where.namespace)


def decides(
    values: Mapping[str, JSON], chart: Chart, inputs: Inputs, where: Target, settings: Settings, deadline: Deadline
) -> Decides:
    """Return path -> the fields that change when it alone gets that value; none where the chart takes it not."""
    if not values:
        return {}
    with _renderer(chart, inputs, where, settings, deadline) as renderer, ThreadPoolExecutor(AT_ONCE) as workers:
        found = workers.map(lambda item: _changed(item, renderer), values.items())
        return dict(zip(values, found, strict=True))


def _changed(item: tuple[str, JSON], renderer: Renderer) -> Sequence[RenderedField]:
    after = renderer.with_value(*item)
    if isinstance(after, Failure) or isinstance(renderer.base, Failure):
        return ()
    return renderer.differing(renderer.base, after)


def undirected(inputs: Inputs, chart: Chart, where: Target, settings: Settings, deadline: Deadline) -> Places:
    """Return the fields that the values of the rows decide, where the blueprints bind nothing to any object."""
    rows = [row for row in inputs.blueprints.controls if row.kind is ControlKind.PARAMETER]
    leaves = {leaf.path: leaf for row in rows for leaf in leaves_of(row, inputs.values)}
    if inputs.blueprints.bindings or inputs.release is None or not leaves:
        return {}
    with _renderer(chart, inputs, where, settings, deadline) as renderer:
        found = renderer.all(list(leaves.values())[:MOST], lambda _: None)
    return {
        path: [(item.object, item.pointer) for item in traced.fields if not is_random(item.object)]
        for path, traced in found.items()
        if not traced.behind
    }


def stated(chart: Chart, inputs: Inputs, where: Target, settings: Settings, deadline: Deadline, emit: Emit) -> Decides:
    """Return path -> the fields it decides, for the values that the files state."""
    leaves: Sequence[Leaf] = list(inputs.values.leaves.values())[:MOST]
    with _renderer(chart, inputs, where, settings, deadline) as renderer:
        return {path: traced.fields for path, traced in renderer.all(leaves, emit).items()}
