"""Label selectors as the API means them, expressions included."""

from collections.abc import Mapping
from typing import Any


def matches(selector: Mapping[str, Any], found: Mapping[str, str]) -> bool:
    """Return whether a selector (matchLabels and matchExpressions) selects these labels; an empty one selects all."""
    pairs = selector.get("matchLabels") or {}
    return all(found.get(key) == value for key, value in pairs.items()) and all(
        _holds(term, found) for term in selector.get("matchExpressions") or ()
    )


def _holds(term: Mapping[str, Any], found: Mapping[str, str]) -> bool:
    key, values = str(term.get("key")), term.get("values") or ()
    match term.get("operator"):
        case "In":
            return found.get(key) in values
        case "NotIn":
            return found.get(key) not in values
        case "Exists":
            return key in found
        case "DoesNotExist":
            return key not in found
    return False
