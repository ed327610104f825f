"""Other values to try for a leaf, so that rendering again shows what it decides."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.blueprint.values import Leaf, Masked, Values, joined, keys

MARK = "bluehelm-probe"

WORDS: Sequence[Sequence[str]] = (
    ("Never", "Always", "IfNotPresent"),
    ("ClusterIP", "NodePort", "LoadBalancer"),
    ("RollingUpdate", "Recreate", "OnDelete"),
    ("ReadWriteOnce", "ReadWriteMany"),
    ("TCP", "UDP"),
    ("soft", "hard", "none"),
    ("debug", "info", "warn", "error"),
)
"""Words the API or a schema takes in one place: for one of them another is a better try than a word of our own."""

_NUMBERED = re.compile(r"(\D*)(\d+)(.*)", re.DOTALL)

MOST = 6
"""Tries for one leaf at most."""


def candidates(leaf: Leaf, schema: Mapping[str, Any]) -> list[Any]:
    """Return values to try in a leaf's place, the likeliest to be accepted first; `schema` is the chart's, or empty."""
    found = [*_allowed(leaf.path, schema), *_others(leaf.value)]
    distinct = {repr(item): item for item in found if item != leaf.value}
    return list(distinct.values())[:MOST]


def _allowed(path: str, schema: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what the chart's own schema takes there."""
    here: Any = schema
    for key in keys(path):
        here = (here.get("properties") or {}).get(key) if isinstance(here, Mapping) else None
    if isinstance(here, Mapping):
        yield from here.get("enum") or ()
        yield from (here[name] for name in ("minimum", "maximum") if isinstance(here.get(name), int))


def _others(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (value + 1, max(value - 1, 0), 1)
    elif isinstance(value, list):
        yield from ([*value, *value[:1]] if value else [MARK], [{"name": MARK}], [])
    elif isinstance(value, dict):
        yield from ({MARK: MARK}, {"PROBE": MARK})
    elif value is None or isinstance(value, Masked):
        yield from (MARK, 7, True, {MARK: MARK})
    else:
        yield from _texts(str(value))


def _texts(value: str) -> Iterator[Any]:
    yield from (word for words in WORDS if value in words for word in words)
    numbered = _NUMBERED.fullmatch(value)
    if numbered is not None:
        yield f"{numbered[1]}{int(numbered[2][:9]) + 1}{numbered[3]}"
    yield from (f"{value}-{MARK}" if value else MARK, f"/{MARK}", f"{MARK}.example.org", 7)


def overlay(path: str, value: Any) -> dict[str, Any]:
    """Return the values document that sets one path."""
    tree: Any = value
    for key in reversed(keys(path)):
        tree = {key: tree}
    return dict(tree)


def merged(trees: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return several values documents as one."""
    found: dict[str, Any] = {}
    for tree in trees:
        for key, value in tree.items():
            both = isinstance(value, Mapping) and isinstance(found.get(key), Mapping)
            found[key] = merged([found[key], value]) if both else value
    return found


def gates(path: str, values: Values) -> list[dict[str, Any]]:
    """Return what may stand between a value and its effect: a switch above it that is off, or one beside it.

    The first is all switches above it turned on, then each other switch of its root turned round, one at a time.
    """
    parts = keys(path)
    above = [f"{joined(parts[:size])}.enabled" for size in range(1, len(parts))]
    off = [name for name in above if name in values.leaves and values.leaves[name].value is False and name != path]
    opened = [merged([overlay(name, value=True) for name in off])] if off else []
    switches = [
        leaf
        for leaf in values.below(joined(parts[:1]))
        if isinstance(leaf.value, bool) and leaf.path not in (path, *off)
    ]
    return opened + [overlay(leaf.path, value=not leaf.value) for leaf in switches[:MOST]]
