"""What lint finds: one tension, the places on each side of it, and words that would end it."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from agent.blueprint.control import Control, Source
from agent.severity import Severity as Severity

Phrases = tuple[str, ...]
"""Phrases that stand together in the sentence that settles a tension."""


@dataclass(frozen=True, slots=True)
class Lint:
    """One finding about the blueprints."""

    code: str
    severity: Severity
    text: str
    """One sentence."""
    sources: tuple[Source, ...]
    """Both sides where there are two."""
    controls: tuple[str, ...]
    suggestion: str
    """Wording, or a value, that would end it."""
    about: tuple[Phrases, ...] = ()
    """What a sentence under "Reading:" says when it speaks of this: any one of these, whole."""
    reading: Source | None = None
    """Where such a sentence stands."""


def at(*controls: Control) -> tuple[Source, ...]:
    """Return where controls stand, each place once."""
    return tuple(dict.fromkeys(control.source for control in controls))


def ids(*controls: Control) -> tuple[str, ...]:
    """Return the ids of controls, each once."""
    return tuple(dict.fromkeys(control.id for control in controls))


def names(control: Control) -> tuple[str, str]:
    """Return what prose calls a row: its id, or its title with what it says."""
    return control.id, f"{plain_title(control)} {control.raw}"


def both(one: Control, other: Control) -> tuple[Phrases, ...]:
    """Return the ways a sentence can speak of two rows."""
    return tuple(product(names(one), names(other)))


def with_word(controls: Iterable[Control], *words: str) -> tuple[Phrases, ...]:
    """Return the ways a sentence can speak of one of the rows and say these words."""
    return tuple((name, *words) for control in controls for name in names(control))


def plain_title(control: Control) -> str:
    """Return a row's own name, without the component it stands under."""
    return control.title.rpartition(": ")[2]


def quoted(items: Iterable[str]) -> str:
    """Return names for a sentence: `a`, `b`."""
    return ", ".join(f"`{item}`" for item in items)
