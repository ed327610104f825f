"""What a control asks of each place: its typed value taken apart into single comparisons."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent.audit.normalise import image, is_empty, same, same_quantity, text
from agent.blueprint.cells import Cell, CellType
from agent.blueprint.control import Control, Profile

DIGEST = "sha256:"
"""How a row states a text of several lines."""

VIA = re.compile(r"via (ConfigMap|Secret)( mount)?", re.IGNORECASE)

PROBE_LEAVES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "path": (("path", "httpGet.path"), "httpGet.path"),
    "period": (("periodSeconds", "period"), "periodSeconds"),
    "failures": (("failureThreshold", "failures"), "failureThreshold"),
}
"""A probe cell's part -> where charts keep it in values, and where the API does."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One value a control asks for, and where below its paths and fields it stands."""

    label: str
    value: Any
    type: CellType
    leaves: tuple[str, ...] = ("",)
    """Suffixes of the values path, in the order they are tried."""
    field: str = ""
    """Suffix of the API field."""

    def met(self, found: Any, pointer: str = "") -> bool:
        """Return whether a value is what was asked for."""
        return _MEETS.get(self.type, _plainly)(self.value, found, pointer)

    def shown(self) -> str:
        """Return the value for a person."""
        return "nothing" if self.value is None else text(self.value)


def digest(value: str) -> str:
    """Return what stands in a row for a text that has no place in a table."""
    return DIGEST + hashlib.sha256(value.encode()).hexdigest()[:16]


def expected(control: Control, profile: Profile) -> list[Expected]:
    """Return everything a control asks for in a profile, nothing where it states no value."""
    cell = control.values.get(profile)
    return list(_parts(cell)) if cell is not None else []


def _parts(cell: Cell) -> Iterator[Expected]:
    value = cell.value
    if cell.type is CellType.PROBE and isinstance(value, dict):
        for part, (leaves, field) in PROBE_LEAVES.items():
            yield Expected(part, value[part], CellType.TEXT if part == "path" else CellType.INTEGER, leaves, field)
    elif cell.type is CellType.MAPPING and isinstance(value, dict):
        for key, item in value.items():
            yield Expected(key, item, CellType.INTEGER if isinstance(item, int) else CellType.TEXT, (key, ""), key)
    else:
        yield Expected("", value, cell.type)


def _quantity(wanted: Any, found: Any, _: str) -> bool:
    return same_quantity(text(wanted), text(found))


def _image(wanted: Any, found: Any, _: str) -> bool:
    """An object holds the whole reference; of values, repository and tag stand apart and are compared one by one."""
    whole = f"{wanted['repository']}:{wanted['tag']}"
    return text(found) in (wanted["repository"], wanted["tag"]) or image(text(found)) == image(whole)


def _none(_: Any, found: Any, __: str) -> bool:
    return found is False or is_empty(found) or text(found).casefold() in ("none", "n/a")


def _word(wanted: Any, found: Any, pointer: str) -> bool:
    """A word asks for that word; of a switch or a structure, for there being one."""
    if isinstance(found, bool):
        return found if wanted not in ("true", "false") else text(found) == wanted
    if str(wanted).startswith(DIGEST):
        return digest(text(found)) == str(wanted)
    if isinstance(found, Mapping | list):
        return _structure(text(wanted), found)
    return same(wanted, found, pointer) or text(wanted).casefold() == text(found).casefold()


def _structure(wanted: str, found: Any) -> bool:
    """Compare a structure written out as JSON; any other word only asks for there being one."""
    if not wanted.startswith(("[", "{")):
        return not is_empty(found)
    try:
        return bool(json.loads(wanted) == found)
    except ValueError:
        return False


def _list(wanted: Any, found: Any, _: str) -> bool:
    return isinstance(found, list) and sorted(map(text, wanted)) == sorted(map(text, found))


def _plainly(wanted: Any, found: Any, pointer: str) -> bool:
    return same(wanted, found, pointer)


_MEETS = {
    CellType.QUANTITY: _quantity,
    CellType.IMAGE: _image,
    CellType.NONE: _none,
    CellType.TEXT: _word,
    CellType.LIST: _list,
}
