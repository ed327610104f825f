"""Kubernetes quantities as exact decimals: `250m`, `512Mi`, `1e3`, `.5`, `12345678n`."""

import re
from decimal import Decimal

_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)", re.ASCII)

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}


def parse_quantity(text: str | int | float) -> Decimal | None:
    """Return a quantity as an exact number (cores, bytes, pieces), None for what is none.

    `M` is a million and `Mi` 1024 * 1024; `m` is a thousandth, so that a memory of `512m` is half a byte.
    """
    if isinstance(text, bool):
        return None
    found = _QUANTITY.fullmatch(str(text).strip())
    if found is None:
        return None
    number, exponent, suffix = found.groups()
    if exponent:
        return Decimal(number).scaleb(int(exponent))
    if suffix in _BINARY:
        return Decimal(number) * Decimal(1024) ** _BINARY[suffix]
    return Decimal(number).scaleb(_DECIMAL[suffix or ""])


def format_bytes(count: int | Decimal) -> str:
    """Return a number of bytes in the largest binary unit that keeps three digits: `512Mi`, `1.5Gi`, `900`."""
    size, unit = Decimal(count), ""
    for unit in ("", "Ki", "Mi", "Gi", "Ti", "Pi"):
        if abs(size) < 1024 or unit == "Pi":
            break
        size /= 1024
    rounded = size.quantize(Decimal(1)) if abs(size) >= 100 else size.quantize(Decimal("0.1"))
    return f"{rounded.normalize():f}{unit}"
