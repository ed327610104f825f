"""A plan's edits as one patch that `git apply` takes: every character as it is, line ends and all. Pure."""

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from agent.change.files import AROUND
from tools.failure import Failure, FailureKind
from tools.redact import redact

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
"""A line as git counts them: a carriage return, or another of Unicode's line ends, is part of it."""

UNENDED = "\n\\ No newline at end of file\n"


class Patched(NamedTuple):
    """One file by its path in the repository, with what it holds and what it is to hold."""

    path: str
    before: bytes
    after: bytes


def patch(files: Sequence[Patched]) -> str | Failure:
    """Return the patch, or that it would show a secret: nothing may print one, and a masked line applies nowhere."""
    text = "".join(piece for file in files for piece in _file(file))
    if redact(text) != text:
        return Failure(
            FailureKind.DENIED,
            "the patch",
            "a line beside the change holds a secret, which is never printed",
            "--branch commits the change instead",
        )
    return text


def _file(file: Patched) -> Iterator[str]:
    one, other = (_LINE.findall(content.decode("utf-8")) for content in (file.before, file.after))
    yield f"diff --git {_name('a', file.path)} {_name('b', file.path)}\n"
    for line in difflib.unified_diff(one, other, _name("a", file.path), _name("b", file.path), n=AROUND):
        yield line if line.endswith("\n") else line + UNENDED


def _name(side: str, path: str) -> str:
    return f"{side}/{path}"
