"""The lines of a log's end that say why a program ended, or cannot work.

Stack frames, quoted source, help texts and time stamps say nothing of it; neither does what a program went on after: a
warning, a retry, a line above the error that ended it and did not grow into it.
"""

import re
from collections.abc import Iterator, Sequence

from agent.diagnose.messages.configuration import FILE, MISSING, is_configuration
from agent.diagnose.messages.records import ERROR, FATAL, HARMLESS, Record, plain, record
from agent.diagnose.messages.runtimes import ANNOUNCING, BUGS, DETAIL, FAREWELL, STRONG
from agent.kube.containers import readable

LINES = 300
"""Lines of a log's end that are read."""

WORDS = 30
"""Lines of a log's end in which a reason stands, where no error does."""

BESIDE = 3
"""Lines right above an error that may belong to it."""

CHAIN = 80
"""Lines above an error in which the errors stand that it grew out of."""

SPOKEN = 500
"""Characters of a line in which a missing setting is named."""

LONGEST = 2000
"""Characters of a line that are read."""

WEAK = re.compile(
    r"\b(?:fatal|panic|critical|errors?|exceptions?|failed|failure|cannot|can't|could not|unable|refused|denied"
    r"|invalid"
    r"|missing|not found|aborting|ERR|timed? ?out|timeout|unbound|not permitted|not set|unknown|no servers"
    r"|violation)\b",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"\b(?:warn(?:ing)?|info|debug|trace|notice)\b(?!\.)|\bdefaults?(?:ing)? (?:to|value|is|will)\b"
    r"|\busing (?:the )?defaults?\b"
    r"|\bfall(?:ing)? ?back|\boptional\b|\b(?:skipping|ignoring|ignored|retrying|retry in|deprecated"
    r"|DeprecationWarning)\b",
    re.IGNORECASE,
)
"""Lines a program goes on after."""

_WELL = re.compile(
    r"(?i)\b(?:connected|re-?connected|succeeded|successful(?:ly)?|ready|started|serving|listening|established"
    r"|healthy"
    r"|completed|done|up and running)\b(?! to\b.*(?:fail|refus))"
)
"""Lines by which a program says that something worked: what stands above them did not end it."""

_CHAINED = (
    "During handling of the above exception", "direct cause of the following exception", "Caused by", "--->",
)  # fmt: skip

_FRAME = re.compile(
    r"^\s+at .+|^\s*File \"[^\"]*\", line \d+|^\s*\.\.\. \d+ (?:more|common frames)|^\s*[\^~][\s\^~]*$"
    r"|^goroutine \d+ "
    r"|^\t\S+\.go:\d+|^created by |^exit status \d+$|^\[signal |^\s+from \S+:\d+|^#\d+ |^Stack trace:|^\s+thrown in "
    r"|^note: run with |^stack backtrace:|^Node\.js v\d|^node:internal\S*:\d+$|^\s*triggerUncaughtException|^(?:/"
    r"|file:|node:)\S+:\d+$"
    r"|^\S+:\d+:in [`'][^'`]*'$|^\s*\d+: 0x[0-9a-f]+|^\s+\d+:\s+(?:0x[0-9a-f]+ - )?(?:<?\w+>?::)+\S+$"
    r"|^Traceback \(most recent"
    r"|^\s+(?:File|line) .*\bin\b|^Thrown at:|^\s*<anonymous>|^\(Background on this error"
    r"|^\s+For further information visit"
    r"|^-{5,}$|^={5,}$|^\*{5,}$|^Please (?:make sure|check|see)|^More (?:details|info) here|^\s*<---|^\s+-->"
    r"|^\s*\d* \|"
)
"""Lines that say where, not what."""

