"""Text for machines: one JSON document with a schema name and version. Fields are added, never renamed."""

from collections.abc import Mapping, Sequence

from agent.report.terminal import Screen
from tools.text import clean

Data = Mapping[str, "Value"]
"""A JSON object."""

Value = str | int | float | bool | None | Sequence["Value"] | Data
"""Anything JSON can say."""


def document(schema: str, data: Data, screen: Screen) -> str:
    """Return one document, indented where a person reads it. `schema` is `bluehelm/NAME/vN`."""
    import orjson

    options = orjson.OPT_INDENT_2 if screen.is_terminal else 0
    whole = {"schema": schema, **{key: _inert(value) for key, value in data.items()}}
    return orjson.dumps(whole, option=options).decode() + "\n"


def _inert(value: "Value") -> "Value":
    """Return the value with every text cleaned: a JSON viewer may show what it holds."""
    if isinstance(value, str):
        return clean(value, 20_000, multiline=True)
    if isinstance(value, Mapping):
        return {clean(key): _inert(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_inert(item) for item in value]
    return value
