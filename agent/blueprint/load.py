"""Blueprint files become one set of controls. Pure: bytes in, controls out."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath

from agent.blueprint.control import Binding, Blueprints, Control, Source, Unread
from agent.blueprint.controls import TablePlace, bindings, controls, id_in, is_binding
from agent.blueprint.tables import Row, Table, tables
from tools.failure import Failure

LARGEST = 1 << 20
"""Bytes of a blueprint at most."""

_NUMBER = re.compile(r"^\d+\.\s*")
_REMARK = re.compile(r"\s*\([^)]*\)\s*$")


def parse(files: Mapping[str, bytes | Failure]) -> Blueprints:
    """Return every control of these files, by the name to show a person; a Failure is a file nobody could open.

    What cannot be read is in `unread` with file and line; of two rows with one id neither is believed.
    """
    read = {name: _tables(name, content) for name, content in files.items()}
    problems = [unread for _, unreadable in read.values() for unread in unreadable]
    every = [(name, table) for name, (found, _) in read.items() for table in found]
    bound = [item for name, table in every if is_binding(table) for item in bindings(table, name)]
    known = tuple(item for item in bound if isinstance(item, Binding))
    roots = {
        item.component: frozenset(own.values for own in known if own.component == item.component) for item in known
    }
    rows = [item for name, table in every for item in controls(table, _place(name, table, roots))]
    made = [item for item in rows if isinstance(item, Control)]
    problems += [item for item in (*bound, *rows) if isinstance(item, Unread)]
    twice = {name for name, count in Counter(control.id for control in made).items() if count > 1}
    problems += _duplicates(made, twice)
    believed = tuple(control for control in made if control.id not in twice)
    return Blueprints(believed, known, tuple(sorted(problems, key=lambda item: item.source)), tuple(files))


def _components(known: Sequence[Binding]) -> list[str]:
    return list(dict.fromkeys(item.component for item in known))


def _tables(name: str, content: bytes | Failure) -> tuple[list[Table], list[Unread]]:
    if isinstance(content, Failure):
        return [], [Unread(Source(name, 1), "", f"{content.detail}, so the whole file is not read")]
    if len(content) > LARGEST:
        return [], [Unread(Source(name, 1), "", f"larger than {LARGEST >> 20} MiB, so not read")]
    try:
        found, odd = tables(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return [], [Unread(Source(name, line), "", "not UTF-8, so the whole file is not read")]
    return found, [_unread(name, row) for row in odd]


def _unread(name: str, row: Row) -> Unread:
    return Unread(Source(name, row.line), row.text, row.problem, id_in(row.text))


def _place(name: str, table: Table, roots: Mapping[str, frozenset[str]]) -> TablePlace:
    """Return where a table stands; `3. Scaling` and `Backend Service (FastAPI)` lose what is not their name."""
    section = table.sections[-1] if len(table.sections) > 1 else ""
    return TablePlace(name, PurePath(name).stem, _REMARK.sub("", _NUMBER.sub("", section)), roots)


def _duplicates(made: list[Control], twice: set[str]) -> Iterator[Unread]:
    for control in made:
        if control.id in twice:
            others = [str(c.source) for c in made if c.id == control.id and c is not control]
            yield Unread(control.source, control.raw, f"{control.id} stands at {', '.join(others)} too", control.id)