_GO_CALL = re.compile(r"^[\w./*()\[\]-]+\.[\w.*()\[\]]+(?:\(.*\))?$")
_PROPERTY = re.compile(
    r"^\s+(?:\[?\w+\]?): (?:'[^']*'|-?\d+|\[|\{|undefined|null|true|false),?$|^\s*[\])}]+,?;?$|^\s+\w+: '[^']*',?$"
)
"""A property of an error object, as Node prints it: what it holds may tell, it is not what was said."""

_HELP = re.compile(
    r"^(?:usage\b|(?:global |available |general |management )?(?:flags|options|commands|arguments|examples?"
    r"|environment(?: variables)?)\s*:?$"
    r"|(?:Usage|USAGE|Flags|Options|OPTIONS|Commands)\b.*:\s*$|Usage: |USAGE: |Usage of )",
    re.IGNORECASE,
)


def telling_line(log: str) -> str:
    """Return the line of a log that says most about why it ends, "" for an empty log."""
    records = read(log)
    place = _telling(records)
    return _whole(records, place if place is not None else _last(records)) if records else ""


def _last(records: Sequence[Record]) -> int:
    """Return the last line that says more than that it ends, or where to read on."""
    saying = [place for place, one in enumerate(records) if not FAREWELL.search(one.text.strip())]
    return saying[-1] if saying else len(records) - 1


def failing_line(log: str) -> str:
    """Return the line of a log that says what failed, "" where none does."""
    records = read(log)
    place = _telling(records)
    return _whole(records, place) if place is not None else ""


def last_words(log: str) -> list[str]:
    """Return the lines that may say why a program ended, or does not serve, the one that says most first.

    From its last error on, with those this one grew out of; without an error the last few. What came before was gone
    on after: a first connection refused and retried does not end a program that ends with a bug.
    """
    return _words(read(log))


def _words(records: Sequence[Record]) -> list[str]:
    place = _telling(records)
    if place is None:
        told = [found.text.strip() for found in reversed(_recent(records)) if not _is_harmless(found)]
        return told or [found.text.strip() for found in records[-1:]]
    telling = _whole(records, place)
    return [telling, *(text for text in _about(records, place, telling) if text not in telling)]


def ending(log: str) -> list[str]:
    """Return the last words in the order of the log."""
    return _ending(read(log))


