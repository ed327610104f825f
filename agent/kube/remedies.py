"""What mends something: one field edited, one command run, or advice in words. Values only; nothing here runs.

Only an `Edit` can become a patch. `Advice` is for people and never becomes YAML. A `Command` is an argv, complete as
it stands: what a person would have to fill in is advice, or an edit that needs a person.
"""

import shlex
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from agent.snapshot.record import Ref

JSON = Any
"""A value as JSON has it: text, number, bool, None, list or map."""


class Item(NamedTuple):
    """One item of a list, by what tells it from the others: `Item("name", "web")`; the key may be `metadata.name`."""

    key: str
    value: str | int


END = "-"
"""The place after a list's last item, as JSON Patch writes it."""

Step = str | int | Item
Path = tuple[Step, ...]
"""From an object to one of its fields: `("spec", "containers", Item("name", "web"), "image")`.

An int is the index of an item that nothing else tells from the others (a rule of an Ingress).
"""


class Op(StrEnum):
    """What an edit does at its path."""

    SET = "set"
    """Something else stands there now."""
    ADD = "add"
    """Nothing stands there now."""
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class NeedsPerson:
    """A value that only a person can know; `what` says what to give: `a memory request that fits a node`."""

    what: str


@dataclass(frozen=True, slots=True)
class Edit:
    """One leaf of one object, and what should stand there. Whatever is beside the leaf stays as it is."""

    object: Ref
    path: Path
    op: Op
    value: JSON | NeedsPerson = None
    """Typed as the API has it: a quantity is a text, a port a number. None with REMOVE."""
    old: JSON = None
    """What stands there now, None for nothing."""

    @property
    def known(self) -> bool:
        """Return whether nobody has to be asked for the value."""
        return not isinstance(self.value, NeedsPerson)


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do where no field mends it: a sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command to run as it stands."""

    argv: tuple[str, ...]

    def __str__(self) -> str:
        """The command as a shell takes it."""
        return shlex.join(self.argv)


Remedy = Edit | Advice | Command


def kubectl(*words: str, namespace: str = "") -> Command:
    """Return a kubectl command, in a namespace where one is given."""
    return Command(("kubectl", *words, *(("-n", namespace) if namespace else ())))
