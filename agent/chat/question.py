"""A question made ready to be understood: one spelling of words and quotes, and what was pasted below it set apart."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from agent.chat.lexicon import SPELLED, is_ordinary
from tools.text import clean

LONGEST = 2_000
"""Characters of a question; what is longer was pasted."""

_QUOTES = str.maketrans("‘’‛`´“”„«»–—", "'''''\"\"\"\"\"--")
_QUOTED = re.compile(r"(?<![\w])(?:\"([^\"\n]{1,200})\"|'([^'\n]{1,200})'(?![\w]))")
_WORD = re.compile(r"[a-z0-9_][\w./:=@%+*!~-]*", re.IGNORECASE)
_TAIL = ".,:;?!/-*~"

CONTRACTIONS: Mapping[str, str] = {
    "what's": "what is", "whats": "what is", "who's": "who is", "where's": "where is", "how's": "how is",
    "why's": "why is", "it's": "it is", "that's": "that is", "there's": "there is", "which's": "which is",
    "isn't": "is not", "isnt": "is not", "aren't": "are not", "arent": "are not", "wasn't": "was not",
    "weren't": "were not", "doesn't": "does not", "doesnt": "does not", "don't": "do not", "dont": "do not",
    "didn't": "did not", "didnt": "did not", "won't": "will not", "wont": "will not", "can't": "can not",
    "cant": "can not", "cannot": "can not", "couldn't": "could not", "hasn't": "has not", "hasnt": "has not",
    "haven't": "have not", "shouldn't": "should not", "wouldn't": "would not", "i'm": "i am", "im": "i am",
    "we're": "we are", "let's": "let us", "they're": "they are", "i've": "i have", "pls": "please", "plz": "please",
    "u": "you", "y": "why", "wth": "what", "wtf": "what", "hows": "how is", "k8s": "kubernetes", "k": "kubectl",
}  # fmt: skip
"""What people write in short -> in full."""


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked."""

    text: str
    """As it was asked, in one line, nothing in it but what can be read."""
    plain: str
    """In small letters, contractions written out, without marks: what cues are looked for in."""
    words: tuple[str, ...]
    """Its words as they were written, names whole: `todo-backend`, `deploy/web`, `app=web`, `10m`."""
    quoted: tuple[str, ...]
    """What stands in quotes."""
    pasted: str = ""
    """What was pasted below it, lines and all; "" for nothing."""


def question(text: str) -> Question:
    """Return a question made ready; `text` is whatever somebody typed, piped or pasted."""
    shown = clean(text, 1 << 20, multiline=True).strip()
    asked, pasted = _parted(shown)
    one = clean(asked.translate(_QUOTES), LONGEST)
    quoted = tuple(found[1] or found[2] for found in _QUOTED.finditer(one))
    words = tuple(word for part in one.split() for word in _words(part))
    return Question(one, _plain(words), words, quoted, pasted)


def _parted(text: str) -> tuple[str, str]:
    """Return (question, pasted): the first line asks and the rest is shown, unless all of it is one or the other."""
    lines = text.splitlines()
    if len(lines) <= 1:
        return (text, "") if len(text) <= LONGEST else (text[:LONGEST], text)
    blocks = [place for place, line in enumerate(lines) if _is_output(line)]
    if not blocks:
        return " ".join(lines), ""
    first, last = blocks[0], blocks[-1]
    asked = [*lines[:first], *(lines[last + 1 :] if last + 1 < len(lines) and lines[-1].rstrip().endswith("?") else ())]
    return " ".join(line for line in asked if not line.startswith("```")), text


_OUTPUT = re.compile(
    r"\s*[\[{]|\s*-?\s*[\w./-]+:(?:\s|$)|---|NAME\s|NAMESPACE\s|LAST SEEN\s|\S+(?:\s{2,}\S+){2,}|\d{4}-\d\d-\d\d[T ]"
    r"|\s*\w+(?:Error|Exception)\b|Traceback|panic:|\s+at |Error from server|Warning\s"
)


def _is_output(line: str) -> bool:
    """Return whether a line is what a program printed or a file holds, and no sentence of a person."""
    return _OUTPUT.match(line) is not None


def _words(part: str) -> list[str]:
    """Return the words of a part between blanks, contractions written out."""
    if part.startswith("-"):
        return []  # a flag of kubectl's: what it means is looked for in the text as it was written
    bare = part.strip("\"'()[]{}<>,;").rstrip(_TAIL)
    full = CONTRACTIONS.get(bare.lower())
    if full is None and bare.lower().endswith("'s"):
        bare = bare[:-2]
    return full.split() if full else [word for found in _WORD.finditer(bare) if (word := found[0].rstrip(_TAIL))]


def _plain(words: tuple[str, ...]) -> str:
    return " ".join(_spelled(word.lower()) for word in words)


@lru_cache(maxsize=4096)
def _spelled(word: str) -> str:
    """Return a word of the lexicon that is mistyped as it is spelled; names and numbers stay."""
    if not 4 < len(word) < 16 or not word.isalpha() or is_ordinary(word):
        return word
    near = get_close_matches(word, SPELLED, n=1, cutoff=0.82)
    return near[0] if near and near[0][0] == word[0] else word
