"""Readings: prose that says how a tension is understood. It settles the tension, and the tension is still shown."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from agent.blueprint.control import Source
from agent.blueprint.lint.finding import Lint, Severity
from agent.blueprint.lint.subject import Line, Subject

_MARKS = re.compile(r"[`*\"“”']+")
_SEPARATORS = re.compile(r"[\s,_-]+")
_UNIT = re.compile(r"(\d) (?=(?:s|ms|min|mb|gb|%)\b)")
_SENTENCE = re.compile(r"(?<=[.])\s+")


class Sentence(NamedTuple):
    """One sentence of a reading, folded so that marks, hyphens and line ends do not matter, and where it starts."""

    source: Source
    text: str


def sentences(subject: Subject) -> list[Sentence]:
    """Return every sentence of every reading."""
    return [sentence for paragraph in subject.readings for sentence in _sentences(paragraph)]


def settled(lint: Lint, known: list[Sentence]) -> Lint:
    """Return the finding, as a note that says where it is settled when a reading speaks of it."""
    wanted = [[folded(phrase) for phrase in phrases] for phrases in lint.about]
    for sentence in known:
        if any(all(_says(sentence.text, phrase) for phrase in phrases) for phrases in wanted):
            return replace(lint, severity=Severity.INFO, reading=sentence.source)
    return lint


def folded(text: str) -> str:
    """Return text without what prose may write differently: case, quotes, hyphens, the space before a unit."""
    plain = _SEPARATORS.sub(" ", _MARKS.sub("", text.casefold())).strip()
    return _UNIT.sub(r"\1", plain)


def _says(text: str, phrase: str) -> bool:
    """Return whether a phrase stands in a sentence as whole words; a plural is as good."""
    start = text.find(phrase) if phrase else -1
    while start >= 0:
        before, after = text[start - 1 : start], text[start + len(phrase) :].removeprefix("s")[:1]
        if not before.isalnum() and not after.isalnum():
            return True
        start = text.find(phrase, start + 1)
    return False


def _sentences(paragraph: tuple[Line, ...]) -> Iterator[Sentence]:
    """Yield a paragraph's sentences with the line each starts on; one may go on over several lines."""
    source, parts = paragraph[0].source, list[str]()
    for line in paragraph:
        for index, piece in enumerate(_SENTENCE.split(line.text)):
            if (index or _ended(parts)) and parts:
                yield Sentence(source, folded(" ".join(parts)))
                parts = []
            if not parts:
                source = line.source
            parts.append(piece)
    yield Sentence(source, folded(" ".join(parts)))


def _ended(parts: list[str]) -> bool:
    return bool(parts) and parts[-1].rstrip().endswith(".")
