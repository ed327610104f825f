"""Whether objects have the shape the API gives them, asked once, where lists enter: of a live look and of a bundle.

What is odd is set aside and named, so that no rule, audit or trace meets a map where it reads a text, and nobody takes
what could not be read for health.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from agent.snapshot.fields import MODELS
from agent.snapshot.record import Object, Part, Ref, State
from tools.kinds import BY_NAME
from tools.text import clean

MOST_NAMED = 5
"""Odd objects of one kind that are named; of the rest only the number is said."""

ODD = (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError, RecursionError)
"""What a field of the wrong type, a broken reference or endless nesting makes its reader raise.

Lists are held to their shape; what else is read (a release's manifest, a rendered chart) is as its author wrote it.
"""

LARGEST_COUNT = (1 << 31) - 1
LARGEST_NUMBER = (1 << 63) - 1
LONGEST_EITHER = 63
"""Letters of a port's name or a percentage; Python refuses to count with thousands of digits."""

_AMOUNT = re.compile(r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d{1,2})?", re.ASCII)

_TEXTS = frozenset((str,))

Check = Callable[[Any], str | None]
"""What is odd below a value, as a JSON pointer (`""` is the value itself); None where its shape is right."""


def sound(part: Part, objects: Iterable[Any]) -> tuple[list[Object], Part]:
    """Return a list's objects of the right shape, and its part, which names each of the others.

    Of two objects of one name the first is kept: a list with both is no answer of a real API.
    """
    kept: dict[tuple[str, str], Object] = {}
    odd: list[str] = []
    others = 0
    for obj in objects:
        where = oddity(obj, part.name)
        name = ("", "") if where is not None else _name(obj)
        if where is None and name not in kept:
            kept[name] = obj
        elif len(odd) == MOST_NAMED:
            others += 1
        else:
            odd.append(f"{_named(obj, part.name)} ({'listed twice' if where is None else where or 'no map'})")
    return list(kept.values()), _naming(part, odd, others, len(kept)) if odd else part


def oddity(obj: Any, kind: str) -> str | None:
    """Return the first field that is not what the API says, as a JSON pointer, None when the shape is right."""
    where = _checks().get(kind, _checks()["Object"])(obj)
    if where is not None:
        return where
    if obj.get("kind") != kind:
        return "/kind"
    if kind in BY_NAME and obj.get("apiVersion", BY_NAME[kind].version) != BY_NAME[kind].version:
        return "/apiVersion"
    meta = obj.get("metadata") or {}
    if not meta.get("name"):
        return "/metadata/name"
    placed = kind not in BY_NAME or not BY_NAME[kind].namespaced or meta.get("namespace")
    return None if placed else "/metadata/namespace"


def _name(obj: Object) -> tuple[str, str]:
    return obj["metadata"].get("namespace") or "", obj["metadata"]["name"]


def _named(obj: Any, kind: str) -> str:
    """Return an object's name as far as it can be read."""
    meta = obj.get("metadata") if isinstance(obj, Mapping) else None
    found = [meta.get(key) for key in ("namespace", "name")] if isinstance(meta, Mapping) else []
    return str(Ref(kind, *([part if isinstance(part, str) else "" for part in found] or ("", ""))))


def _naming(part: Part, odd: Sequence[str], others: int, kept: int) -> Part:
    more = f" and {others} more" if others else ""
    said = f"unreadable, so nothing was decided about it: {', '.join(odd)}{more}"
    reason = "; ".join(text for text in (part.reason, clean(said, 600)) if text)
    state = State.PARTIAL if part.state in (State.COMPLETE, State.NOT_SERVED) else part.state
    return replace(part, state=state, count=kept, reason=reason, needed=True)


@cache
def _checks() -> Mapping[str, Check]:
    """Return model (`Pod`, `PodSpec`) -> its check, made from the table once."""
    fields: dict[str, dict[str, Check]] = {}
    lines = MODELS.replace("\n    ", " ").strip().splitlines()
    made: dict[str, Check] = dict(PLAIN)
    for name in (line.partition(":")[0] for line in lines):
        fields[name] = {}
        made[name] = _model(fields[name])
    for name, _, listed in (line.partition(": ") for line in lines):
        for key, _, kind in (field.strip().partition(" ") for field in listed.split(",")):
            fields[name][key] = _typed(kind, made)
    return made


def _typed(kind: str, made: Mapping[str, Check]) -> Check:
    """Return the check of a field's type: plain, a model, a list `[…]` or a map `{…}` of either."""
    check = made[kind.strip("[]{}")]
    return _list(check) if kind[0] == "[" else _map(check) if kind[0] == "{" else check


def _model(fields: Mapping[str, Check]) -> Check:
    def check(value: Any) -> str | None:
        if type(value) is not dict:
            return ""
        for key, below in value.items():
            known = fields.get(key)
            if known is None or below is None:
                continue
            if known is _is_text:  # as most fields are, and a call costs as much as all the rest
                if type(below) is not str:
                    return f"/{key}"
                continue
            where = known(below)
            if where is not None:
                return f"/{key}{where}"
        return None

    return check


def _list(each: Check) -> Check:
    def check(value: Any) -> str | None:
        if type(value) is not list:
            return ""
        return None if each is _is_text and _TEXTS.issuperset(map(type, value)) else _first(each, enumerate(value))

    return check


def _map(each: Check) -> Check:
    def check(value: Any) -> str | None:
        if type(value) is not dict:
            return ""
        texts = each is _is_text and _TEXTS.issuperset(map(type, value.values()))
        return None if texts else _first(each, value.items())

    return check


def _first(each: Check, items: Iterable[tuple[object, Any]]) -> str | None:
    for key, item in items:
        where = each(item)
        if where is not None:
            return f"/{key}{where}"
    return None


def _is_text(value: Any) -> str | None:
    return None if type(value) is str else ""


def _is_flag(value: Any) -> str | None:
    return None if type(value) is bool else ""


def _is_count(value: Any) -> str | None:
    return None if type(value) is int and 0 <= value <= LARGEST_COUNT else ""


def _is_number(value: Any) -> str | None:
    return None if type(value) is int and -LARGEST_NUMBER <= value <= LARGEST_NUMBER else ""


def _is_amount(value: Any) -> str | None:
    return None if type(value) is str and _AMOUNT.fullmatch(value) else ""


def _is_either(value: Any) -> str | None:
    short = type(value) is str and len(value) <= LONGEST_EITHER
    return None if short or _is_count(value) is None else ""


def _is_time(value: Any) -> str | None:
    try:
        return None if type(value) is str and datetime.fromisoformat(value).tzinfo is not None else ""
    except ValueError:
        return ""


PLAIN: Mapping[str, Check] = {
    "text": _is_text,
    "flag": _is_flag,
    "count": _is_count,
    "number": _is_number,
    "amount": _is_amount,
    "either": _is_either,
    "time": _is_time,
}
