"""Which value of a chart decides the field of an edit: tried by rendering, never taken from a name.

A candidate is accepted where the chart, rendered with it, is the chart as it stands with that edit made to it, and
nothing else moved. What is tried are the values that are called like the field, or that hold what stands in it now.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path as File
from typing import Any

from agent.audit.inputs import identity
from agent.blueprint.control import Source
from agent.blueprint.values import Leaf as Value
from agent.blueprint.values import Masked, Values, joined, keys, merged, of_tree
from agent.config import Settings
from agent.diagnose.finding import Finding
from agent.errors import AgentError
from agent.kube.paths import applied, template_path, value_at
from agent.kube.releases import HelmOwner, helm_owner
from agent.kube.remedies import END, JSON, Edit, Item, NeedsPerson, Op, Path
from agent.remedy.leaves import Leaf, leaves, whole_image
from agent.remedy.owned import Proof, Proofs
from agent.resources import bundled, folder
from agent.snapshot.graph import Graph
from agent.snapshot.record import Object, Ref, Snapshot
from agent.trace.probe import candidates
from agent.trace.rendering import Sourced
from agent.world.chart import DEFAULT, Chart
from agent.world.render import AT_ONCE, Renderer
from tools.deadline import Deadline
from tools.failure import Failure
from tools.quantity import parse_quantity
from tools.sandbox import Sandbox, sandbox

MOST_EDITS = 6
"""Edits that are tried in one diagnosis."""

MOST_TRIES = 4
"""Values that are tried for one edit; each costs one run of helm."""

SECONDS = 4.0
"""How long a diagnosis may wait for all of it; what is not shown by then is not known."""

UNTELLING = (None, "", True, False, 0, 1)
"""Values that stand in too many places to tell anything."""


@dataclass(frozen=True, slots=True)
class Try:
    """A values path to try, the value to set there, and how much speaks for it."""

    path: str
    value: JSON | NeedsPerson
    likely: int


def prove(
    findings: Sequence[Finding],
    snapshot: Snapshot,
    settings: Settings,
    deadline: Deadline | None = None,
    charts: Mapping[str, Chart] | None = None,
) -> Proofs:
    """Return what rendering shows of the edits of these findings, for the releases whose chart is at hand.

    `charts` are those that were opened already, by the name releases know them by.

    An edit is not among them where nothing is known of it: no chart, no helm, no time left, a chart that does not
    render. It has no proof where the chart has no value that moves its field alone.
    """
    graph, until = Graph(snapshot), deadline.no_later(SECONDS) if deadline else Deadline.after(SECONDS)
    wanted: dict[HelmOwner, list[Edit]] = {}
    for edit in [edit for finding in findings for edit in finding.fix.edits][:MOST_EDITS]:
        place = helm_owner([edit.object], graph)
        if place is not None:
            wanted.setdefault(place, []).append(edit)
    found: dict[tuple[Ref, Path], Proof | None] = {}
    opened = charts or {}
    found_charts = {
        place: chart for place in wanted if (chart := opened.get(place.chart) or at_hand(place.chart)) is not None
    }
    with ThreadPoolExecutor(AT_ONCE) as workers:
        jobs = [
            workers.submit(_of_release, wanted[place], place, chart, graph, settings, until)
            for place, chart in found_charts.items()
        ]
        for job in jobs:
            found |= job.result()
    return found


def at_hand(name: str) -> Chart | None:
    """Return the chart of that name in ./charts (or the user's own folder), or the one that ships along."""
    charts = folder("charts")
    own = charts.path / name
    if name and charts.whose != "shipped" and (own / "Chart.yaml").is_file():
        return Chart(own, str(own), ())
    shipped = bundled("charts") / DEFAULT
    return Chart(shipped, f"charts/{DEFAULT}", ()) if name == DEFAULT and charts.whose == "shipped" else None


def _of_release(
    edits: Sequence[Edit], place: HelmOwner, chart: Chart, graph: Graph, settings: Settings, until: Deadline
) -> dict[tuple[Ref, Path], Proof | None]:
    """Return the proofs for one release, rendered with the values it was given over the chart's own."""
    releases = graph.snapshot.releases
    given = next((one.values for one in releases if (one.name, one.namespace) == place[:2]), None) or {}
    found: dict[tuple[Ref, Path], Proof | None] = {}
    try:
        with sandbox(path=settings.path, deadline=until) as box:
            renderer = _renderer(box, place, chart, given)
            for edit in edits if renderer.failure is None else ():
                if not until.is_over():
                    found[edit.object, edit.path] = proof(edit, graph.get(*edit.object), renderer)
    except (OSError, AgentError):
        return {}  # a chart that cannot be read is not at hand
    return found


def _renderer(box: Sandbox, place: HelmOwner, chart: Chart, given: Mapping[str, Any]) -> Renderer:
    file = File(box.folder, "given.json")
    file.write_text(json.dumps(given), encoding="utf-8")
    values = merged([chart.values(""), of_tree(given, place.release)])
    return Renderer(box, replace(chart, given=(file,)), "", values, place.release, place.namespace)


def proof(edit: Edit, obj: Object | None, renderer: Renderer) -> Proof | None:
    """Return the value of the chart that moves exactly the field of this edit, None where none that was tried does."""
    base = () if isinstance(renderer.base, Failure) else renderer.base
    if not any(identity(item, renderer.namespace) == edit.object for _, item in base):
        return None
    found = leaves(edit, obj)
    tried = [
        attempt for leaf in found if len(found) == 1 for attempt in _tries(leaf, _tail(edit, leaf), renderer.values)
    ]
    if edit.path[-1] == "image":
        tried += _tries(whole_image(edit), ("image",), renderer.values)
    for attempt in sorted(tried, key=lambda one: -one.likely)[:MOST_TRIES]:
        if _moves(edit, attempt, base, renderer):
            return Proof(attempt.path, attempt.value)
    return None


def _moves(edit: Edit, attempt: Try, base: Sequence[Sourced], renderer: Renderer) -> bool:
    """Return whether the chart with that value is the chart as it stands with that edit made to it."""
    asked = isinstance(attempt.value, NeedsPerson)
    after = renderer.with_value(attempt.path, _trial(attempt.path, edit, renderer.values) if asked else attempt.value)
    if isinstance(after, Failure):
        return False
    made = next((item for _, item in after if identity(item, renderer.namespace) == edit.object), None)
    now = value_at(made, edit.path) if edit.path[-1] != END else None
    if edit.known and edit.op is not Op.REMOVE and edit.path[-1] != END and not _is(now, edit.value, edit.path):
        return False
    done = edit if edit.known else replace(edit, value=now)
    expected = _edited(base, done, renderer.namespace)
    moved = renderer.differing(base, after)
    return expected is not None and bool(moved) and not renderer.differing(expected, after)


def _is(now: JSON, wanted: JSON, path: Path) -> bool:
    """Return whether a rendered value is the wanted one, in its type; an amount may be a number as well as a text."""
    if isinstance(now, str) is isinstance(wanted, str) or "resources" not in path:
        return type(now) is type(wanted) and bool(now == wanted)
    return parse_quantity(str(now)) == parse_quantity(str(wanted)) is not None


def _edited(base: Sequence[Sourced], edit: Edit, namespace: str) -> list[Sourced] | None:
    """Return a rendering with the edit made to its object, None where its path leads nowhere there."""
    found: list[Sourced] = []
    for template, item in base:
        made = applied(item, edit) if identity(item, namespace) == edit.object else item
        if made is None:
            return None
        found.append((template, made))
    return found


def _trial(path: str, edit: Edit, values: Values) -> JSON:
    """Return another value to try where only a person knows the right one."""
    known = values.leaves.get(path)
    now = known.value if known is not None and not isinstance(known.value, Masked) else edit.old
    return next(iter(candidates(Value(path, now, "", Source("", 0)), {})), 7) if now not in (None, {}, "") else 7


def _tail(edit: Edit, leaf: Leaf) -> tuple[str, ...]:
    """Return the last words of an edit's path, as a chart may call them: `("resources", "limits", "memory")`."""
    if leaf.name and (edit.path[-1] == "image" or edit.path[-3:-2] == ("env",)):
        return tuple(leaf.name.split("."))
    words: list[str] = []
    for step in edit.path[len(template_path(edit.object.kind)) if _in_template(edit) else 0 :]:
        if isinstance(step, str) and step != END:
            words.append(step)
        elif step != END and edit.path[-1] is not step:
            words = []
    return tuple(words[1:] if words[:1] == ["spec"] else words)


def _in_template(edit: Edit) -> bool:
    above = template_path(edit.object.kind)
    return edit.path[: len(above)] == above


def _tries(leaf: Leaf, tail: tuple[str, ...], values: Values) -> Iterator[Try]:
    """Yield the values that may decide a leaf: called like it, holding what it holds, or missing where it belongs."""
    usual = tuple(keys(leaf.usual or leaf.name)) if leaf.usual or leaf.name else ()
    for path, found in values.leaves.items():
        words = tuple(keys(path))
        named = max(_common(words, tail), _common(words, usual))
        holds = found.value == leaf.old and not any(leaf.old is known for known in UNTELLING)
        if named or holds:
            yield Try(path, _value(leaf, found), 2 * named + 3 * holds + _about(leaf.edit, words))
    for above in _maps(values):
        for called in dict.fromkeys((tail, usual)):
            size = next((size for size in range(len(called) - 1, 0, -1) if above[-1] == called[size - 1]), 0)
            path = joined((*above, *called[size:]))
            if size and path not in values.leaves:
                yield Try(path, leaf.new, 2 * size + _about(leaf.edit, above))


def _value(leaf: Leaf, found: Value) -> JSON | NeedsPerson:
    """Return what to set: a list of the chart with the new item at its end, else the value itself."""
    last = leaf.edit.path[-1]
    if isinstance(found.value, list) and leaf.edit.op is Op.ADD and (last == END or isinstance(last, Item)):
        return [*found.value, leaf.edit.value]
    return leaf.new


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words two paths end in alike."""
    size = 0
    while size < min(len(one), len(other)) and one[-1 - size] == other[-1 - size]:
        size += 1
    return size


def _about(edit: Edit, words: Sequence[str]) -> int:
    """Return whether a path speaks of the object or the container: `backend` of Deployment `todo-backend`."""
    names = {*edit.object.name.split("-"), *(str(step.value) for step in edit.path if isinstance(step, Item))}
    return 2 if names & set(words) else 0


def _maps(values: Values) -> list[tuple[str, ...]]:
    """Return the maps of the values, empty ones too."""
    found: dict[tuple[str, ...], None] = {}
    for path, leaf in values.leaves.items():
        words = tuple(keys(path))
        for size in range(1, len(words) + (leaf.value == {})):
            found[words[:size]] = None
    return list(found)
