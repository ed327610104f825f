"""Traceability both ways between rows and values, and between rows and the mapping to Helm."""

import re
from collections.abc import Callable, Iterator

from agent.blueprint.cells import Cell, CellType
from agent.blueprint.control import Control, ControlKind, Profile
from agent.blueprint.lint.finding import Lint, Phrases, Severity, at, ids, plain_title, quoted, with_word
from agent.blueprint.lint.subject import NOWHERE, Subject, profiles
from agent.blueprint.lint.wording import EXACT
from agent.blueprint.values import Leaf, Values
from tools.kinds import BY_NAME

_WORD = re.compile(r"[a-z0-9]+")
_KIND = re.compile(rf"\b({'|'.join(sorted(BY_NAME, key=len, reverse=True))})s?\b")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def path_without_value(subject: Subject) -> Iterator[Lint]:
    """A row's values path that no values file has: a patch of it would change nothing."""
    for control in (*subject.parameters, *subject.of(ControlKind.MAPPING)):
        for path in control.paths:
            missing = {profile: path for profile, values in subject.values.items() if not _has(values, path)}
            if missing:
                where = (
                    "no values file has"
                    if len(missing) == len(subject.values)
                    else f"the values of {profiles(missing)} lack"
                )
                yield Lint(
                    code="path-without-value",
                    severity=Severity.ERROR,
                    text=f"{where} `{path}`, which this row decides",
                    sources=at(control),
                    controls=ids(control),
                    suggestion=f"add `{path}` to the chart's values, or correct the path",
                    about=((control.id,),),
                )


def _has(values: Values, path: str) -> bool:
    """Return whether a path is there; what is below a list is, for lists are replaced whole."""
    path = path.removesuffix(".*")
    if next(values.below(path), None) is not None:
        return True
    parts = path.split(".")
    above = (values.leaves.get(".".join(parts[:size])) for size in range(1, len(parts)))
    return any(leaf is not None and isinstance(leaf.value, list) for leaf in above)


def row_without_reason(subject: Subject) -> Iterator[Lint]:
    """A row that states a value and not why: `agent init` writes such rows, and only a person can finish them."""
    for control in subject.parameters:
        reason = control.rationale.strip().upper()
        if control.paths and (not reason or reason.startswith("UNJUSTIFIED")):
            yield Lint(
                code="row-without-reason",
                severity=Severity.WARNING,
                text=f"`{plain_title(control)}` says what, and not why",
                sources=at(control),
                controls=ids(control),
                suggestion="write in the Rationale column what would go wrong with another value",
                about=((control.id,),),
            )


def value_without_row(subject: Subject) -> Iterator[Lint]:
    """A value no row justifies. A mapping row of a whole subtree does where no parameter row decides anything in it."""
    decided = _decided(subject)
    whole = {path for row in subject.of(ControlKind.MAPPING) for path in _keys(row) if not _below(decided, path)}
    seen: set[str] = set()
    for leaf in (leaf for profile in Profile for leaf in _leaves(subject, profile)):
        if leaf.path not in seen and not _justified(leaf.path, decided | whole):
            yield Lint(
                code="value-without-row",
                severity=Severity.WARNING,
                text=f"no row decides `{leaf.path}`, so that nothing says why it is {leaf.raw or 'as it is'}",
                sources=(leaf.source,),
                controls=(),
                suggestion=f"add a row: | ID | {_titled(leaf.path)} | {leaf.raw or '...'} | {leaf.path} | | why |",
            )
        seen.add(leaf.path)


def _leaves(subject: Subject, profile: Profile) -> list[Leaf]:
    return list(subject.values[profile].leaves.values()) if profile in subject.values else []


def _decided(subject: Subject) -> set[str]:
    return {path.removesuffix(".*") for row in subject.parameters for path in row.paths}


def _keys(mapping: Control) -> list[str]:
    return [path.removesuffix(".*") for path in mapping.paths]


def _below(decided: set[str], key: str) -> bool:
    return any(path == key or path.startswith(f"{key}.") for path in decided)


def _justified(path: str, known: set[str]) -> bool:
    parts = path.split(".")
    return any(".".join(parts[:size]) in known for size in range(1, len(parts) + 1)) or _below(known, path)


def mapping_without_row(subject: Subject) -> Iterator[Lint]:
    """A mapping row justifies a whole subtree of values in which no row decides anything."""
    decided = _decided(subject)
    for row in subject.of(ControlKind.MAPPING):
        empty = [path for path in row.paths if not _below(decided, path.removesuffix(".*"))]
        if empty:
            yield Lint(
                code="mapping-without-row",
                severity=Severity.INFO,
                text=f"{quoted(empty)} is mapped as a whole: no row decides a value in it",
                sources=at(row),
                controls=ids(row),
                suggestion=f"add a row for each value below {quoted(empty)} that somebody decided",
                about=with_word([row]),
            )


