"""The row that has to be in a blueprint before a plan may give a values path a value: drafted for a person. Pure.

What is drafted is read back by the parser of blueprints and held against what was asked, or it is not offered.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.audit.expected import VIA, Expected, expected
from agent.blueprint.cells import CellType
from agent.blueprint.control import Blueprints, Control, ControlKind, Profile
from agent.blueprint.load import parse
from agent.blueprint.tables import Table, tables
from agent.blueprint.values import keys
from agent.change.gate import image_part
from agent.change.grounds import Refusal
from agent.change.plan import JSON
from agent.trace.explain import deciding
from agent.trace.starter import UNJUSTIFIED, title

Texts = Mapping[str, bytes]
"""Blueprint as shown to a person -> its bytes."""

PATHS, VALUES, ID = ("helm path", "values key"), ("value", "configuration"), "id"
"""Headers, as the parser of blueprints knows them."""

_BAR = re.compile(r"(?<!\\)\|")
_END = re.compile(r"[^\n]*\n|[^\n]+")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[._-]+")


@dataclass(frozen=True, slots=True)
class Asked:
    """A value that somebody wants a row to state."""

    path: str
    value: JSON
    said: str
    """The value as a cell has it."""
    field: str = ""
    """The API field it decides, "" where that has no name."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row to be committed: where it belongs, what stands there now ("" for a new one), and the file with it."""

    control: str
    file: str
    line: int
    was: str
    text: str
    before: bytes
    after: bytes


def drafted(asked: Asked, texts: Texts, profile: Profile) -> tuple[Row, ...] | Refusal:
    """Return the rows that have to change, or the one to be added, so that a value is what they state; or why none can.

    Every row that speaks of the value has to agree: of two that do not, a plan follows neither.
    """
    blueprints = parse(texts)
    every = [row for row in deciding(asked.path, blueprints) if row.kind is ControlKind.PARAMETER]
    comes = next((row for row in every if VIA.search(row.raw)), None)
    if comes is not None:
        return Refusal(asked.path, f"{comes.source} says how it comes ({comes.raw}), not what it is")
    rows = [row for row in every if _parts(row, asked, profile)]
    other = [row for row in rows if not _states(row, asked, profile)]
    if rows and not other:
        return Refusal(asked.path, f"{rows[0].source} says so already", f"agent plan {asked.path}")
    found: list[Row] = []
    wrong: list[Control | None] = [*other] or [None]
    for row in wrong:
        draft = _first(row, asked, texts, profile)
        if draft is None:
            return _none(row, asked)
        found.append(draft)
        texts = {**texts, draft.file: draft.after}
    return tuple(found)


def _first(row: Control | None, asked: Asked, texts: Texts, profile: Profile) -> Row | None:
    """Return the first draft of a row, of a new one for None, that reads as it should."""
    blueprints = parse(texts)
    drafts = _changed(row, asked, texts, profile) if row else _added(asked, texts, blueprints)
    return next((draft for draft in drafts if _holds(draft, asked, texts, blueprints, profile)), None)


def _none(row: Control | None, asked: Asked) -> Refusal:
    if row is None:
        return Refusal(asked.path, "no table of a blueprint speaks of anything near it", "agent init writes a starter")
    why = f"{row.source} says {row.raw!r}, in which that value cannot stand by itself"
    return Refusal(asked.path, why, f"change {row.source} by hand")


def _parts(row: Control, asked: Asked, profile: Profile) -> list[Expected]:
    """Return what a row says of a path."""
    found = []
    for part in expected(row, profile):
        names = {".".join(filter(None, (path, leaf))) for path in row.paths for leaf in part.leaves}
        if asked.path in names:
            found.append(image_part(part, asked.path) if part.type is CellType.IMAGE else part)
    return found


def _states(row: Control, asked: Asked, profile: Profile) -> bool:
    """Return whether a row gives a path exactly that value."""
    found = _parts(row, asked, profile)
    return bool(found) and all(part.met(asked.value, asked.path.replace(".", "/")) for part in found)


def _holds(draft: Row, asked: Asked, texts: Texts, before: Blueprints, profile: Profile) -> bool:
    """Return whether the file with the draft reads as it did, but for the row, which states what was asked."""
    after = parse({**texts, draft.file: draft.after})
    found = {row.id: row for row in after.controls}
    same = all(
        row.id == draft.control or (row.id in found and found[row.id].fingerprint == row.fingerprint)
        for row in before.controls
    )
    own = found.get(draft.control)
    read = len(after.unread) <= len(before.unread) and own is not None
    return read and same and own is not None and _states(own, asked, profile)


