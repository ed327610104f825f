"""One line of a checklist: what its command is, read by kubectl's grammar."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from agent.blueprint.control import Control
from tools.kinds import KINDS


class Effect(StrEnum):
    """What a line does to the cluster, as its Kind column says."""

    READS = "reads"
    CHANGES = "changes"
    INTERACTIVE = "interactive"
    """Opens a shell or a port: nothing to run from a script."""
    OBSERVES = "observes"
    """Watches what a line before it set off."""


@dataclass(frozen=True, slots=True)
class Line:
    """One check and its command, taken apart. All texts are "" where the line has none."""

    control: Control
    effect: Effect
    program: str = ""
    verb: str = ""
    object: str = ""
    """What the verb is about: `pods`, `deployment/todo-backend`."""
    flags: Mapping[str, str] | None = None
    tail: tuple[str, ...] = ()
    """The words behind `--`."""


VALUED = ("-n", "--namespace", "-l", "--selector", "--image", "-c", "-o")
"""Flags whose value is the next word."""


SHORT = {
    "po": "Pod",
    "deploy": "Deployment",
    "sts": "StatefulSet",
    "ds": "DaemonSet",
    "cj": "CronJob",
    "svc": "Service",
}


def kind_of(word: str) -> str:
    """Return the kind kubectl takes a word for (`deploy`, `deployments`), "" for none that is known."""
    plain = word.casefold().partition(".")[0]
    known = (kind.name for kind in KINDS if plain in (kind.name.casefold(), kind.plural))
    return SHORT.get(plain) or next(known, "")


def parse(control: Control) -> Line:
    """Return a checklist row's line. Its raw text is `command; kind`, the command left out where there is none."""
    command, _, said = control.raw.rpartition("; ")
    kind = said.casefold()
    effect = Effect(kind) if kind in set(Effect) else Effect.OBSERVES
    words = _words(command)
    flags, plain, tail = _split(words)
    plain += [""] * 3
    return Line(control, effect, plain[0], plain[1], plain[2], flags, tuple(tail))


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command.strip("`"))
    except ValueError:
        return command.strip("`").split()


def _split(words: list[str]) -> tuple[dict[str, str], list[str], list[str]]:
    """Return (flags, plain words, what stands behind `--`)."""
    head, tail = (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])
    flags: dict[str, str] = {}
    plain: list[str] = []
    rest = iter(head)
    for word in rest:
        name, equals, value = word.partition("=")
        if word.startswith("-"):
            flags[name] = value if equals or name not in VALUED else next(rest, "")
        else:
            plain.append(word)
    return flags, plain, tail
