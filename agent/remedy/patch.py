"""Values patches as YAML text, written leaf by leaf so that nothing but the leaves is in them."""

import json
import re
from collections.abc import Sequence
from typing import NamedTuple

from agent.blueprint.values import keys
from tools.text import clean

UNKNOWN = "CHANGE-ME"
"""Stands for a value only a person can know."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._/-]*|[0-9]+|[0-9.]+[A-Za-z]+")
_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


class Leaf(NamedTuple):
    """One value to set: its path, the value ("" where only a person knows it), what is there now."""

    path: str
    value: str
    old: str = ""


def patch(leaves: Sequence[Leaf]) -> str:
    """Return a YAML document that sets these leaves; two leaves of one path are one."""
    tree: dict[str, object] = {}
    for leaf in leaves:
        _put(tree, keys(leaf.path), leaf)
    return "\n".join(_lines(tree, 0)) + "\n" if tree else ""


def _put(tree: dict[str, object], names: list[str], leaf: Leaf) -> None:
    for key in names[:-1]:
        below = tree.setdefault(key, {})
        if not isinstance(below, dict):
            return
        tree = below
    tree.setdefault(names[-1], leaf)


def _lines(tree: dict[str, object], depth: int) -> list[str]:
    lines = []
    for key, value in tree.items():
        if isinstance(value, Leaf):
            lines.append(f"{'  ' * depth}{_scalar(key)}: {_value(value)}{_remark(value)}")
        elif isinstance(value, dict):
            lines += [f"{'  ' * depth}{_scalar(key)}:", *_lines(value, depth + 1)]
    return lines


def _value(leaf: Leaf) -> str:
    text = clean(leaf.value or UNKNOWN)
    return text if text.startswith(("[", "{")) else _scalar(text)


def _remark(leaf: Leaf) -> str:
    """Return what stands there now, as a comment."""
    return f"  # now {clean(leaf.old, 120)}" if leaf.old else ""


def _scalar(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS and not re.fullmatch(r"[0-9.]+[eE][0-9]*", text)
    return text if plain else json.dumps(text)
