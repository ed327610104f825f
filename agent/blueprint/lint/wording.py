"""Words that cannot be measured, and words that speak to a machine instead of to people."""

import re
import unicodedata
from collections.abc import Callable, Iterator

from agent.blueprint.cells import CellType
from agent.blueprint.control import Control, ControlKind
from agent.blueprint.lint.finding import Lint, Severity, at, ids, plain_title
from agent.blueprint.lint.subject import NOWHERE, Subject
from tools.text import clean

VAGUE = frozenset(
    "conservative aggressive reasonable sufficient adequate appropriate moderate optimal minimal fast slow high low big"
    " small normal standard sensible generous balanced gentle careful robust default auto automatic".split()
)
"""Words that name no value, however they are meant."""

EXACT = frozenset(
    "always never onfailure ifnotpresent clusterip nodeport loadbalancer rollingupdate recreate enabled disabled true"
    " false yes no required preferred read-only readonly restricted baseline privileged".split()
)
"""Single words that are values of the Kubernetes API, or as good as."""

INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,30}\b(?:previous|prior|above|earlier|all|your)\b.{0,30}"
    r"\b(?:instructions?|prompts?|guidelines?)\b"
    r"|\byou are now\b|\bact as (?:an?|the) (?:admin|root|assistant)\b"
    r"|\b(?:system|developer) prompt\b|\bjailbreak|\bdo not (?:tell|inform|ask) the (?:user|operator|human)\b"
    r"|<\|?(?:im_start|im_end|system|endoftext)\|?>|\[/?INST\]"
    r"|\bas an? (?:ai|language model|llm)\b|\bassistant\s*:\s*(?:sure|ok|i will)",
    re.IGNORECASE,
)

_UNASKED = re.compile(
    r"\b(?:approve|apply|execute|run)\b.{0,30}\bwithout (?:asking|approval|confirmation|review)\b", re.IGNORECASE
)
_FORBIDDEN = re.compile(r"\b(?:no|not|never|nobody|nothing|cannot|don't)\b[^.]{0,60}$", re.IGNORECASE)
"""What turns the order into the rule against it: "never apply a change without review"."""

_WORDS = re.compile(r"[a-z-]+")


def unmeasurable(subject: Subject) -> Iterator[Lint]:
    """A text that no value, path or grammar stands behind: nothing can be compared with it."""
    nowhere = [m for m in subject.of(ControlKind.MAPPING) if subject.cell(m, "values key").casefold() in NOWHERE]
    outside = [frozenset(_WORDS.findall(mapping.title.casefold())) for mapping in nowhere]
    for row in subject.parameters:
        elsewhere = any(words <= subject.place(row) for words in outside)
        if any(_is_vague(row, str(c.value), elsewhere) for c in row.values.values() if c.type is CellType.TEXT):
            yield Lint(
                code="unmeasurable",
                severity=Severity.WARNING,
                text=f'"{plain_title(row)} {row.raw}" cannot be measured: no value, path or unit stands behind it',
                sources=at(row),
                controls=ids(row),
                suggestion="write the numbers that are meant, or refer to the rows that hold them",
                about=((row.raw, "measurable"), (row.id, "measurable"), (plain_title(row), "means")),
            )


def _is_vague(row: Control, value: str, elsewhere: bool) -> bool:
    """Return whether a text says nothing exact: a vague word, or any text that leads nowhere."""
    words = _WORDS.findall(value.casefold())
    if any(word in VAGUE for word in words) and not row.paths:
        return True
    return not row.paths and not elsewhere and value.casefold() not in EXACT and not row.fields


def instructions(subject: Subject) -> Iterator[Lint]:
    """Text that tells a machine what to do. Nothing here obeys it; a person should know that it stands there."""
    for line in subject.lines:
        found = INSTRUCTION.search(line.text) or _unasked(line.text)
        if found:
            yield Lint(
                code="instruction-like",
                severity=Severity.WARNING,
                text=f'"{clean(found[0], 80)}" speaks to a machine, not to people; it is text, and obeyed by nothing',
                sources=(line.source,),
                controls=(),
                suggestion="take it out, and find out who wrote it",
            )


def _unasked(text: str) -> re.Match[str] | None:
    found = _UNASKED.search(text)
    return None if found is None or _FORBIDDEN.search(text[: found.start()]) else found


def hidden(subject: Subject) -> Iterator[Lint]:
    """Characters that nobody sees, and that may make a line read otherwise than it is."""
    for line in subject.lines:
        text = line.text.replace("\t", " ")
        shown = clean(text, len(text) + 1, multiline=True)
        if len(shown) != len(_composed(text)):
            yield Lint(
                code="hidden-characters",
                severity=Severity.WARNING,
                text="the line holds characters that are not shown",
                sources=(line.source,),
                controls=(),
                suggestion="write the line anew, without invisible or direction marks",
            )


def _composed(text: str) -> str:
    """Return text in the composed form, in which nothing has been taken out yet."""
    return unicodedata.normalize("NFC", text)


RULES: tuple[Callable[[Subject], Iterator[Lint]], ...] = (unmeasurable, instructions, hidden)