def missing_settings(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (name, line) of every setting that the ending of a log calls missing, the surest wording first."""
    text = "\n".join(lines)
    for pattern in MISSING:
        for found in pattern.finditer(text):
            yield found["name"], lines[text.count("\n", 0, found.start("name"))].strip()


def missing_file(lines: Sequence[str]) -> tuple[str, str] | None:
    """Return (path, line) of the configuration file that the ending of a log does not find, None for none."""
    for line in reversed(lines):
        paths = [found["path"] for pattern in FILE for found in pattern.finditer(line)]
        path = next(filter(is_configuration, paths), "")
        if path:
            return path, line.strip()
    return None


def read(log: str) -> list[Record]:
    """Return what the lines of a log's end say, without frames, quoted source, help, colours and time stamps."""
    lines = [line for line in _without_help(readable(log).splitlines()[-LINES:]) if line.strip()]
    kept: list[Record] = []
    for place, line in enumerate(lines):
        if not _is_frame(lines, place):
            found = record(line[:LONGEST])
            if found.text.strip() and not _FRAME.search(found.text):
                kept.append(found)
    return kept


def _without_help(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines less usage texts: from its heading to the next line that stands at the margin."""
    inside = False
    for line in lines:
        if _HELP.search(plain(line).strip()):
            inside = True
        elif inside and line.strip() and not line[0].isspace():
            inside = False
        if not inside:
            yield line


def _is_frame(lines: Sequence[str], place: int) -> bool:
    """Return whether a line is part of a trace: a frame, the source it quotes, or a Go function above its place."""
    line = lines[place]
    if _FRAME.search(line):
        return True
    above = lines[place - 1] if place else ""
    below = lines[place + 1] if place + 1 < len(lines) else ""
    further = lines[place + 2] if place + 2 < len(lines) else ""
    if line.startswith("    ") and re.match(r"\s*File \"", above):
        return True
    if re.match(r"^(?:/|file:|node:)\S+:\d+$", above) and re.match(r"^\s*\^+\s*$", f"{below}"):
        return True
    quoted = re.match(r"^(?:/|file:|node:)\S+:\d+$", above) and line[:1].isspace()
    return (
        bool(quoted)
        or bool(_GO_CALL.match(line) and re.match(r"^\t\S+\.go:\d+", below))
        or bool(re.match(r"^\s*\^+\s*$", below) and line[:1].isspace() and not further.startswith("LINE"))
    )


def _telling(records: Sequence[Record]) -> int | None:
    """Return which line says what ended the program, None where none speaks of an error."""
    for test in (_is_strong, _is_weak):
        found = [place for place, one in enumerate(records) if test(one)]
        saying = [place for place in found if not FAREWELL.search(records[place].text.strip())]
        if saying:
            return saying[-1]
    farewell = [place for place, one in enumerate(records) if _is_strong(one)]
    return farewell[-1] if farewell else None


def _is_strong(found: Record) -> bool:
    if found.level == HARMLESS:
        return bool(re.search(r"\b(?:FATAL|PANIC): ", found.text))
    return found.level == FATAL or (bool(STRONG.search(found.text)) and not _PROPERTY.match(found.text))


def _is_weak(found: Record) -> bool:
    if found.level == HARMLESS or _PROPERTY.match(found.text) or DETAIL.match(found.text):
        return False
    return found.level == ERROR or (bool(WEAK.search(found.text)) and not _HARMLESS.search(found.text))


def _is_harmless(found: Record) -> bool:
    return found.level == HARMLESS or (not found.level and bool(_HARMLESS.search(found.text)))


def _recent(records: Sequence[Record]) -> list[Record]:
    """Return the last lines, from the last one on by which something worked."""
    last = list(records[-WORDS:])
    worked = max((place for place, one in enumerate(last[:-1]) if _WELL.search(one.text)), default=-1)
    return last[worked + 1 :]


def _about(records: Sequence[Record], place: int, telling: str) -> Iterator[str]:
    """Yield the lines around the telling one: those below it, then those above it that it may belong to."""
    for found in records[place + 1 :]:
        if not _is_harmless(found):
            yield found.text.strip()
    above = records[max(0, place - CHAIN) : place + 1]
    if any(mark in one.text for one in above for mark in _CHAINED):
        yield from (one.text.strip() for one in reversed(above[:-1]) if not _is_harmless(one))
    elif not any(bug.pattern.search(telling) for bug in BUGS):
        yield from _beside(records, place)


def _beside(records: Sequence[Record], place: int) -> Iterator[str]:
    """Yield the few lines right above an error that are no ordinary ones."""
    for found in reversed(records[max(0, place - BESIDE) : place]):
        if _is_harmless(found) or _WELL.search(found.text):
            return
        yield found.text.strip()


def _ending(records: Sequence[Record]) -> list[str]:
    place = _telling(records)
    if place is None:
        return [found.text for found in _recent(records) if not _is_harmless(found)]
    kept = set(_words(records))
    above = [found.text for found in records[max(0, place - CHAIN) : place] if found.text.strip() in kept]
    below = [found.text for found in records[place + 1 : place + CHAIN] if not _is_harmless(found)]
    return [line[:SPOKEN] for line in (*above, records[place].text, *below)]


def _whole(records: Sequence[Record], place: int) -> str:
    """Return a line with the one below it that it announces, or that holds its reason (`DETAIL: …`)."""
    line = records[place].text.strip()
    below = records[place + 1].text.strip() if place + 1 < len(records) else ""
    if below and (ANNOUNCING.search(line) or DETAIL.match(records[place + 1].text)):
        return below if line == "Description:" else f"{line} {below}"
    return line
