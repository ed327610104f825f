"""The arguments of operations as a model or an MCP client gives them: typed, bounded, none that are a person's."""

from collections.abc import Iterator, Mapping
from typing import Any

from agent.argument import Argument, arguments, schema
from agent.chat.running import OFFERED
from agent.operation import load
from tools.text import clean

HIDDEN = frozenset(
    """bundle context kubeconfig timeout chart values blueprints contexts install second_person wait patch branch
    against""".split()
)
"""Arguments that are the person's to choose: which cluster, which files, how a change is handed over."""

LONGEST = 253
"""Characters of one argument."""


def shown_schema(name: str) -> dict[str, Any]:
    """Return the JSON schema of an operation's arguments as a model is shown it."""
    whole = schema(load(OFFERED[name].args))
    shown = {key: value for key, value in whole["properties"].items() if key not in HIDDEN}
    return {**whole, "properties": shown, "required": [key for key in whole["required"] if key in shown]}


def fitting(name: str, values: Mapping[str, Any]) -> Mapping[str, object] | str:
    """Return a model's arguments as an operation takes them, or what is wrong with them in a sentence."""
    known = {item.name: item for item in arguments(load(OFFERED[name].args)) if item.name not in HIDDEN}
    strange = [key for key in values if key not in known]
    if strange:
        return f"{name} has no argument {clean(strange[0], 40)}; it has {', '.join(known)}"
    made: dict[str, object] = {}
    for key, value in values.items():
        problem = _problem(known[key], value)
        if problem:
            return problem
        made[key] = tuple(map(str, value)) if known[key].many and isinstance(value, list) else _typed(known[key], value)
    lacking = [item.name for item in known.values() if item.required and not made.get(item.name)]
    return f"{name} needs {lacking[0]}: {known[lacking[0]].meaning.doc}" if lacking else made


def _typed(item: Argument, value: Any) -> object:
    if item.many:
        return (str(value),)
    return float(value) if item.type is float and value is not None else value


def _problem(item: Argument, value: Any) -> str:
    if value is None:
        return ""
    if item.choices and str(value) not in item.choices:
        return f"{item.name} is one of {', '.join(item.choices)}"
    if item.type is bool and not isinstance(value, bool):
        return f"{item.name} is true or false"
    if item.type is float and (isinstance(value, bool) or not _is_number(item, value)):
        return f"{item.name} is a number{_bounds(item)}"
    return next((_odd(item, text) for text in _texts(value) if _odd(item, text)), "")


def _texts(value: Any) -> Iterator[Any]:
    yield from value if isinstance(value, list) else [value] if isinstance(value, str | dict) else []


def _odd(item: Argument, text: Any) -> str:
    if not isinstance(text, str):
        return f"{item.name} is text"
    if len(text) > LONGEST or not text.isprintable() or text.startswith("-"):
        return f"{item.name} is a short text without control characters that begins with no dash"
    return ""


def _is_number(item: Argument, value: Any) -> bool:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return False
    above, most = item.meaning.above, item.meaning.most
    return number == number and (above is None or number > above) and (most is None or number <= most)


def _bounds(item: Argument) -> str:
    return f" above {item.meaning.above:g}, at most {item.meaning.most:g}" if item.meaning.most is not None else ""
