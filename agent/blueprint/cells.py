"""One grammar for each sort of cell. A cell that its row's grammar cannot read is an error, never a guess."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tools.quantity import parse_quantity


class CellType(StrEnum):
    """The grammar a cell was read with."""

    TEXT = "text"
    INTEGER = "integer"
    QUANTITY = "quantity"
    """A Kubernetes quantity; `value` is its text (`512Mi`), to be compared by tools/quantity.py."""
    DURATION = "duration"
    """`value` is seconds."""
    PERCENT = "percent"
    """`value` is the whole number."""
    PROBE = "probe"
    """`value` maps method, path, period (seconds), failures."""
    IMAGE = "image"
    """`value` maps repository and tag."""
    VERSION = "version"
    """`v1.28+`: `value` maps version, and whether a later one is as good."""
    MAPPING = "mapping"
    """`maxSurge: 1, maxUnavailable: 0`."""
    LIST = "list"
    NONE = "none"
    """N/A or None: the row says that there is no such value."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One typed value and the text it was read from."""

    type: CellType
    value: object
    raw: str


class Unreadable(ValueError):
    """A cell does not follow its row's grammar; the message says which one was expected."""


PROFILED = re.compile(r"(?P<first>.+?)\s*\((?P<a>[\w-]+)\)\s*/\s*(?P<second>.+?)\s*\((?P<b>[\w-]+)\)")
PROFILES: Mapping[str, str] = {"dev": "dev", "local": "dev", "prod": "prod", "cloud": "prod"}

_WHOLE = re.compile(r"\d{1,18}", re.ASCII)
"""Python itself refuses to read a number of thousands of digits, and no decision has more than these."""
_DURATION = re.compile(r"(?:[<≤]\s*)?(\d{1,18})\s*(s|sec|seconds?|m|min|minutes?|h|hours?)", re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_PART = re.compile(r"^(path|port|scheme|host|command|enabled)$|Threshold$")
"""A key of one part of a probe, so that its row states that part and not a whole probe."""
_PROBE = re.compile(
    r"(?:(GET|HEAD|POST)\s+)?(/\S*?),\s*(?:period\s+(\d{1,18})s|(\d{1,18})s\s+(?:period|interval)),"
    r"\s*(\d{1,18})\s+(?:failures?|retries)"
)
_IMAGE = re.compile(r"((?:[a-z0-9.-]+(?::\d+)?/)*[a-z0-9._-]+)(?::([\w.-]+))?")
_VERSION = re.compile(r"v?(\d+\.\d+(?:\.\d+)?)(\+)?")
_UNITS = {"kb": "Ki", "mb": "Mi", "gb": "Gi", "tb": "Ti", "kib": "Ki", "mib": "Mi", "gib": "Gi", "tib": "Ti"}
"""minikube, whose rows are written so, counts in binary units whatever it calls them."""
_WRITTEN_OUT = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]i?B)", re.IGNORECASE)

NOTHING = ("n/a", "none", "-", "–", "—")


def read(title: str, text: str, paths: Sequence[str] = ()) -> dict[str, Cell]:
    """Return profile name -> value of a row, by the grammar that its title and the one value it decides ask for.

    Raises:
        Unreadable: the text does not follow it, or names a profile nobody knows.

    """
    grammar = _grammar(title, paths)
    split = PROFILED.fullmatch(text)
    if split is None:
        cell = _cell(grammar, text)
        return {"dev": cell, "prod": cell}
    names = [PROFILES.get(split[name].casefold()) for name in ("a", "b")]
    if None in names or names[0] == names[1]:
        raise Unreadable(f"unknown profiles {split['a']!r} and {split['b']!r}; known: {', '.join(PROFILES)}")
    return {str(names[0]): _cell(grammar, split["first"]), str(names[1]): _cell(grammar, split["second"])}


def _cell(grammar: "Grammar", text: str) -> Cell:
    text = text.strip().strip("`")
    return Cell(CellType.NONE, None, text) if text.casefold() in NOTHING else grammar(text)


Grammar = Callable[[str], Cell]


def _integer(text: str) -> Cell:
    if not _WHOLE.fullmatch(text):
        raise Unreadable("expected a whole number")
    return Cell(CellType.INTEGER, int(text), text)


