"""Which word of Kubernetes, or which failure mode, a question asks the meaning of."""

from agent.chat.question import Question
from agent.diagnose.modes import CATALOGUE
from agent.diagnose.words import word

LONGEST = 3
"""Words that may spell one of Kubernetes': `crash loop backoff`, `exit code 137`."""


def code_of(asked: Question) -> str:
    """Return what `explain` takes for the word or the mode a question names, "" for none."""
    spelled = [
        " ".join(asked.words[first : first + count])
        for count in range(LONGEST, 0, -1)
        for first in range(len(asked.words))
    ]
    named = next((found for text in (*asked.quoted, *spelled) if (found := word(text))), "")
    if named:
        return named
    low = {text.lower() for text in spelled}
    return next((mode.code for mode in CATALOGUE if mode.code in low or mode.code.replace("-", " ") in low), "")
