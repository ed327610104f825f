"""What the rules look at: controls, the cells of their rows, the prose between the tables, the chart's values."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from agent.blueprint.commands import Known
from agent.blueprint.control import Blueprints, Control, ControlKind, Profile, Source
from agent.blueprint.load import LARGEST
from agent.blueprint.tables import tables
from agent.blueprint.values import Values
from tools.failure import Failure

NOWHERE = ("", "n/a")

_LINE_END = re.compile(r"\r\n|\r|\n")
_FENCE = re.compile(r"\s{0,3}(?:```|~~~)")
_READING = re.compile(r"\s*(?:[*_]{0,2})Reading(?:[*_]{0,2})\s*:", re.IGNORECASE)
_BOX = re.compile(r"\s*(?:[-*+]|\d+\.)\s+\[[ xX]?\]\s+(.+)")
_WORD = re.compile(r"[a-z0-9]+")


class Line(NamedTuple):
    """One line of a blueprint and where it stands."""

    source: Source
    text: str


class Said(NamedTuple):
    """Something a row or a line of a list says: its text, where it stands, the row's id or ""."""

    text: str
    source: Source
    id: str


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """Everything lint may know."""

    blueprints: Blueprints
    cells: Mapping[Source, Mapping[str, str]]
    """A table row's place -> its cells by header."""
    sections: Mapping[Source, tuple[str, ...]]
    """A table row's place -> the headings above it."""
    lines: tuple[Line, ...]
    """Every line of every file."""
    prose: tuple[Line, ...]
    """Lines outside of tables, code blocks and readings."""
    readings: tuple[tuple[Line, ...], ...]
    """Paragraphs that start with "Reading:"."""
    values: Mapping[Profile, Values] = field(default_factory=dict)
    """What the chart's files make of each profile; empty when no chart is known."""
    absent: frozenset[str] = frozenset()
    """Files that the blueprints name and the repository does not have."""
    commands: Known = field(default_factory=dict)
    """The agent's own operations."""
    _found: dict[tuple[str, str], dict[str, list[Control]]] = field(default_factory=dict)
    """(field, title) -> component -> rows, filled as rules ask: a table of thousands is searched once."""

    def of(self, kind: ControlKind) -> tuple[Control, ...]:
        """Return the controls of one sort."""
        return tuple(control for control in self.blueprints.controls if control.kind is kind)

    @property
    def parameters(self) -> tuple[Control, ...]:
        """Return the rows that state a value."""
        return self.of(ControlKind.PARAMETER)

    def cell(self, control: Control, header: str) -> str:
        """Return the text of one cell of a control's row, "" where the table has no such column."""
        return self.cells.get(control.source, {}).get(header, "")

    def place(self, control: Control) -> frozenset[str]:
        """Return the words that say where a row stands: file, headings, component."""
        text = " ".join((control.blueprint, control.component, *self.sections.get(control.source, ())))
        return frozenset(_WORD.findall(text.casefold()))


def subject(
    files: Mapping[str, bytes | Failure],
    blueprints: Blueprints,
    values: Mapping[Profile, Values] | None = None,
    absent: frozenset[str] = frozenset(),
    commands: Known | None = None,
) -> Subject:
    """Return what is known of blueprint files; those that cannot be read are in `blueprints.unread` already."""
    texts = {name: text for name, content in files.items() if (text := _text(content)) is not None}
    cells, sections = dict[Source, Mapping[str, str]](), dict[Source, tuple[str, ...]]()
    for name, text in texts.items():
        for table in tables(text)[0]:
            for row in table.rows:
                cells[Source(name, row.line)] = row.cells
                sections[Source(name, row.line)] = table.sections
    lines = tuple(line for name, text in texts.items() for line in _lines(name, text))
    readings, prose = _prose(lines)
    return Subject(blueprints, cells, sections, lines, prose, readings, values or {}, absent, commands or {})


def _text(content: bytes | Failure) -> str | None:
    if isinstance(content, Failure):
        return None
    try:
        return content.decode("utf-8-sig") if len(content) <= LARGEST else None
    except UnicodeDecodeError:
        return None


def _lines(name: str, text: str) -> Iterator[Line]:
    for number, line in enumerate(_LINE_END.split(text), 1):
        yield Line(Source(name, number), line)


def _prose(lines: tuple[Line, ...]) -> tuple[tuple[tuple[Line, ...], ...], tuple[Line, ...]]:
    """Return the readings, and the other lines that stand in no table and no code block."""
    readings: list[list[Line]] = []
    prose: list[Line] = []
    file, fenced, reading = "", False, False
    for line in lines:
        if line.source.file != file:
            file, fenced, reading = line.source.file, False, False
        if _FENCE.match(line.text):
            fenced = not fenced
        elif not fenced and not line.text.lstrip().startswith("|"):
            starts = bool(_READING.match(line.text))
            reading = starts or (reading and _goes_on(line.text))
            if starts:
                readings.append([])
            (readings[-1] if reading else prose).append(line)
    return tuple(map(tuple, readings)), tuple(prose)


def _goes_on(text: str) -> bool:
    return bool(text.strip()) and not text.startswith("#")


def components(control: Control) -> frozenset[str]:
    """Return the components a row speaks of: the one it stands under, else the first keys of its values paths."""
    if control.component:
        return frozenset((control.component,))
    return frozenset(path.partition(".")[0] for path in control.paths)


def deployed(subject: Subject) -> tuple[str, ...]:
    """Return the components that are bound to a Deployment, or without bindings those that have an image."""
    bound = [item.component for item in subject.blueprints.bindings if item.kind == "Deployment"]
    if not bound:
        images = (control for control in subject.parameters if is_row(control, "containers[].image", r"image"))
        bound = [name for control in images for name in sorted(components(control))]
    return tuple(dict.fromkeys(bound))


def is_row(control: Control, field: str, title: str) -> bool:
    """Return whether a row governs that field of the API, or for want of a Field column is called so."""
    if control.fields:
        return field in control.fields
    return re.fullmatch(title, control.title.rpartition(": ")[2].strip(), re.IGNORECASE) is not None


def rows(subject: Subject, field: str, title: str, component: str = "") -> list[Control]:
    """Return the parameter rows of one field, of one component where that matters."""
    known = subject._found.get((field, title))
    if known is None:
        known = subject._found[field, title] = {"": []}
        for control in subject.parameters:
            for name in ("", *components(control)) if is_row(control, field, title) else ():
                known.setdefault(name, []).append(control)
    return known.get(component, [])


def checklist(subject: Subject) -> list[Said]:
    """Return what is to be checked: the rows that are checks, and the lines of lists with a box to tick."""
    stated = [Said(control.title, control.source, control.id) for control in subject.of(ControlKind.CHECK)]
    listed = ((found, line) for line in subject.prose if (found := _BOX.match(line.text)))
    return stated + [Said(found[1].strip(), line.source, "") for found, line in listed]


def number(control: Control, profile: Profile) -> int | None:
    """Return a row's whole number (of pieces, seconds or percent) in a profile."""
    cell = control.values.get(profile)
    return cell.value if cell is not None and isinstance(cell.value, int) else None


def profiles(found: Mapping[Profile, object]) -> str:
    """Return profiles for a sentence: `dev`, or `dev and prod`."""
    return " and ".join(profile.value for profile in Profile if profile in found)