def _quantity(text: str) -> Cell:
    written_out = _WRITTEN_OUT.fullmatch(text)
    plain = written_out[1] + _UNITS[written_out[2].casefold()] if written_out else text
    if parse_quantity(plain) is None:
        raise Unreadable("expected a quantity such as 250m or 512Mi")
    return Cell(CellType.QUANTITY, plain, text)


def _percent(text: str) -> Cell:
    found = re.fullmatch(r"(\d{1,3})\s*%", text, re.ASCII)
    if found is None:
        raise Unreadable("expected a percentage such as 70%")
    return Cell(CellType.PERCENT, int(found[1]), text)


def duration(text: str) -> Cell:
    """Read a time such as 60s, 5min or `< 30s`.

    Raises:
        Unreadable: it is none.

    """
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise Unreadable("expected a time such as 60s or < 2min")
    return Cell(CellType.DURATION, int(found[1]) * _SECONDS[found[2][0].casefold()], text)


def _seconds(text: str) -> Cell:
    """Read a value whose key says that it counts seconds, as every key of Kubernetes' API that counts time does."""
    return Cell(CellType.DURATION, int(text), text) if _WHOLE.fullmatch(text) else duration(text)


def _seconds_or_text(text: str) -> Cell:
    try:
        return _seconds(text)
    except Unreadable:
        return _text(text)


def _probe(text: str) -> Cell:
    found = _PROBE.fullmatch(text)
    if found is None:
        raise Unreadable("expected a probe such as GET /health, period 30s, 3 failures")
    method, path, before, after, failures = found.groups()
    value = {"method": method or "GET", "path": path, "period": int(before or after), "failures": int(failures)}
    return Cell(CellType.PROBE, value, text)


def _image(text: str) -> Cell:
    found = _IMAGE.fullmatch(text)
    if found is None:
        raise Unreadable("expected an image such as web:1.2")
    return Cell(CellType.IMAGE, {"repository": found[1], "tag": found[2] or "latest"}, text)


def _version(text: str) -> Cell:
    found = _VERSION.fullmatch(text)
    if found is None:
        raise Unreadable("expected a version such as v1.28+")
    return Cell(CellType.VERSION, {"version": found[1], "or_later": bool(found[2])}, text)


def _mapping(text: str) -> Cell:
    pairs = [part.partition(":") for part in text.split(",")]
    if not all(key.strip() and colon and value.strip() for key, colon, value in pairs):
        raise Unreadable("expected settings such as maxSurge: 1, maxUnavailable: 0")
    return Cell(CellType.MAPPING, {key.strip(): _scalar(value.strip()) for key, _, value in pairs}, text)


def _scalar(text: str) -> int | str:
    return int(text) if _WHOLE.fullmatch(text) else text


def _list(text: str) -> Cell:
    items = [part.strip() for part in text.split(",")]
    if not all(items):
        raise Unreadable("expected names with commas between them")
    return Cell(CellType.LIST, items, text)


def _text(text: str) -> Cell:
    if not text:
        raise Unreadable("the cell is empty")
    return Cell(CellType.TEXT, text, text)


_BY_TITLE: tuple[tuple[re.Pattern[str], Grammar], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), grammar)
    for pattern, grammar in (
        (r"\bprobe$", _probe),
        (r"\breplicas\b|^port$|^cpus$", _integer),
        (r"\b(cpu|memory) target\b", _percent),
        (r"\bcooldown\b|\btoleration\b|\btimeout\b|\bdrain\b", duration),
        (r"\b(cpu|memory)( (request|limit))?$", _quantity),
        (r"^image$", _image),
        (r"\bversion\b", _version),
        (r"^pdb$|^rolling update$", _mapping),
        (r"^addons$", _list),
    )
)
"""A row's title tells its grammar; any other row holds text."""


def _grammar(title: str, paths: Sequence[str]) -> Grammar:
    found = next((grammar for pattern, grammar in _BY_TITLE if pattern.search(title)), _text)
    key = paths[0].rpartition(".")[2] if len(paths) == 1 else ""
    if found in (_text, duration, _probe) and key.endswith("Seconds"):
        return _seconds if found is duration else _seconds_or_text
    return _text if found is _probe and _PART.search(key) else found
