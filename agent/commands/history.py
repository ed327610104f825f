"""What git says of the blueprints and values files an audit speaks of."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agent.audit.expected import expected
from agent.audit.inputs import GitFacts, LineHistory
from agent.blueprint.control import Blueprints, Control, ControlKind, Profile
from agent.blueprint.load import parse
from agent.blueprint.values import Leaf, Values
from tools import git
from tools.failure import Failure
from tools.run import Sandbox, sandbox

Files = Mapping[str, Path]
"""Name as shown -> the file."""


def git_facts(
    blueprints: Blueprints, specs: Files, values: Values, files: Files, profile: Profile
) -> tuple[GitFacts | None, str]:
    """Return what git says, or why it says nothing.

    Args:
        blueprints: the rows, whose sources name `specs`.
        specs: the blueprint files.
        values: the values in force, whose sources name `files`.
        files: the values files.
        profile: which of a row's values counts.

    """
    every = {**specs, **files}
    roots = {name: git.root(path) for name, path in every.items()}
    inside = {name: path for name, path in every.items() if roots[name] is not None}
    if not inside:
        return None, f"{next(iter(every), 'nothing')} is in no git repository"
    with sandbox() as box, ThreadPoolExecutor(4) as workers:
        states = dict(zip(inside, workers.map(lambda path: _state(box, path), inside.values()), strict=True))
        whole = [name for name in inside if states[name] is True]
        blamed = dict(zip(whole, workers.map(lambda name: _lines(box, every[name]), whole), strict=True))
        history = {(name, line): made for name, found in blamed.items() for line, made in found.items()}
        stated = _stated(box, blueprints, specs, values, profile, history)
    tracked = {name: states.get(name) is not None for name in every}
    clean = {name: states.get(name) is True for name in every}
    unread = {name: str(state) for name, state in states.items() if isinstance(state, Failure)}
    return GitFacts(tracked, clean, history, stated, unread), ""


def _state(box: Sandbox, path: Path) -> bool | Failure | None:
    root = git.root(path)
    return git.is_committed(box, root, path) if root else None


def _lines(box: Sandbox, path: Path) -> Mapping[int, LineHistory]:
    root = git.root(path)
    found = git.lines(box, root, path) if root else {}
    if isinstance(found, Failure):
        return {}
    return {line: LineHistory(made.id, made.time, made.author, made.subject) for line, made in found.items()}


History = Mapping[tuple[str, int], LineHistory]


def _stated(
    box: Sandbox, blueprints: Blueprints, specs: Files, values: Values, profile: Profile, history: History
) -> dict[str, bool | None]:
    """Return control id -> whether the blueprint stated its value when the value was set.

    A row whose line is no younger than the value's has stated it. A younger line may only have been reworded: then the
    blueprints are read as they were in the commit that set the value. None where there was no blueprint then at all.
    """
    then: dict[str, Blueprints] = {}
    found: dict[str, bool | None] = {}
    for control, leaf in _decided(blueprints.controls, values):
        spec = history.get((control.source.file, control.source.line))
        value = history.get((leaf.source.file, leaf.source.line))
        if spec is None or value is None:
            continue
        if spec.commit == value.commit or spec.time <= value.time:
            found[control.id] = True
            continue
        if value.commit not in then:
            then[value.commit] = _blueprints_at(box, value.commit, specs)
        known = then[value.commit]
        found[control.id] = _states(known.control(control.id), leaf, profile) if known.controls else None
    return found


def _decided(controls: Sequence[Control], values: Values) -> list[tuple[Control, Leaf]]:
    rows = [row for row in controls if row.kind is ControlKind.PARAMETER]
    named = [(row, leaf) for row in rows for path in row.paths if (leaf := next(iter(values.below(path)), None))]
    return [(row, leaf) for row, leaf in named if leaf.source.line]


def _blueprints_at(box: Sandbox, commit: str, specs: Files) -> Blueprints:
    found = {name: _content(box, commit, path) for name, path in specs.items()}
    return parse({name: text.encode() for name, text in found.items() if text is not None})


def _content(box: Sandbox, commit: str, path: Path) -> str | None:
    root = git.root(path)
    found = git.content(box, root, commit, path) if root else None
    return found if isinstance(found, str) else None


def _states(control: Control | None, leaf: Leaf, profile: Profile) -> bool:
    wanted = expected(control, profile) if control else []
    return any(item.met(leaf.value) for item in wanted)
