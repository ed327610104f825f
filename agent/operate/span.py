"""How far back an operation looks: `90s`, `10m`, `8h`, `2d`."""

import re
from datetime import timedelta

from agent.errors import UsageError

_SPAN = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def span(text: str, flag: str = "--since") -> timedelta:
    """Return the span a text writes.

    Raises:
        UsageError: it writes none.

    """
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{flag} {text}: a span is written 90s, 10m, 8h or 2d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
