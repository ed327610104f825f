"""Rows become controls. The headers of a table say what its rows are; nothing is read from prose."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.blueprint.cells import Cell, Unreadable, duration, read
from agent.blueprint.control import Binding, Control, ControlKind, Profile, Source, Unread
from agent.blueprint.tables import Row, Table

_ID = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)+")
PATH = re.compile(r"[A-Za-z_](?:[\w-]|\\\.)*(\.(?:[\w/*:@$%~-]|\\\.)+)*")
"""Keys with dots between; a dot inside of a key is escaped, as in `podAnnotations.prometheus\\.io/scrape`."""

_WORD = re.compile(r"[A-Za-z0-9]+")

BINDING_HEADERS = {"component", "kind", "name", "values"}

SUBJECTS: Mapping[str, ControlKind] = {
    "parameter": ControlKind.PARAMETER,
    "mechanism": ControlKind.PARAMETER,
    "trigger": ControlKind.TRIGGER,
    "scenario": ControlKind.SCENARIO,
    "check": ControlKind.CHECK,
    "blueprint": ControlKind.MAPPING,
    "rule": ControlKind.RULE,
    "asked as": ControlKind.QUESTION,
}
"""The header of the column that names a row's subject -> what the row is."""

SAYS: Mapping[ControlKind, tuple[str, ...]] = {
    ControlKind.PARAMETER: ("value", "configuration"),
    ControlKind.TRIGGER: ("action",),
    ControlKind.SCENARIO: ("detection", "recovery", "time"),
    ControlKind.CHECK: ("command", "kind"),
    ControlKind.MAPPING: ("helm template", "scope"),
    ControlKind.RULE: ("asks for",),
    ControlKind.QUESTION: ("what it must give", "here"),
}
"""The columns that hold what a row says."""

REASONS = ("rationale", "purpose")
PATHS = ("helm path", "values key")
GIVEN = {"id", "field", *REASONS, *PATHS, *SUBJECTS, *(name for names in SAYS.values() for name in names)}


@dataclass(frozen=True, slots=True)
class TablePlace:
    """Where a table stands: the file as shown, its stem, the title of the section below the file's own."""

    file: str
    blueprint: str
    section: str
    roots: Mapping[str, frozenset[str]]
    """The components that the binding tables of all files name, each with the roots of its values."""


def bindings(table: Table, file: str) -> Iterator[Binding | Unread]:
    """Yield the rows of a binding table, and those that cannot be read."""
    for row in table.rows:
        source = Source(file, row.line)
        name = row.cells.get
        if row.problem or not all(name(header) for header in BINDING_HEADERS):
            yield Unread(source, row.text, row.problem or "a binding needs component, kind, name and values")
        else:
            yield _binding(row.cells, source)


def _binding(cells: Mapping[str, str], source: Source) -> Binding:
    container = cells.get("container", "")
    return Binding(cells["component"].casefold(), cells["kind"], cells["name"], cells["values"], container, source)


def is_binding(table: Table) -> bool:
    """Return whether a table binds components to objects."""
    return set(table.headers) >= BINDING_HEADERS


def controls(table: Table, place: TablePlace) -> Iterator[Control | Unread]:
    """Yield a table's controls, and its rows that cannot be read; nothing for a table of another sort."""
    subject = next((header for header in table.headers if header in SUBJECTS), None)
    if subject is None:
        if "id" in table.headers:
            line = table.rows[0].line if table.rows else 0
            yield Unread(Source(place.file, line), " | ".join(table.headers), "rows with ids, but of no known sort")
        return
    for row in table.rows:
        yield from _of_row(row, table, subject, place)


def _of_row(row: Row, table: Table, subject: str, place: TablePlace) -> Iterator[Control | Unread]:
    """Yield one row's control; one a component where the columns are components (Parameter | Backend | Frontend)."""
    columns = _component_columns(table)
    for column in columns or [""]:
        try:
            yield _control(row, subject, place, column)
        except Unreadable as problem:
            given = row.cells.get("id", "").strip("`")
            yield Unread(Source(place.file, row.line), row.text, str(problem), given if _ID.fullmatch(given) else "")


def _component_columns(table: Table) -> list[str]:
    """Return the columns that are components; only tables without a column for the value have them."""
    named = {header for names in SAYS.values() for header in names}
    return [] if named & set(table.headers) else [header for header in table.headers if header not in GIVEN]


