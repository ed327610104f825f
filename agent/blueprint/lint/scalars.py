"""Plain scalars of values files that Helm reads otherwise than they look."""

import re
from collections.abc import Callable, Iterator

from agent.blueprint.lint.finding import Lint, Severity
from agent.blueprint.lint.subject import Subject
from agent.blueprint.values import Leaf

EXACT = 10**6
"""From here on a template prints a number of a values file as 1e+06."""

_WORDS = frozenset("y n yes no on off".split())
_OCTAL = re.compile(r"[+-]?0o?[0-7]+")
_CLOCK = re.compile(r"\d{1,9}(?::[0-5]?\d)+")
_POWER = re.compile(r"[+-]?\d+(?:\.\d*)?[eE][+-]?\d+")
_DECIMALS = re.compile(r"[+-]?\d+\.\d+")
_VERSIONED = re.compile(r"(?:tag|version)$", re.IGNORECASE)


def read_differently(subject: Subject) -> Iterator[Lint]:
    """`tag: 1.10` is the number 1.1, `enabled: yes` a bool to one reader and text to another."""
    seen = {(leaf.source, leaf.path): leaf for values in subject.values.values() for leaf in values.leaves.values()}
    for leaf in seen.values():
        why = _why(leaf) if leaf.plain else ""
        if why:
            severity = Severity.ERROR if _VERSIONED.search(leaf.path) else Severity.WARNING
            text = f"`{leaf.path}: {leaf.raw}` {why}"
            yield Lint("scalar-read-differently", severity, text, (leaf.source,), (), f'write "{leaf.raw}" in quotes')


def _why(leaf: Leaf) -> str:
    raw = leaf.raw
    if raw.casefold() in _WORDS:
        return "is true or false to Helm's YAML 1.1, and a word to YAML 1.2"
    if raw not in ("0", "-0", "+0") and _OCTAL.fullmatch(raw):
        return "is an octal number to one YAML and a decimal one to the other"
    if _CLOCK.fullmatch(raw):
        return "is a number in base 60 to YAML 1.1, and text to YAML 1.2"
    if _POWER.fullmatch(raw):
        return "is a number with an exponent to YAML 1.2, and may be text to YAML 1.1"
    if _DECIMALS.fullmatch(raw) and raw != str(leaf.value):
        return f"is the number {leaf.value}: its last zero is lost"
    if isinstance(leaf.value, int) and not isinstance(leaf.value, bool) and abs(leaf.value) >= EXACT:
        return "is printed with an exponent by a template, as 1e+06 is"
    return ""


RULES: tuple[Callable[[Subject], Iterator[Lint]], ...] = (read_differently,)
