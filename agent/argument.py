"""An argument of an operation, declared once as the field of a frozen dataclass: its name, its type, what it means.

    namespace: str | None = arg("the namespace (default: the context's)", short="-n", metavar="NS")

The command line, a JSON schema, the palette and a form all come from that. The field's type says the rest: `| None`
may be left out, a `bool` is a switch, a `tuple[str, ...]` may be repeated, a `Literal` lists the choices. A field whose
type is itself such a dataclass stands for all the arguments in it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, field, fields, is_dataclass
from types import NoneType
from typing import Any, Literal, NamedTuple, TypeVar, cast, get_args, get_origin

A = TypeVar("A")


class Meaning(NamedTuple):
    """What the type of a field cannot say."""

    doc: str
    metavar: str
    """What stands for the value in a usage line, "" for the field's name."""
    short: str
    """The one-letter flag, "" for none."""
    positional: bool
    one_of: str
    """Arguments with the same word here exclude one another."""
    above: float | None
    most: float | None
    """The bounds of a number: more than `above`, at most `most`."""
    bare: str
    """What the flag means without a value, "" where it wants one."""


class Argument(NamedTuple):
    """One argument, with what its field's type says of it."""

    name: str
    meaning: Meaning
    type: type
    """str, float or bool."""
    choices: tuple[str, ...]
    many: bool
    required: bool


def arg(
    doc: str,
    *,
    default: Any = None,
    metavar: str = "",
    short: str = "",
    positional: bool = False,
    required: bool = False,
    one_of: str = "",
    above: float | None = None,
    most: float | None = None,
    bare: str = "",
) -> Any:
    """Return the field of one argument; the parts are those of `Meaning`."""
    meaning = Meaning(doc, metavar, short, positional, one_of, above, most, bare)
    return field(default=MISSING if required else default, metadata={"meaning": meaning})


def arguments(of: type) -> Iterator[Argument]:
    """Yield the arguments an operation takes, in the order of their fields."""
    for item in fields(of):
        if is_dataclass(item.type):
            yield from arguments(cast(type, item.type))
        else:
            yield _argument(item)


def build(of: type[A], values: Mapping[str, Any]) -> A:
    """Return an operation's arguments from values by name; what is not there, or None, keeps its default."""
    given: dict[str, Any] = {}
    for item in fields(cast(Any, of)):
        if is_dataclass(item.type):
            given[item.name] = build(cast(type, item.type), values)
        elif values.get(item.name) is not None:
            given[item.name] = _fitting(item, values[item.name])
    return of(**given)


def flat(args: object) -> dict[str, Any]:
    """Return every argument's value by name, those of nested ones too."""
    found: dict[str, Any] = {}
    for item in fields(cast(Any, args)):
        value = getattr(args, item.name)
        found |= flat(value) if is_dataclass(item.type) else {item.name: value}
    return found


def schema(of: type) -> dict[str, Any]:
    """Return the JSON schema (2020-12) of an operation's arguments."""
    found = list(arguments(of))
    return {
        "type": "object",
        "properties": {item.name: _property(item) for item in found},
        "required": [item.name for item in found if item.required],
        "additionalProperties": False,
    }


def _property(item: Argument) -> dict[str, Any]:
    said: dict[str, Any] = {"type": {str: "string", float: "number", bool: "boolean"}[item.type]}
    if item.choices:
        said["enum"] = list(item.choices)
    if item.meaning.above is not None:
        said["exclusiveMinimum"] = item.meaning.above
    if item.meaning.most is not None:
        said["maximum"] = item.meaning.most
    return ({"type": "array", "items": said} if item.many else said) | {"description": item.meaning.doc}


def _argument(item: "Field[Any]") -> Argument:
    plain = _without_none(item.type)
    many = get_origin(plain) is tuple
    choices = tuple(map(str, get_args(plain))) if get_origin(plain) is Literal else ()
    kind = str if many or choices else cast(type, plain)
    required = item.default is MISSING
    return Argument(item.name, item.metadata["meaning"], kind, choices, many, required)


def _without_none(annotation: Any) -> Any:
    options = get_args(annotation)
    return next(item for item in options if item is not NoneType) if NoneType in options else annotation


def _fitting(item: "Field[Any]", value: Any) -> Any:
    return tuple(value) if _argument(item).many else value
