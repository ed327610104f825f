"""What a drill tries: which failure a row speaks of, how it is brought about, and which other rows it answers. Pure.

A drill breaks one workload of one release: a pod is deleted, or helm is given one value that cannot work, and takes it
back by itself. Or it breaks nothing, and asks a workload by HTTP what a line of a checklist asks (request.py).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from agent.audit.expected import expected
from agent.audit.fields import WORKLOADS
from agent.audit.inputs import Inputs
from agent.audit.mechanisms import TRIGGER, Scenario, scenario_of, seconds
from agent.blueprint.commands import CommandKind
from agent.blueprint.control import Control, ControlKind
from agent.blueprint.values import keys
from agent.change.plan import JSON, Drill, Promise
from agent.change.request import VERBS, Asks, address
from agent.snapshot.record import Ref
from agent.verify.line import Line, parse

Tried = Scenario | Asks

NO_DRILL: Mapping[Tried, str] = {
    Scenario.NODE: "no drill takes a node away: cordon and drain are denied, and what else runs on it would go too;"
    " `make test-cluster` measures it on a simulated node"
}
"""Failures that are not tried, and why."""

NO_ADDRESS = "it names no address that a GET of plain HTTP reaches, and no plan enters a container: run it by hand"
"""Why a line that enters a container, forwards a port or starts a pod has no drill."""

ABSENT = "bluehelm-drill"
"""A path and a tag that nothing has."""

SMALL = "12Mi"
"""Memory that a container starts with and no service runs in."""


class Break(NamedTuple):
    """One field, the last key of the value that decides it, and a value that cannot work."""

    field: str
    key: str
    value: JSON


BREAKS: Mapping[Scenario, Sequence[Break]] = {
    Scenario.HANG: (Break("containers[].livenessProbe", "path", f"/{ABSENT}"),),
    Scenario.UNREADY: (Break("containers[].readinessProbe", "path", f"/{ABSENT}"),),
    Scenario.IMAGE: (Break("containers[].image", "tag", ABSENT),),
    Scenario.MEMORY: (
        Break("containers[].resources.limits.memory", "memory", SMALL),
        Break("containers[].resources.requests.memory", "memory", SMALL),  # a limit below it is refused
    ),
}
"""What a drill breaks. The first has to be in the values; the others go along where they are."""

_WITHIN = re.compile(r"(?:within|after|in) (\d+) ?(s|min)")
_TIME = re.compile(r"(\d+) ?(s|min)")
_DOWN = re.compile(r"scale-?down", re.I)
_UNREADY = re.compile(r"unready|health check", re.I)
_UNITS = {"s": 1, "min": 60}


def drill_of(row: Control) -> Tried | None:
    """Return what a row asks to be tried, None where it asks for nothing."""
    if row.kind is ControlKind.SCENARIO:
        return scenario_of(row)
    if row.kind is not ControlKind.CHECK:
        return None
    line = parse(row)
    if line.command.program == "kubectl" and line.command.verb == "delete" and line.command.object.startswith("pod"):
        return Scenario.CRASH
    if address(line.command) is not None:
        return VERBS[line.command.verb]
    return Scenario.UNREADY if line.kind is CommandKind.CHANGES and _UNREADY.search(row.title) else None


def rows(inputs: Inputs) -> Iterator[tuple[Control, Tried]]:
    """Yield every row that a drill answers, with what it tries."""
    for row in inputs.blueprints.controls:
        known = drill_of(row)
        if known is not None:
            yield row, known


def untried(inputs: Inputs) -> Iterator[tuple[Control, str]]:
    """Yield every line of a checklist that tries something as no plan may, with the reason."""
    for row in inputs.blueprints.controls:
        command = parse(row).command if row.kind is ControlKind.CHECK else None
        if command is None or command.program != "kubectl" or command.verb not in VERBS:
            continue
        if address(command) is None:
            yield row, NO_ADDRESS


def answers(row: Control, workload: Ref, inputs: Inputs) -> tuple[Promise, ...]:
    """Return the rows that a drill of one answers: of a request that row alone, of load what follows from it as well.

    The way down comes last: it begins minutes after the load has ended.
    """
    if drill_of(row) is not Asks.LOAD:
        return (_line(row),)
    lines = [item for item in _lines(Asks.LOAD, inputs.blueprints.controls) if item.blueprint == row.blueprint]
    down = [item for item in lines if _DOWN.search(item.title)]
    up = [item for item in lines if item not in (row, *down)]
    return (_line(row), *map(_line, up), *map(_line, _triggers(workload, inputs)), *map(_way_down, down))


def _way_down(row: Control) -> Promise:
    found = _TIME.search(row.title)
    idle = int(found[1]) * _UNITS[found[2]] if found else 0
    return Promise(row.id, str(row.source), row.title, 0, idle)


def _triggers(workload: Ref, inputs: Inputs) -> Iterator[Control]:
    """Yield the triggers that add pods to a workload."""
    components = _components(workload, inputs)
    for row in inputs.blueprints.controls:
        asked = TRIGGER.fullmatch(row.title) if row.kind is ControlKind.TRIGGER else None
        if asked and asked["component"].casefold() in components and asked["what"].casefold() == "cpu":
            yield row


def promises(tried: Tried, inputs: Inputs) -> tuple[Promise, ...]:
    """Return what the blueprints say of a failure: its scenarios, and the lines of checklists it is tried by."""
    scenarios = [row for row, known in rows(inputs) if known is tried and row.kind is ControlKind.SCENARIO]
    found = [Promise(row.id, str(row.source), row.title, seconds(row) or 0) for row in scenarios]
    return (*found, *(_line(row) for row in _lines(tried, inputs.blueprints.controls)))


def _lines(tried: Tried, controls: Sequence[Control]) -> Iterator[Control]:
    """Yield the lines that try a failure, and those after each that only watch what it set off."""
    follows: str | None = None
    for row in controls:
        if row.kind is not ControlKind.CHECK:
            continue
        line = parse(row)
        if line.kind is CommandKind.CHANGES:
            follows = row.blueprint if drill_of(row) is tried or _is_rest(line, follows, row) else None
        if follows == row.blueprint and line.kind in (CommandKind.CHANGES, CommandKind.OBSERVES):
            yield row


def _is_rest(line: Line, follows: str | None, row: Control) -> bool:
    """Return whether a line without a command only takes back what the one before it did."""
    return follows == row.blueprint and not line.command.text and drill_of(row) is None


def _line(row: Control) -> Promise:
    found = _WITHIN.search(row.title)
    return Promise(row.id, str(row.source), row.title, int(found[1]) * _UNITS[found[2]] if found else 0)


def workloads(inputs: Inputs) -> list[Ref]:
    """Return the workloads the blueprints bind that make another pod when one goes."""
    kinds = [kind for kind in WORKLOADS if kind in ("Deployment", "StatefulSet", "DaemonSet")]
    names = [item for item in inputs.blueprints.bindings if item.kind in kinds]
    found = [Ref(item.kind, inputs.namespace, item.name.replace("{release}", inputs.release_name)) for item in names]
    return list(dict.fromkeys(found))


def broken(tried: Scenario, workload: Ref, inputs: Inputs) -> dict[str, JSON]:
    """Return values path -> value that cannot work, {} where no row says which path decides the field."""
    found = [(_path(item, workload, inputs), item.value) for item in BREAKS[tried]]
    return {path: value for path, value in found if path} if found[0][0] else {}


def _path(item: Break, workload: Ref, inputs: Inputs) -> str:
    """Return the values path that decides a field of a workload, "" where no row says which one does."""
    of = _components(workload, inputs)
    rows = [row for row in inputs.blueprints.controls if row.kind is ControlKind.PARAMETER and item.field in row.fields]
    paths = (path for row in rows if _speaks_of(row, of) for path in _paths(row, inputs, item.key))
    return next((path for path in paths if path in inputs.values.leaves), "")


def _components(workload: Ref, inputs: Inputs) -> set[str]:
    """Return the components that a workload implements."""
    return {item.component for item in inputs.blueprints.bindings if _is_bound(item.kind, item.name, workload, inputs)}


def overlay(drill: Drill) -> bytes:
    """Return a values file that holds the values a drill breaks, nothing for one that deletes a pod."""
    import yaml

    tree: dict[str, Any] = {}
    for path, value in drill.broken.items():
        *above, last = keys(path)
        place = tree
        for key in above:
            place = place.setdefault(key, {})
        place[last] = value
    return yaml.safe_dump(tree).encode() if tree else b""


def _is_bound(kind: str, name: str, workload: Ref, inputs: Inputs) -> bool:
    return (kind, name.replace("{release}", inputs.release_name)) == (workload.kind, workload.name)


def _speaks_of(row: Control, components: set[str]) -> bool:
    named = {row.component} if row.component else {path.partition(".")[0] for path in row.paths}
    return bool(named & components)


def _paths(row: Control, inputs: Inputs, key: str) -> Iterator[str]:
    """Yield where the value of a part of a row may stand."""
    for path in row.paths:
        if path.rpartition(".")[2] == key:
            yield path
        for part in expected(row, inputs.profile):
            yield from (f"{path}.{leaf}" for leaf in part.leaves if leaf and (part.label == key or leaf == key))
