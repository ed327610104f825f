"""What the end of a log says, by the messages known: the mode it speaks for, and the line."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.diagnose import modes
from agent.diagnose.messages.configuration import CONVERSION, GARBLED, UNNAMED
from agent.diagnose.messages.credentials import CREDENTIALS
from agent.diagnose.messages.databases import EXHAUSTED, READ_ONLY
from agent.diagnose.messages.limits import LIMITS
from agent.diagnose.messages.lines import ending, last_words, missing_file, missing_settings
from agent.diagnose.messages.message import Message
from agent.diagnose.messages.network import NO_ANSWER_ABOUT_NAMES, NO_ANSWER_NOW, NO_SUCH_NAME, REFUSED, TIMED_OUT
from agent.diagnose.messages.runtimes import BUGS, OWN_BEFORE, PORTS, USERS
from agent.diagnose.messages.tls import TRUST
from agent.diagnose.modes import Mode

OTHERS = (
    *OWN_BEFORE, *EXHAUSTED, *CREDENTIALS, *READ_ONLY, *TRUST, *LIMITS, *PORTS,
    *NO_SUCH_NAME, *NO_ANSWER_NOW, *NO_ANSWER_ABOUT_NAMES, *REFUSED, *TIMED_OUT,
)  # fmt: skip
"""What other sides, the system and data answer. In order: an answer that refuses says more than none."""

GIVEN = (*UNNAMED, *GARBLED, *USERS, *CONVERSION)
"""What programs say of what they were given, and of themselves."""

BLOCK = 4
"""Lines, from the one that says most on, in which a complaint lists the settings it misses."""

OF_THE_KUBELET = ("KUBERNETES_SERVICE_", "KUBERNETES_PORT")
"""Variables the kubelet sets in every container: a program that misses one does not run in a pod, or cleared them."""

OF_OTHERS = (
    modes.CREDENTIALS_REFUSED,
    modes.CONNECTIONS_EXHAUSTED,
    modes.DATABASE_READ_ONLY,
    modes.CERTIFICATE_REFUSED,
    modes.LIMIT_OF_THE_SYSTEM,
    modes.DEPENDENCY_UNREACHABLE,
)
"""Modes that also keep a program from serving while it runs; the others it ends by."""


@dataclass(frozen=True, slots=True)
class Match:
    """One thing a log's end may say."""

    mode: Mode
    line: str
    name: str = ""
    """The setting or file that is missing, as the program names it."""
    variable: str = ""
    """The environment variable that would hold the setting, "" where the program names none."""
    is_conversion: bool = False
    """Whether it only says that some text is no number (or the like): of a setting, or of any datum."""


def matches(log: str) -> Iterator[Match]:
    """Yield what the end of a log may say, the most likely first; objects decide which of it is so."""
    words = last_words(log)
    bug = next(_found(words[:1], BUGS), None)
    if bug is not None:
        yield from _found(words[1:], OTHERS)  # what it grew out of
        yield bug
        return
    yield from _found(words[:1], OTHERS)
    lines = ending(log)
    for name, line in missing_settings(lines):
        if not name.startswith(OF_THE_KUBELET):
            yield Match(modes.SETTING_MISSING, line, name, re.sub(r"\W+", "_", name).upper())
    file = missing_file(lines)
    if file is not None:
        yield Match(modes.SETTING_MISSING, file[1], file[0])
    yield from _found(words[:BLOCK], UNNAMED)
    yield from _found(words[:1], GIVEN)
    yield from _found(words[1:], (*OTHERS, *GIVEN))


def _found(lines: Sequence[str], known: Sequence[Message]) -> Iterator[Match]:
    for line in lines:
        for message in known:
            hit = message.pattern.search(line)
            if hit is not None:
                name = next((text for text in hit.groupdict().values() if text), "")
                yield Match(message.mode, line, name, is_conversion=message in CONVERSION)
