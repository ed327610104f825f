"""Patches as YAML text, written leaf by leaf so that nothing but the leaves is in them, each of its own type."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from agent.blueprint.values import keys
from agent.kube.paths import value_at
from agent.kube.remedies import END, JSON, Edit, Item, NeedsPerson, Op, Path, Step
from agent.snapshot.record import Object
from tools.flow import flow, plain
from tools.text import clean

UNKNOWN = "CHANGE-ME"
"""Stands for a value only a person can know; the remark behind it says what is wanted."""

LONGEST_REMARK = 120


class Setting(NamedTuple):
    """One value to set: its values path, the value, what stands there now as a remark."""

    path: str
    value: JSON | NeedsPerson
    old: str = ""


class _Leaf(NamedTuple):
    value: JSON | NeedsPerson
    remark: str


def patch(settings: Sequence[Setting]) -> str:
    """Return a values document that sets these leaves; two of one path are one."""
    tree: dict[str, Any] = {}
    for setting in settings:
        _put(tree, tuple(keys(setting.path)), _Leaf(setting.value, _remark(setting.value, setting.old)))
    return _text(tree)


def manifest(obj: Object, edits: Sequence[Edit]) -> str:
    """Return the edits as the part of the object's manifest that holds them, "" where lists have no keys to merge by.

    It is a strategic merge patch: an item of a list is named by its key, and null takes a field away.
    """
    named = {key: (obj.get("metadata") or {}).get(key) for key in ("name", "namespace")}
    tree: dict[str, Any] = {
        **{key: _Leaf(obj[key], "") for key in ("apiVersion", "kind") if obj.get(key)},
        "metadata": {key: _Leaf(value, "") for key, value in named.items() if value},
    }
    for edit in edits:
        path, value = _mergeable(obj, edit)
        if not path:
            return ""
        _put(tree, path, _Leaf(value, _remark(edit.value, "" if edit.old is None else _flow(edit.old))))
    return _text(tree)


def _mergeable(obj: Object, edit: Edit) -> tuple[Path, JSON | NeedsPerson]:
    """Return the path and value as a merge has them: the first item of a list is the list; () where none would do."""
    path, value = edit.path, None if edit.op is Op.REMOVE else edit.value
    last = path[-1]
    fresh = isinstance(last, Item) or last == END
    if fresh and not value_at(obj, path[:-1]):
        path, value = path[:-1], [value]
    mergeable = all(isinstance(step, Item) or (isinstance(step, str) and step != END) for step in path)
    return (path if mergeable and not isinstance(path[-1], Item) else ()), value


def _put(tree: dict[str, Any], path: Path, leaf: _Leaf) -> None:
    here: Any = tree
    for step, after in pairwise(path):
        here = _below(here, step, [] if isinstance(after, Item) else {})
        if not isinstance(here, dict | list):
            return
    if isinstance(here, dict):
        here.setdefault(str(path[-1]), leaf)


def _below(here: Any, step: Step, fresh: Any) -> Any:
    if isinstance(step, Item):
        found = next((item for item in here if item.get(step.key) == _Leaf(step.value, "")), None)
        if found is None:
            found = {step.key: _Leaf(step.value, "")}
            here.append(found)
        return found
    return here.setdefault(str(step), fresh)


def _text(tree: Mapping[str, Any]) -> str:
    return "\n".join(_lines(tree, 0)) + "\n" if tree else ""


def _lines(tree: Mapping[str, Any], depth: int) -> list[str]:
    lines: list[str] = []
    for key, value in tree.items():
        start = f"{'  ' * depth}{plain(key)}:"
        if isinstance(value, _Leaf):
            lines.append(f"{start} {_flow(value.value)}{value.remark}")
        elif isinstance(value, dict):
            lines += [start, *_lines(value, depth + 1)]
        elif isinstance(value, list):
            lines += [start, *(line for item in value for line in _item(item, depth + 1))]
    return lines


def _item(item: Mapping[str, Any], depth: int) -> list[str]:
    """Return the lines of a list's item, the first of them behind the dash."""
    first, *rest = _lines(item, depth + 1)
    return [f"{'  ' * depth}- {first.lstrip()}", *rest]


def _remark(value: JSON | NeedsPerson, old: str) -> str:
    """Return what to give and what stands there now, as a comment."""
    said = [f"needs {value.what}"] if isinstance(value, NeedsPerson) else []
    said += [f"now {old}"] if old else []
    return f"  # {clean('; '.join(said), LONGEST_REMARK)}" if said else ""


def _flow(value: JSON | NeedsPerson) -> str:
    """Return a value on one line; what only a person can know is `UNKNOWN`."""
    return flow(_known(value))


def _known(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _known(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return list(map(_known, value))
    return UNKNOWN if isinstance(value, NeedsPerson) else value
