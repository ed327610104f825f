"""Amounts whose unit is surely another one than was meant, in rows and in values."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple

from agent.blueprint.cells import CellType
from agent.blueprint.control import Control, Source
from agent.blueprint.lint.finding import Lint, Severity, at, ids, plain_title
from agent.blueprint.lint.subject import Subject
from agent.blueprint.values import Leaf
from tools.quantity import parse_quantity

_WRITTEN_OUT = re.compile(r"\d+(?:\.\d+)?\s*([KMGT])B", re.IGNORECASE)
_MEMORY = re.compile(r"memory|storage|\bmem\b", re.IGNORECASE)
_CPU = re.compile(r"\bcpus?\b|(?<=\.)cpu$", re.IGNORECASE)
_DECIMAL = re.compile(r"\d+(?:\.\d+)?([kMGTPE])")
_BINARY = re.compile(r"\d+(?:\.\d+)?([KMGTPE]i)")

MEMORY_LEAST = Decimal(1 << 20)
"""Bytes below which an amount of memory cannot run anything."""
CPU_MOST = Decimal(96)
"""Cores above which an amount was surely meant in thousandths."""


class Amount(NamedTuple):
    """One amount and where it stands."""

    name: str
    raw: str
    source: Source
    id: str


def impossible_amounts(subject: Subject) -> Iterator[Lint]:
    """`memory: 512m` is half a byte, `cpu: 250` is 250 cores."""
    for amount in _amounts(subject):
        number = parse_quantity(amount.raw)
        if number is None or not number:
            continue
        if _MEMORY.search(amount.name) and number < MEMORY_LEAST:
            yield _impossible(amount, f"{amount.raw} of memory is {_bytes(amount.raw, number)}", _meant(amount.raw))
        elif _CPU.search(amount.name) and (number > CPU_MOST or _BINARY.fullmatch(amount.raw)):
            meant = f"{re.sub('[^0-9].*', '', amount.raw)}m"
            yield _impossible(amount, f"{amount.raw} of CPU is {number.normalize():f} cores"[:120], meant)


def _impossible(amount: Amount, text: str, meant: str) -> Lint:
    return Lint("impossible-amount", Severity.ERROR, text, (amount.source,), _id(amount), f'write "{meant}"')


def _bytes(raw: str, number: Decimal) -> str:
    return (
        "a fraction of a byte"
        if number < 1
        else f"{number.normalize():f} bytes" + (" (m is a thousandth)" * ("m" in raw))
    )


def _meant(raw: str) -> str:
    return f"{re.sub('[^0-9.].*', '', raw)}Mi"


def decimal_memory(subject: Subject) -> Iterator[Lint]:
    """Memory in powers of ten beside memory in powers of two: 256M is 5 % less than 256Mi."""
    amounts = [amount for amount in _amounts(subject) if _MEMORY.search(amount.name)]
    binary = next((amount for amount in amounts if _BINARY.fullmatch(amount.raw)), None)
    for amount in amounts:
        if binary and _DECIMAL.fullmatch(amount.raw):
            yield Lint(
                code="decimal-memory",
                severity=Severity.WARNING,
                text=f"{amount.raw} counts in powers of ten, where {binary.raw} counts in powers of two",
                sources=(amount.source, binary.source),
                controls=tuple(dict.fromkeys((*_id(amount), *_id(binary)))),
                suggestion=f'write "{amount.raw[:-1]}{amount.raw[-1].upper()}i" if that was meant',
                about=((amount.raw,),),
            )


def written_out_units(subject: Subject) -> Iterator[Lint]:
    """`8192 MB` is a million bytes each, or 1024 * 1024: who reads it decides."""
    for control in subject.parameters:
        found = _WRITTEN_OUT.fullmatch(control.raw.strip())
        cell = next(iter(control.values.values()), None)
        if found and cell and cell.type is CellType.QUANTITY:
            unit = found[1].upper()
            yield Lint(
                code="written-out-unit",
                severity=Severity.WARNING,
                text=f"{control.raw} is read as {cell.value}: minikube counts {unit}B in powers of two, others do not",
                sources=at(control),
                controls=ids(control),
                suggestion=f'write "{re.sub("[^0-9.].*", "", control.raw)} {unit}iB"',
                about=((control.raw,),),
            )


def more_than_whole(subject: Subject) -> Iterator[Lint]:
    """A percentage above 100: of a request it may be meant, of memory or a limit it cannot be."""
    for control in subject.parameters:
        over = next((c for c in control.values.values() if c.type is CellType.PERCENT and _over(c.value)), None)
        if over:
            memory = _MEMORY.search(control.title) is not None
            yield Lint(
                code="more-than-whole",
                severity=Severity.ERROR if memory else Severity.WARNING,
                text=f"{plain_title(control)} {over.raw} is more than the whole"
                + ("" if memory else "; of a request it is reached only where the limit allows it"),
                sources=at(control),
                controls=ids(control),
                suggestion="write a percentage of at most 100%",
                about=((control.id,),),
            )
    for leaf in _leaves(subject):
        if leaf.path.casefold().endswith("percentage") and _over(leaf.value):
            text = f"`{leaf.path}` is {leaf.raw} percent, more than the whole"
            yield Lint(
                "more-than-whole", Severity.WARNING, text, (leaf.source,), (), "write a percentage of at most 100"
            )


def _over(value: object) -> bool:
    return isinstance(value, int) and value > 100


def _amounts(subject: Subject) -> list[Amount]:
    """Return the amounts of rows and of values, each with a name that tells what it is of."""
    stated = [(control, cell) for control in subject.parameters for cell in dict.fromkeys(_quantities(control))]
    found = [Amount(plain_title(control), raw, control.source, control.id) for control, raw in stated]
    return found + [Amount(leaf.path, leaf.raw, leaf.source, "") for leaf in _leaves(subject) if _is_amount(leaf)]


def _quantities(control: Control) -> Iterator[str]:
    for cell in control.values.values():
        if cell.type is CellType.QUANTITY and not _WRITTEN_OUT.fullmatch(cell.raw):
            yield str(cell.value)


def _is_amount(leaf: Leaf) -> bool:
    """Return whether a leaf is an amount of a container: one below `requests` or `limits`."""
    parts = leaf.path.split(".")
    return isinstance(leaf.value, (str, int, float)) and ("requests" in parts or "limits" in parts)


def _leaves(subject: Subject) -> list[Leaf]:
    """Return every leaf of every profile's values, each once."""
    found = {(leaf.source, leaf.path): leaf for values in subject.values.values() for leaf in values.leaves.values()}
    return list(found.values())


def _id(amount: Amount) -> tuple[str, ...]:
    return (amount.id,) if amount.id else ()


RULES: tuple[Callable[[Subject], Iterator[Lint]], ...] = (
    impossible_amounts,
    decimal_memory,
    written_out_units,
    more_than_whole,
)
