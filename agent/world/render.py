"""Renders a chart again and again with one value changed each time: what `why`, `trace` and `init` learn from."""

import json
import re
from collections.abc import Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.blueprint.values import Leaf, Masked, Values
from agent.events import Emit, Progress
from agent.trace.probe import candidates, gates, merged, overlay
from agent.trace.rendering import Group, RenderedField, Sourced, changed_fields, hidden, random_names
from agent.world.chart import Chart
from tools import helm
from tools.failure import Failure
from tools.files import read
from tools.sandbox import Sandbox

AT_ONCE = 4
"""helm processes at a time."""

LATE = "no time was left to render it with other values; raise --timeout"
"""Why nothing is known of what a value decides, though it may decide something."""


@dataclass(frozen=True, slots=True)
class Traced:
    """What one value decides. `behind` is the values that had to change before it decided anything, "" for none."""

    fields: tuple[RenderedField, ...]
    behind: str = ""
    reason: str = ""
    """Why nothing is known of its fields, "" where something is."""


class Renderer:
    """One chart with its values in force, rendered once as it is."""

    def __init__(self, box: Sandbox, chart: Chart, profile: str, values: Values, name: str, namespace: str) -> None:
        self.box, self.chart, self.values = box, chart, values
        self.name, self.namespace = name, namespace
        self._files = [path for _, path in chart.files(profile)]
        self._schema = _schema(chart.path)
        self._number = 0
        with ThreadPoolExecutor(2) as workers:
            first, again = workers.map(self._render, ([], []))
        self.base = first
        self.random = _random(first, again, namespace)
        self._unstable = _differing(first, again, namespace, self.random)

    @property
    def failure(self) -> Failure | None:
        """Return why the chart cannot be rendered at all, None when it can."""
        return self.base if isinstance(self.base, Failure) else None

    @property
    def named(self) -> Sequence[Sourced]:
        """Return the objects whose names stay as they are when the chart is rendered again."""
        base = () if isinstance(self.base, Failure) else self.base
        return [(template, obj) for template, obj in base if (template, obj.get("kind")) not in self.random]

    def all(self, leaves: Sequence[Leaf], emit: Emit) -> dict[str, Traced]:
        """Return path -> what it decides, for many values."""
        found: dict[str, Traced] = {}
        with ThreadPoolExecutor(AT_ONCE) as workers:
            for leaf, traced in zip(leaves, workers.map(self.trace, leaves), strict=True):
                found[leaf.path] = traced
                emit(Progress(f"rendering with other values: {len(found)} of {len(leaves)}"))
        return found

    def trace(self, leaf: Leaf) -> Traced:
        """Return what one value decides: as it is, or else behind the first switch that makes it decide something."""
        if isinstance(self.base, Failure):
            return Traced((), reason=str(self.base))
        found = self._changes(leaf, {}, self.base)
        if found:
            return Traced(found)
        for gate in gates(leaf.path, self.values):
            opened = self._render([gate])
            found = () if isinstance(opened, Failure) else self._changes(leaf, gate, opened)
            if found:
                return Traced(found, behind=_said(gate))
        late = self.box.deadline is not None and self.box.deadline.is_over()
        return Traced((), reason=LATE if late else self._mention(leaf.path))

    def with_value(self, path: str, value: Any) -> Sequence[Sourced] | Failure:
        """Return what the chart makes with one value changed."""
        return self._render([overlay(path, value)])

    def differing(self, one: Sequence[Sourced], other: Sequence[Sourced]) -> tuple[RenderedField, ...]:
        """Return where two renderings differ, less what differs each time anyway."""
        found = changed_fields(one, other, self.namespace, self.random)
        return tuple(item for item in found if (item.object, item.pointer) not in self._unstable)

    def _changes(self, leaf: Leaf, gate: Mapping[str, Any], base: Sequence[Sourced]) -> tuple[RenderedField, ...]:
        """Return what the first candidate that the chart accepts, and that makes a difference, changes."""
        for value in candidates(leaf, self._schema):
            after = self._render([merged([gate, overlay(leaf.path, value)])])
            if isinstance(after, Failure):
                continue
            stable = self.differing(base, after)
            if stable:
                return tuple(map(hidden, stable)) if isinstance(leaf.value, Masked) else stable
        return ()

    def _render(self, trees: Sequence[Mapping[str, Any]]) -> Sequence[Sourced] | Failure:
        files = list(self._files)
        for tree in trees:
            self._number += 1
            path = self.box.folder / f"probe-{self._number}.json"
            path.write_text(json.dumps(tree), encoding="utf-8")
            files.append(path)
        return helm.sourced(self.box, self.name, self.namespace, self.chart.path, files)

    def _mention(self, path: str) -> str:
        """Return what can be said of a value that changed no object: Secrets are rendered, and never looked into."""
        words = re.compile(rf"\b{re.escape(path)}\b|\b{re.escape(path.rpartition('.')[0] or path)}\b")
        named = [name for name, text in self.chart.templates().items() if words.search(text)]
        where = f"; {', '.join(named)} mention it" if named else ""
        return f"changing it changes no object that may be looked at (Secrets may not){where}"


Rendering = Sequence[Sourced] | Failure


def _random(one: Rendering, other: Rendering, namespace: str) -> frozenset[Group]:
    if isinstance(one, Failure) or isinstance(other, Failure):
        return frozenset()
    return random_names(one, other, namespace)


def _differing(one: Rendering, other: Rendering, namespace: str, random: Set[Group]) -> frozenset[Any]:
    if isinstance(one, Failure) or isinstance(other, Failure):
        return frozenset()
    return frozenset((item.object, item.pointer) for item in changed_fields(one, other, namespace, random))


def _schema(chart: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(read(chart / "values.schema.json"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _said(tree: Mapping[str, Any], path: str = "") -> str:
    parts = []
    for key, value in tree.items():
        here = f"{path}.{key}" if path else key
        parts.append(_said(value, here) if isinstance(value, Mapping) else f"{here}={json.dumps(value)}")
    return ", ".join(parts)
