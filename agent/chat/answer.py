"""What is answered: the operations that were run with their results, or why none was."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from agent.chat.call import Call, Turned
from agent.exitcode import ExitCode


class Certainty(StrEnum):
    """How sure an answer is; code chooses the word, never a model."""

    CONFIRMED = "confirmed"
    """A rule says so, and the evidence is cited."""
    LIKELY = "likely"
    """The evidence speaks for it, and for other causes too."""
    NOT_EXAMINED = "not examined"
    """Something that could say otherwise was not read."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One operation that was run."""

    call: Call
    arguments: Mapping[str, object]
    """What it was asked with, as the command line would be."""
    result: object | None
    """None where it ended with an error."""
    error: str
    code: ExitCode
    certainty: Certainty | None = None
    """None where the question is not about a cause."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question."""

    question: str
    intent: str
    parts: tuple[Ran, ...] = ()
    notes: tuple[str, ...] = ()
    """What was assumed, and what was not read, in sentences."""
    turned: Turned | None = None
    """Why no operation was run, None where some were."""
    prose: str = ""
    """What a model made of it, checked; "" without a model."""
    struck: tuple[str, ...] = ()
    """What of the model's words no result holds, left out of the prose."""
    folded: bool = False
    """Whether the model looked at nothing, so that its words stand below an answer that does."""

    @property
    def code(self) -> ExitCode:
        """Return the worst code of its operations; of a question that got none, why."""
        if self.turned is not None:
            return _OF_TURNED.get(self.turned.reason.value, ExitCode.USAGE)
        codes = [part.code for part in self.parts]
        worst = (ExitCode.INDETERMINATE, ExitCode.FOUND, ExitCode.USAGE, ExitCode.DENIED)
        return next((code for code in (*worst, *codes) if code in codes and code is not ExitCode.OK), ExitCode.OK)


_OF_TURNED = {"help": ExitCode.OK, "change": ExitCode.DENIED}
