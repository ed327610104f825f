"""Damage to one JSON value somewhere below: dropped, retyped, nested, doubled, negative, huge."""

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

Pointer = tuple[str | int, ...]

ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    -(1 << 31),
    1 << 40,
    1e308,
    0.5,
    "",
    "true",
    "3",
    "-3",
    "NaN",
    "1e999999",
    "9" * 400,
    "2026-99-99T99:99:99Z",
    "\ud7ff\u202e\x1b[31m",
    "x" * 5000,
    [],
    [None],
    [[]],
    [1],
    ["x"],
    [{}],
    {},
    {"": None},
    {"name": {}},
    {"x": {"y": []}},
)
"""What a careless writer, or an attacker, puts where something else belongs."""

OTHERS: tuple[Any, ...] = (True, 7, -7, "text", ["text"], [{}], {"a": "b"}, {})
"""One value of each type and more: what a field is retyped to."""


def pointers(tree: Any, at: Pointer = ()) -> Iterator[Pointer]:
    """Yield where every value below stands."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, below in items:
        yield (*at, key)
        yield from pointers(below, (*at, key))


def held(tree: Any, at: Pointer) -> Any:
    """Return the value at a place."""
    for key in at:
        tree = tree[key]
    return tree


def put(tree: Any, at: Pointer, value: Any) -> None:
    """Put a value at a place."""
    held(tree, at[:-1])[at[-1]] = value


def damage(tree: Any, chance: random.Random) -> str:
    """Damage one value below, in place; return what was done."""
    places = list(pointers(tree))
    if not places:
        return "nothing"
    at = chance.choice(places)
    name = chance.choice(sorted(WAYS))
    WAYS[name](tree, at, chance)
    return f"{name} /{'/'.join(map(str, at))}"


def retype(tree: Any, at: Pointer, chance: random.Random) -> None:
    """Put a value of another type there, never null, which is how the API says that nothing is there."""
    old = held(tree, at)
    put(tree, at, copy.deepcopy(chance.choice([value for value in OTHERS if type(value) is not type(old)])))


def _drop(tree: Any, at: Pointer, _: random.Random) -> None:
    del held(tree, at[:-1])[at[-1]]


def _replace(tree: Any, at: Pointer, chance: random.Random) -> None:
    put(tree, at, copy.deepcopy(chance.choice(ODD)))


def _nest(tree: Any, at: Pointer, chance: random.Random) -> None:
    put(tree, at, chance.choice([[held(tree, at)], {"a": held(tree, at)}, {"": [held(tree, at)]}]))


def _quote(tree: Any, at: Pointer, _: random.Random) -> None:
    put(tree, at, str(held(tree, at)))


def _double(tree: Any, at: Pointer, _: random.Random) -> None:
    around = held(tree, at[:-1])
    if isinstance(around, list):
        around.append(copy.deepcopy(held(tree, at)))
    else:
        around[f"{at[-1]}2"] = copy.deepcopy(held(tree, at))


def _swap(tree: Any, at: Pointer, chance: random.Random) -> None:
    """Put what stands elsewhere here: the right type in the wrong place."""
    put(tree, at, copy.deepcopy(held(tree, chance.choice(list(pointers(tree))))))


def _deep(tree: Any, at: Pointer, chance: random.Random) -> None:
    value: Any = 1
    for _ in range(chance.choice([40, 400])):
        value = [value] if chance.random() < 0.5 else {"a": value}
    put(tree, at, value)


WAYS: dict[str, Callable[[Any, Pointer, random.Random], None]] = {
    "drop": _drop,
    "replace": _replace,
    "retype": retype,
    "nest": _nest,
    "quote": _quote,
    "double": _double,
    "swap": _swap,
    "deep": _deep,
}