def outside_of_mapping(subject: Subject) -> Iterator[Lint]:
    """A row's values path lies outside of the keys its blueprint is mapped to."""
    inside = {path for row in subject.parameters for path in row.paths if not _strays(subject, row, path)}
    for row in subject.parameters:
        away = [path for path in row.paths if path not in inside]
        mapped = mappings(subject, row)
        if away and mapped:
            yield Lint(
                code="outside-of-mapping",
                severity=Severity.WARNING,
                text=f"{quoted(away)} lies outside of {quoted(mapped[0].paths)}, the key of {mapped[0].title}",
                sources=at(row, mapped[0]),
                controls=ids(row, mapped[0]),
                suggestion=f"add {quoted(away)} to the mapping's keys for {mapped[0].title}, with its template",
                about=tuple(_called(row, away)),
            )


def _strays(subject: Subject, row: Control, path: str) -> bool:
    mapped = mappings(subject, row)
    return not any(path == key or path.startswith(f"{key}.") for mapping in mapped for key in _keys(mapping))


def mappings(subject: Subject, row: Control) -> list[Control]:
    """Return the mapping rows whose name consists of words of the place where a row stands, and that lead to values."""
    place = subject.place(row)
    found = [m for m in subject.of(ControlKind.MAPPING) if m.paths and _words(m.title) and _words(m.title) <= place]
    return sorted(found, key=lambda mapping: -len(_words(mapping.title)))


def _words(title: str) -> frozenset[str]:
    return frozenset(_WORD.findall(title.casefold()))


def _called(row: Control, paths: list[str]) -> Iterator[Phrases]:
    """Yield what prose may call a row: its id, its title, the last key of its paths, in words."""
    stand = ("stand", "stands", "template", "templates")
    names = (row.id, plain_title(row), *(_titled(path) for path in paths))
    yield from ((name, word) for name in names for word in stand)


def _titled(path: str) -> str:
    """Return a path's last key in words: `backend.nodeSpread` is Node Spread."""
    return _CAMEL.sub(" ", path.rpartition(".")[2]).replace("_", " ").title()


def two_keys(subject: Subject) -> Iterator[Lint]:
    """A row and the mapping lead to different keys for one kind of object."""
    decided = _decided(subject)
    for mapping in subject.of(ControlKind.MAPPING):
        if not mapping.paths or _below(decided, mapping.paths[0].removesuffix(".*")):
            continue
        kinds = set(_KIND.findall(f"{mapping.raw} {subject.cell(mapping, 'scope')}"))
        for row in subject.parameters:
            shared = sorted(kinds & set(_KIND.findall(row.raw)))
            if shared and row.paths and not set(row.paths) & set(mapping.paths):
                yield _two_keys(row, mapping, shared[0])


def _two_keys(row: Control, mapping: Control, kind: str) -> Lint:
    return Lint(
        code="two-keys",
        severity=Severity.WARNING,
        text=f"the {kind} is {quoted(row.paths)} in one row and {quoted(mapping.paths)} in the mapping",
        sources=at(row, mapping),
        controls=ids(row, mapping),
        suggestion=f"say which part of the {kind} each key holds, or use one key",
        about=with_word([mapping], kind),
    )


def row_without_path(subject: Subject) -> Iterator[Lint]:
    """A row states a value that no values path leads to: nobody can change it, and nothing can be compared."""
    helm = subject.blueprints.bindings or subject.of(ControlKind.MAPPING)
    unmapped = [m for m in subject.of(ControlKind.MAPPING) if subject.cell(m, "values key").casefold() in NOWHERE]
    for row in subject.parameters:
        outside = any(_words(mapping.title) <= subject.place(row) for mapping in unmapped)
        states = any(_is_exact(cell) for cell in row.values.values())
        if helm and states and not row.paths and not outside:
            yield Lint(
                code="row-without-path",
                severity=Severity.INFO,
                text=f'"{plain_title(row)} {row.raw}" has no values path: the chart fixes it, or nothing does',
                sources=at(row),
                controls=ids(row),
                suggestion="name the values path, or say that the chart's template fixes it",
                about=with_word([row]),
            )


def _is_exact(cell: Cell) -> bool:
    """Return whether a cell could be compared with something; what cannot is another rule's."""
    if cell.type is CellType.TEXT:
        return str(cell.value).casefold() in EXACT
    return cell.type is not CellType.NONE


RULES: tuple[Callable[[Subject], Iterator[Lint]], ...] = (
    path_without_value,
    row_without_reason,
    value_without_row,
    mapping_without_row,
    outside_of_mapping,
    two_keys,
    row_without_path,
)
