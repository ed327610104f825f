"""A control: one row of a blueprint, which is the authority for one decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from agent.blueprint.cells import Cell


class Profile(StrEnum):
    """Which environment a value is for."""

    DEV = "dev"
    """dev and local"""
    PROD = "prod"
    """prod and cloud"""


class ControlKind(StrEnum):
    """What sort of row it is."""

    PARAMETER = "parameter"
    """A value, bound to a Helm values path (or to the cluster itself)."""
    TRIGGER = "trigger"
    SCENARIO = "scenario"
    """A failure scenario: detection, recovery, time."""
    CHECK = "check"
    """A line of a verification checklist."""
    MAPPING = "mapping"
    """Blueprint -> template -> values key."""
    RULE = "rule"
    """A governance rule."""
    QUESTION = "question"
    """What people ask an assistant, and the command that answers it here."""


class Source(NamedTuple):
    """Where a row stands: file as shown to a person, line counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        """`blueprints/service.md:23`."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Control:
    """One decision, where it is written and what it binds."""

    id: str
    """Stable: `SVC-BE-MEM-LIMIT`."""
    kind: ControlKind
    blueprint: str
    """The file's stem: `service`."""
    title: str
    """`Memory Limit`, as the row calls it, with its section's subject: `Backend: Memory Limit`."""
    raw: str
    """The value cell's text as written."""
    values: Mapping[Profile, Cell]
    """The typed value per profile; empty for rows that state no value."""
    paths: tuple[str, ...]
    """Helm values paths this row governs: `backend.resources.limits.memory`; empty when none."""
    component: str
    """The bound component (`backend`, `frontend`, `cluster`), "" when the row speaks of none."""
    fields: tuple[str, ...]
    """Fields of the Kubernetes API this row governs, as in `containers[].resources.limits.memory`."""
    rationale: str
    source: Source
    fingerprint: str
    """sha256 (first 12 hex digits) of the row's meaning: cells with whitespace folded."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A place in a blueprint that could not be read. It is counted and named, never dropped."""

    source: Source
    text: str
    problem: str
    control_id: str = ""
    """The control that is unknown because of it, when the row has an id."""


@dataclass(frozen=True, slots=True)
class Binding:
    """A component of the blueprint and the objects that implement it: no fuzzy matching anywhere.

    `kind` and `name` are the live object's, `values` the root of its values (`backend`). `{release}` in a name
    stands for the Helm release's name.
    """

    component: str
    kind: str
    name: str
    values: str
    container: str
    source: Source


@dataclass(frozen=True, slots=True)
class Blueprints:
    """Everything that was read from one set of blueprint files."""

    controls: tuple[Control, ...]
    bindings: tuple[Binding, ...]
    unread: tuple[Unread, ...]
    files: tuple[str, ...]

    def control(self, control_id: str) -> Control | None:
        """Return the control of that id, or None."""
        return next((control for control in self.controls if control.id == control_id), None)
