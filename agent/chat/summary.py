"""What of an answer counts later, in a few lines: verdicts, citations, plans, refusals. Code decides, no model."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.chat.answer import Answer
from agent.chat.view import as_said, spelled

_CITED = re.compile(r"\b[A-Z]{2,5}(?:-[A-Z0-9]+){1,5}\b|(?:[\w-]+/)*[\w-]+\.(?:md|ya?ml):\d+")
_PLAN = re.compile(r"\bplan ([0-9a-f]{8,64})\b")

RECENT = 4
"""Turns that are told with what they said; of older ones what counts."""


@dataclass(frozen=True, slots=True)
class Told:
    """What of one turn counts."""

    commands: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = ()
    citations: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()

    def as_data(self) -> dict[str, list[str]]:
        """Return it as JSON takes it."""
        return {name: list(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def of(cls, data: Mapping[str, object]) -> "Told":
        """Return what was kept; what is no list of texts is left out."""
        lists = {name: data.get(name) for name in cls.__slots__}
        return cls(**{name: tuple(map(str, found)) for name, found in lists.items() if isinstance(found, list)})


def told(answer: Answer) -> Told:
    """Return what of an answer counts."""
    texts = [as_said(part) if part.result is not None else part.error for part in answer.parts]
    whole = "\n".join((*texts, answer.prose))
    return Told(
        commands=tuple(spelled(part) for part in answer.parts),
        verdicts=tuple(line for text in texts for line in _verdicts(text)),
        citations=tuple(dict.fromkeys(_CITED.findall(whole)))[:12],
        plans=tuple(dict.fromkeys(_PLAN.findall(whole))),
        refusals=tuple(_refusals(answer)),
    )


def _verdicts(text: str) -> Iterator[str]:
    """Yield the lines that decide: what is said first, and of each cause its sentence."""
    lines = [line for line in text.splitlines() if line.strip()]
    yield from (line.strip()[:200] for line in lines[:1])
    for place, line in enumerate(lines[:-1]):
        if re.match(r"\s*\d+ (?:ERROR|WARNING)\b", line):
            yield lines[place + 1].strip()[:200]


def _refusals(answer: Answer) -> Iterator[str]:
    if answer.turned is not None:
        yield answer.turned.says[:200]
    for part in answer.parts:
        if part.error:
            yield part.error[:200]


def before(turns: Sequence[tuple[str, Told]], most: int) -> str:
    """Return what was said before in at most so many characters; of older turns only what counts."""
    lines: list[str] = []
    for age, (question, found) in enumerate(reversed(turns)):
        parts = (*found.verdicts, *found.refusals) if age < RECENT else found.refusals
        cited = [*found.citations, *(f"plan {name}" for name in found.plans)]
        asked = [f"asked: {question[:160]}"] if age < RECENT else []
        lines.append("; ".join([*asked, *found.commands, *parts, *cited]))
        if sum(map(len, lines)) > most:
            lines.pop()
            break
    return "\n".join(f"- {line}" for line in reversed(lines) if line)
