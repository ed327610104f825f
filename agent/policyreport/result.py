"""One result of a PolicyReport, and a report of them (wgpolicyk8s.io/v1alpha2), before they are an API object."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from agent.severity import Severity
from agent.snapshot.record import Ref


class Word(StrEnum):
    """What a result says, in the API's words."""

    FAIL = "fail"
    ERROR = "error"
    """It could not be judged. Never a pass."""
    WARN = "warn"
    SKIP = "skip"
    """It was not judged, and need not be now: it may become well by itself, or this identity may not see it."""
    PASS = "pass"  # noqa: S105 - no password


class Question(StrEnum):
    """What a report answers, and the operation that says all of it."""

    DIAGNOSE = "diagnose"
    AUDIT = "audit"
    HEALTH = "health"


SEVERITIES: Mapping[Severity, str] = {Severity.ERROR: "high", Severity.WARNING: "medium", Severity.INFO: "info"}
"""Our severity -> the API's: critical, high, medium, low, info."""

WORDS: Mapping[Severity, Word] = {Severity.ERROR: Word.FAIL, Severity.WARNING: Word.WARN, Severity.INFO: Word.WARN}
"""Severity of a cause -> what its result says."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one rule says of one object."""

    rule: str
    """A cause's code, a control's id, a concern's name."""
    word: Word
    message: str
    severity: Severity
    subject: Ref | None = None
    """The object it is about, None for the report's own scope."""
    category: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    """What else helps: the blueprint's row, the command that plans the change."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is said of one question at one moment, the worst first."""

    question: Question
    namespace: str
    """"" for the whole cluster."""
    at: datetime
    results: tuple[Result, ...]
    score: int | None = None
    """Of health: points of a hundred."""
    lost: Mapping[str, int] = field(default_factory=dict)
    """Area of health -> the points it costs."""

    @property
    def name(self) -> str:
        """Return the object's name: one for each question, so that a look leaves nothing of the one before."""
        return f"bluehelm-{self.question.value}"

    @property
    def summary(self) -> Mapping[str, int]:
        """Return how many results say what, each of the API's five words."""
        counts = Counter(result.word for result in self.results)
        return {word.value: counts[word] for word in (Word.PASS, Word.FAIL, Word.WARN, Word.ERROR, Word.SKIP)}
