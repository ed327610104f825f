"""A result cut to what a model may be told of it: by meaning, never in the middle of something. Pure.

What a view puts first is most worth knowing: causes are ranked, the newest lines of a log are last. Lists keep their
first items (a log's its last ones) and say how many were left out; long texts keep their beginning.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

CHARACTERS = 3.2
"""Characters of JSON that are about one token, a careful guess for every tokeniser."""

SHARE = 0.1
"""The part of a model's window that one result may fill."""

STEPS = ((40, 600), (20, 400), (12, 300), (8, 220), (5, 160), (3, 120), (2, 90), (1, 60))
"""(items of a list, characters of a text), tried in this order until it fits."""

LATEST = ("lines",)
"""Lists of which the last items say most."""


def allowed(window: float) -> int:
    """Return how many characters one result may have, of a model's window in tokens."""
    return int(window * SHARE * CHARACTERS)


def cut(document: Mapping[str, Any], most: int) -> str:
    """Return a document as JSON of at most so many characters, with what was left out said where it was."""
    lean = _lean(document)
    for items, letters in STEPS:
        text = json.dumps(_cut(lean, items, letters), ensure_ascii=False, separators=(",", ":"))
        if len(text) <= most:
            return text
    return json.dumps({"left_out": "all of it: too long for this model", "schema": document.get("schema")})


def _lean(value: Any) -> Any:
    """Return a value without what says nothing: empty texts, lists and objects, and what nobody knows."""
    if isinstance(value, Mapping):
        lean = {key: _lean(item) for key, item in value.items()}
        return {key: item for key, item in lean.items() if item not in (None, "", [], {})}
    return [_lean(item) for item in value] if isinstance(value, list) else value


def _cut(value: Any, items: int, letters: int, key: str = "") -> Any:
    if isinstance(value, str):
        return value if len(value) <= letters else value[: letters - 1] + "…"
    if isinstance(value, Mapping):
        return {name: _cut(item, items, letters, name) for name, item in value.items()}
    if isinstance(value, list):
        return _items(_repeats(value), items, letters, key)
    return value


def _items(value: Sequence[Any], items: int, letters: int, key: str) -> list[Any]:
    kept = value[-items:] if key in LATEST else value[:items]
    shown = [_cut(item, items, letters) for item in kept]
    hidden = len(value) - len(kept)
    return [*shown, {"left_out": hidden}] if hidden else shown


def _repeats(value: Sequence[Any]) -> list[Any]:
    """Return a list in which a text that stands there several times in a row stands once, with its number."""
    found: list[Any] = []
    for item, group in groupby(value, key=lambda item: item if isinstance(item, str) else id(item)):
        count = len(list(group))
        found += [f"{item} ({count} times)"] if count > 1 else [item]
    return found if all(isinstance(item, str) for item in value) else list(value)