def _changed(row: Control, asked: Asked, texts: Texts, profile: Profile) -> Iterator[Row]:
    """Yield a row with the value in place of what stands there: of its profile, of its part, of the whole cell."""
    table = _table(row, texts)
    column = next((place for place, name in enumerate(table.headers if table else ()) if name in VALUES), None)
    if column is None:
        return
    lines = _END.findall(texts[row.source.file].decode("utf-8"))
    line = lines[row.source.line - 1]
    for cell in dict.fromkeys(_cells(row, asked, profile)):
        yield _row(row.source.file, row.source.line, row.id, _with(line, column, cell), texts, line)


def _cells(row: Control, asked: Asked, profile: Profile) -> Iterator[str]:
    cells, parts = row.values, expected(row, profile)
    if len({cell.raw for cell in cells.values()}) > 1:
        yield row.raw.replace(cells[profile].raw, asked.said, 1)
    for part in _parts(row, asked, profile) if len(parts) > 1 or parts[0].type is CellType.IMAGE else ():
        yield re.sub(rf"(?<![\w.]){re.escape(part.shown())}(?![\d.])", lambda _: asked.said, row.raw, count=1)
    if len(parts) == 1 and parts[0].type is not CellType.IMAGE:
        yield asked.said


def _with(line: str, column: int, cell: str) -> str:
    """Return a row's line with another text in one of its cells, the bars where they are."""
    pieces = _BAR.split(line)
    first = 1 if line.lstrip().startswith("|") else 0
    pieces[first + column] = f" {cell} "
    return "|".join(pieces)


def _added(asked: Asked, texts: Texts, blueprints: Blueprints) -> Iterator[Row]:
    """Yield a new row below the one whose path is the nearest."""
    near = _nearest(asked.path, blueprints)
    table = _table(near, texts) if near else None
    if near is None or table is None:
        return
    name = _name(asked.path, near, blueprints)
    cells = {ID: name, "parameter": title(asked.path, asked.said), "field": asked.field}
    cells |= dict.fromkeys(VALUES, asked.said) | dict.fromkeys(PATHS, asked.path)
    cells |= {"rationale": asked.why or UNJUSTIFIED}
    text = f"| {' | '.join(cells.get(header, '') for header in table.headers)} |".replace("|  |", "| |")
    end = "\r\n" if b"\r\n" in texts[near.source.file] else "\n"
    yield _row(near.source.file, near.source.line + 1, name, text + end, texts, "")


def _nearest(path: str, blueprints: Blueprints) -> Control | None:
    """Return the last of the rows that have the most keys in common with a path, None where none has any."""
    rows = [row for row in blueprints.controls if row.kind is ControlKind.PARAMETER and row.paths]
    most = max((_common(path, row) for row in rows), default=0)
    return next((row for row in reversed(rows) if most and _common(path, row) == most), None)


def _common(path: str, row: Control) -> int:
    return max(_shared(keys(path), keys(own)) for own in row.paths)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = zip(one, other, strict=False)
    return next((size for size, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _name(path: str, near: Control, blueprints: Blueprints) -> str:
    """Return an id like those of its table: what its neighbour's begins with, and the words of the path below."""
    start = "-".join(near.id.split("-")[:2]) if near.id.count("-") > 1 else near.id.partition("-")[0]
    words = [word for key in keys(path)[1:] or keys(path) for word in _WORDS.split(key) if word]
    made = re.sub(r"[^A-Z0-9-]", "", f"{start}-{'-'.join(words)}".upper())
    taken = {row.id for row in blueprints.controls}
    return next(name for name in (made, *(f"{made}-{number}" for number in range(2, 99))) if name not in taken)


def _table(row: Control, texts: Texts) -> Table | None:
    """Return the table that a row stands in."""
    found, _ = tables(texts[row.source.file].decode("utf-8-sig"))
    return next((table for table in found if any(item.line == row.source.line for item in table.rows)), None)


def _row(file: str, line: int, control: str, text: str, texts: Texts, was: str) -> Row:
    lines: Sequence[str] = _END.findall(texts[file].decode("utf-8"))
    kept = lines[line - 1 + bool(was) :]
    above = "".join(lines[: line - 1])
    above += "" if not above or above.endswith("\n") else "\n"
    after = (above + text + "".join(kept)).encode()
    return Row(control, file, line, was.strip(), text.strip(), texts[file], after)
