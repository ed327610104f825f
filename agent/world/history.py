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
from tools.deadline import Deadline
from tools.failure import Failure
from tools.sandbox import Sandbox, sandbox

Files = Mapping[str, Path]
"""Name as shown -> the file."""

History = Mapping[tuple[str, int], LineHistory]
"""Name as shown and line -> who changed it last."""


def git_facts(
    blueprints: Blueprints, specs: Files, values: Values, files: Files, profile: Profile, deadline: Deadline
) -> tuple[GitFacts | None, str]:
    """Return what git says, or why it says nothing.

    Args:
        blueprints: the rows, whose sources name `specs`.
        specs: the blueprint files.
        values: the values in force, whose sources name `files`.
        files: the values files.
        profile: which of a row's values counts.
        deadline: when the command must have ended.

    """
    every = {**specs, **files}
    inside = {name: path for name, path in every.items() if git.root(path) is not None}
    if not inside:
        return None, f"{next(iter(every), 'nothing')} is in no git repository"
    decided = _decided(blueprints.controls, values)
    asked = {source.file for row, leaf in decided for source in (row.source, leaf.source)}
    with sandbox(deadline=deadline) as box:
        states = _states_of(box, inside)
        whole = {name: path for name, path in inside.items() if states[name] is True and name in asked}
        stated = _stated(decided, _blamed(box, whole), _Then(box, specs), profile)
    tracked = {name: states.get(name) is not None for name in every}
    clean = {name: states.get(name) is True for name in every}
    unread = {name: str(state) for name, state in states.items() if isinstance(state, Failure)}
    return GitFacts(tracked, clean, stated, unread), ""


def line_history(files: Files, deadline: Deadline) -> History:
    """Return (name, line) -> who changed it last, of the files that are in git as they are on disk."""
    inside = {name: path for name, path in files.items() if git.root(path) is not None}
    with sandbox(deadline=deadline) as box:
        states = _states_of(box, inside)
        return _blamed(box, {name: path for name, path in inside.items() if states[name] is True})


def _states_of(box: Sandbox, files: Files) -> dict[str, bool | Failure | None]:
    """Return name -> whether that file is in git just as it is on disk; every one lies in a repository."""
    tops = {name: git.root(path) for name, path in files.items()}
    found = {
        top: git.committed(box, top, [files[name] for name in files if tops[name] == top])
        for top in dict.fromkeys(tops.values())
        if top is not None
    }
    return {name: found[top][files[name]] for name, top in tops.items() if top is not None}


def _blamed(box: Sandbox, files: Files) -> History:
    with ThreadPoolExecutor(4) as workers:
        found = zip(files, workers.map(lambda path: _lines(box, path), files.values()), strict=True)
        return {(name, line): made for name, lines in found for line, made in lines.items()}


def _lines(box: Sandbox, path: Path) -> Mapping[int, LineHistory]:
    root = git.root(path)
    found = git.lines(box, root, path) if root else {}
    if isinstance(found, Failure):
        return {}
    return {line: LineHistory(made.id, made.time, made.author, made.subject) for line, made in found.items()}


def _stated(
    decided: Sequence[tuple[Control, Leaf]], history: History, then: "_Then", profile: Profile
) -> dict[str, bool | None]:
    """Return control id -> whether the blueprint stated its value when the value was set.

    A row whose line is no younger than the value's has stated it. A younger line may only have been reworded: then the
    blueprints are read as they were in the commit that set the value. None where there was no blueprint then at all.
    """
    found: dict[str, bool | None] = {}
    for control, leaf in decided:
        spec = history.get((control.source.file, control.source.line))
        value = history.get((leaf.source.file, leaf.source.line))
        if spec is None or value is None:
            continue
        if spec.commit == value.commit or spec.time <= value.time:
            found[control.id] = True
            continue
        row = then.row(value.commit, control)
        found[control.id] = _states(row, leaf, profile) if row or then.any(value.commit) else None
    return found


class _Then:
    """The blueprints as they were in a commit; each file is read once, and only when a row is looked for in it."""

    def __init__(self, box: Sandbox, specs: Files) -> None:
        self._box, self._specs = box, specs
        self._texts: dict[tuple[str, str], str] = {}
        self._read: dict[tuple[str, str], Blueprints] = {}

    def row(self, commit: str, control: Control) -> Control | None:
        """Return a row as it was, looked for where it stands now, then in the other files."""
        files = sorted(self._specs, key=lambda name: name != control.source.file)
        files = [name for name in files if any(path in self._text(commit, name) for path in control.paths)]
        found = (self._file(commit, name).control(control.id) for name in files)
        return next((row for row in found if row is not None), None)

    def any(self, commit: str) -> bool:
        """Return whether there was a blueprint at all."""
        return any(self._file(commit, name).controls for name in self._specs)

    def _file(self, commit: str, name: str) -> Blueprints:
        if (commit, name) not in self._read:
            self._read[commit, name] = parse({name: self._text(commit, name).encode()})
        return self._read[commit, name]

    def _text(self, commit: str, name: str) -> str:
        """Return a file as it was, "" where that commit does not have it."""
        if (commit, name) not in self._texts:
            self._texts[commit, name] = _content(self._box, commit, self._specs[name]) or ""
        return self._texts[commit, name]


def _decided(controls: Sequence[Control], values: Values) -> list[tuple[Control, Leaf]]:
    rows = [row for row in controls if row.kind is ControlKind.PARAMETER]
    named = [(row, leaf) for row in rows for path in row.paths if (leaf := next(iter(values.below(path)), None))]
    return [(row, leaf) for row, leaf in named if leaf.source.line]


def _content(box: Sandbox, commit: str, path: Path) -> str | None:
    root = git.root(path)
    found = git.content(box, root, commit, path) if root else None
    return found if isinstance(found, str) else None


def _states(control: Control | None, leaf: Leaf, profile: Profile) -> bool:
    wanted = expected(control, profile) if control else []
    return any(item.met(leaf.value) for item in wanted)
