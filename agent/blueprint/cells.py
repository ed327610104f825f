"""The typed value of one cell. Written by the blueprint parser's owner; the shapes below are the contract."""

from dataclasses import dataclass
from enum import StrEnum


class CellType(StrEnum):
    """The grammar a cell was read with."""

    TEXT = "text"
    INTEGER = "integer"
    QUANTITY = "quantity"
    """A Kubernetes quantity; `value` stays as written (`512Mi`), compare with tools/quantity.py."""
    DURATION = "duration"
    """`value` is seconds."""
    PERCENT = "percent"
    """`value` is the whole number."""
    PROBE = "probe"
    """`value` maps method, path, period (seconds), failures."""
    IMAGE = "image"
    """`value` maps repository and tag."""
    VERSION = "version"
    """`v1.28+`: value maps minimum."""
    NONE = "none"
    """N/A or None: the row says that there is no such value."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One typed value and the text it was read from."""

    type: CellType
    value: object
    raw: str