def _control(row: Row, subject: str, place: TablePlace, column: str) -> Control:
    if row.problem:
        raise Unreadable(row.problem)
    kind, cells = SUBJECTS[subject], row.cells
    name = cells.get(subject, "").strip()
    raw = _says(cells, kind, column)
    paths = _paths(next((cells[key] for key in PATHS if cells.get(key)), ""))
    component = _component(place, column, paths)
    return Control(
        id=_id(cells, place, column, name),
        kind=kind,
        blueprint=place.blueprint,
        title=f"{component.capitalize()}: {name}" if component and kind is ControlKind.PARAMETER else _plain(name),
        raw=raw,
        values=_values(kind, name, raw, cells, paths),
        paths=paths,
        component=component,
        fields=tuple(part.strip() for part in cells.get("field", "").split(",") if part.strip()),
        rationale=next((cells[key] for key in REASONS if cells.get(key)), ""),
        source=Source(place.file, row.line),
        fingerprint=_fingerprint(cells),
    )


def _says(cells: Mapping[str, str], kind: ControlKind, column: str) -> str:
    if column:
        return cells.get(column, "")
    return "; ".join(_plain(cells[key]) for key in SAYS[kind] if cells.get(key))


def _plain(text: str) -> str:
    """Return a cell that is one piece of code without its backticks."""
    inner = text[1:-1]
    return inner if text.startswith("`") and text.endswith("`") and "`" not in inner else text


def _id(cells: Mapping[str, str], place: TablePlace, column: str, name: str) -> str:
    """Return the row's id: its own, or for a table without that column one made of where it stands and its name."""
    if "id" in cells:
        given = cells["id"].strip("`")
        if not _ID.fullmatch(given):
            raise Unreadable(f"{given!r} is not a control id such as SVC-BE-PORT")
        return given
    made = "-".join(_WORD.findall(f"{place.blueprint} {place.section} {column} {name}")).upper()
    if not _ID.fullmatch(made):
        raise Unreadable("the row has no name to make an id of")
    return made


def id_in(line: str) -> str:
    """Return the control id a line that is no row begins with, "" when it has none."""
    found = _ID.match(line.lstrip("| `"))
    return found[0] if found else ""


def _values(
    kind: ControlKind, name: str, raw: str, cells: Mapping[str, str], paths: Sequence[str]
) -> dict[Profile, Cell]:
    if kind is ControlKind.PARAMETER:
        return {Profile(profile): cell for profile, cell in read(name, raw, paths).items()}
    if kind is ControlKind.SCENARIO and cells.get("time", "N/A") != "N/A":
        return dict.fromkeys(Profile, duration(cells["time"]))
    return {}


def _paths(text: str) -> tuple[str, ...]:
    """Return the values paths a cell names: several with commas, and `image.repository + tag` for two siblings."""
    if text.casefold() in ("", "n/a"):
        return ()
    found: list[str] = []
    for part in text.split(","):
        first, *siblings = [word.strip().strip("`") for word in part.split("+")]
        found += [first, *(f"{first.rpartition('.')[0]}.{sibling}" for sibling in siblings)]
    wrong = next((path for path in found if not PATH.fullmatch(path)), None)
    if wrong is not None:
        raise Unreadable(f"{wrong!r} is not a values path")
    return tuple(found)


def _component(place: TablePlace, column: str, paths: Sequence[str]) -> str:
    """Return the component a row speaks of: its column, its section, or the one whose values all its paths are in."""
    if column:
        return column
    if place.section.casefold() in place.roots:
        return place.section.casefold()
    firsts = {path.partition(".")[0] for path in paths}
    if len(firsts) == 1 and firsts <= place.roots.keys():
        return firsts.pop()
    depths = {name: _depth(roots, paths) for name, roots in place.roots.items()}
    deepest = [name for name, depth in depths.items() if depth and depth == max(depths.values())]
    return deepest[0] if len(deepest) == 1 else ""


def _depth(roots: Iterable[str], paths: Sequence[str]) -> int:
    """Return how long the longest root above all these paths is, 0 where none is."""
    above = (root for root in roots if paths and all(path == root or path.startswith(f"{root}.") for path in paths))
    return max(map(len, above), default=0)


def _fingerprint(cells: Mapping[str, str]) -> str:
    meaning = [" ".join(text.split()) for header, text in cells.items() if header not in ("id", *REASONS)]
    return hashlib.sha256("\x1f".join(meaning).encode()).hexdigest()[:12]
