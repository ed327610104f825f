"""A regular expression that is compiled when the first line is held against it.

Hundreds of them are known; most questions never read a log, and compiling them all takes as long as a small answer.
"""

import re
from functools import cache
from typing import NamedTuple


class Pattern(NamedTuple):
    """A regular expression, as `re` writes them."""

    words: str

    def search(self, text: str) -> re.Match[str] | None:
        """Return where a text holds it, as `re.Pattern.search` does."""
        return compiled(self.words).search(text)


@cache
def compiled(words: str) -> re.Pattern[str]:
    """Return an expression compiled, once for all who ask."""
    return re.compile(words)
