"""What a log says about an end: the line worth reading, and the setting it misses."""

import json
import re
from collections.abc import Iterator, Sequence

from agent.kube.containers import readable

LINES = 300
"""Lines of a log's end that are read."""

WORDS = 30
"""Lines of a log's end in which a reason stands, where no error does."""

BESIDE = 3
"""Lines right above an error that may belong to it."""

CHAIN = 80
"""Lines above an error in which the errors stand that it grew out of."""


_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_PREFIX = re.compile(r"^\d{4}[-/]\d\d[-/]\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?\s+")

STRONG = re.compile(
    r"^(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Fault)\b(?!\w).*$"  # Python's last line, Node's first
    r"|^\s*(?:Caused by|Exception in thread|Unhandled exception|Uncaught)\b.*$"
    r"|^(?:panic:|fatal error:|fatal\b|FATAL\b|runtime error|Segmentation fault|terminate called|thread '.*' panicked)"
    r"|^[\w.$]*(?:Error|Exception): .*$"
    r"|^\S+\.rb:\d+:in .*\((?:\w+::)*\w*Error\)"
    r"|\[(?:emerg|alert|crit)\]|\blevel=\"?(?:fatal|panic)"
)
"""Lines by which programs say what ended them; the last one of a log counts."""

WEAK = re.compile(
    r"\b(?:fatal|panic|critical|errors?|exceptions?|failed|failure|cannot|can't|could not|unable|refused|denied|invalid"
    r"|missing|not found|aborting|ERR)\b",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"\b(?:warn(?:ing)?|info|debug|trace|notice)\b|\bdefault(?:s|ing)?\b|\bfall(?:ing)? ?back|\boptional\b"
    r"|\b(?:skipping|ignoring|ignored|retrying|deprecated)\b",
    re.IGNORECASE,
)
"""Lines a program goes on after."""

_CHAINED = ("During handling of the above exception", "direct cause of the following exception", "Caused by")

_UPPER = r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+"
_OPEN, _CLOSE = r"(?:process\.env\.|\$\{?|[\"'`(])*", r"[\"'`})]*"
_NAME = rf"(?<![\w.]){_OPEN}(?P<name>{_UPPER}){_CLOSE}"
_WORD = rf"{_OPEN}(?P<name>[A-Z][A-Z0-9_]{{2,}}){_CLOSE}"
_NEGATED = (
    r"(?i:(?:(?:is|was|are) )?(?:not (?:set|defined|found|provided|specified|configured|present|given)|unset|undefined"
    r"|missing|required|empty|mandatory|needed|null\b|none\b|nil\b)"
    r"|(?:must|has to|needs to|should) be (?:set|provided|specified|defined|configured|given|non-?empty)"
    r"|(?:must not|cannot|can not|can't) be (?:empty|null|blank|unset))"
)
_VARIABLE = (
    r"(?i:environment variables?|env(?:ironment)?[ .-]?vars?|envvar|env|config(?:uration)?(?: key| value)?|settings?)"
)

MISSING = (
    re.compile(r"^KeyError: '(?P<name>[A-Z][A-Z0-9_]+)'", re.MULTILINE),
    re.compile(r"^(?P<name>[A-Za-z_][\w.]*)\s*\n\s+(?:Field|field) required", re.MULTILINE),
    re.compile(r"required key (?P<name>\w+) missing value"),
    re.compile(r"(?:^|[\s:])(?P<name>[A-Za-z_]\w*): (?:parameter (?:null or )?not set|unbound variable)", re.MULTILINE),
    re.compile(r"Could not resolve placeholder '(?P<name>[\w.-]+)'"),
    re.compile(r"key not found: \"(?P<name>[A-Z][A-Z0-9_]+)\""),
    re.compile(r"specify one of the following[^\n]*\n(?:[^\n]*\n)?\s*-?\s*(?P<name>[A-Z][A-Z0-9_]+)"),
    re.compile(r"\"path\": \[\s*\"(?P<name>[A-Z][A-Z0-9_]+)\"\s*\],\s*\"message\": \"(?:Required|Invalid input)"),
    re.compile(r"\b(?P<name>[A-Z][A-Z0-9_]+): \[\s*['\"](?:Required|Invalid input)"),
    re.compile(rf"{_VARIABLE}[:\s]+{_WORD}:?\s+{_NEGATED}"),
    re.compile(rf"(?<![\w.]){_WORD}:?\s+{_VARIABLE} {_NEGATED}"),
    re.compile(rf"(?i:missing|required|undefined|unset)(?i: required| mandatory)? {_VARIABLE}[:\s]+{_WORD}"),
    re.compile(rf"{_VARIABLE} not (?:found|set|defined|provided): {_WORD}"),
    re.compile(rf"(?i:set|provide|define|specify)(?i: the)? {_WORD} {_VARIABLE}"),
    re.compile(rf"(?i:set|provide|define|specify)(?i: the)? {_VARIABLE} {_WORD}"),
    re.compile(rf"{_NAME}:?\s+{_NEGATED}"),
    re.compile(rf"(?i:missing|required|undefined|unset)(?i: required| mandatory)?:? {_NAME}"),
    re.compile(rf"(?i:must|need to|have to|please) (?i:set|provide|define|specify)(?i: the)? {_NAME}"),
)
"""How programs say that a setting is missing; `name` is the setting's."""

_PATH = r"/[\w./-]+\.(?:ya?ml|json|toml|conf|cfg|ini|properties|env|xml|crt|pem|key)"
_NO_FILE = r"(?:[Nn]o such file or directory|ENOENT|[Cc]annot find|[Nn]ot found|does not exist)"
_FILE = re.compile(
    rf"{_NO_FILE}[^\n]*?(?P<path>{_PATH})|(?P<early>{_PATH})[^\n]*?{_NO_FILE}"
    rf"|(?:[Cc]ould not open|[Cc]an(?:no|')t open)[^\n]*?(?P<opened>{_PATH})"
)


def telling_line(log: str) -> str:
    """Return the line of a log that says most about why it ends, "" for an empty log."""
    lines = _lines(log)
    return failing_line(log) or (_said(lines[-1]) if lines else "")


def last_words(log: str) -> list[str]:
    """Return the lines that may say why a program ended, or does not serve.

    From its last error on, with those this one grew out of; without an error the last few. What came before was gone
    on after: a first connection refused and retried does not end a program that ends with a bug.
    """
    lines = _lines(log)
    strong = _last_strong(lines)
    if strong is None:
        return lines[-WORDS:]
    above = lines[max(0, strong - CHAIN) : strong + 1]
    chained = any(mark in line for line in above for mark in _CHAINED)
    return lines[max(0, strong - CHAIN) if chained else _beginning(lines, strong) :]


def _beginning(lines: Sequence[str], strong: int) -> int:
    """Return where the complaint of an error begins: with the few lines right above it that are no ordinary ones."""
    start = strong
    while start > max(0, strong - BESIDE) and not _HARMLESS.search(lines[start - 1]):
        start -= 1
    return start


def failing_line(log: str) -> str:
    """Return the line of a log that says what failed, "" where none does."""
    lines = _lines(log)
    strong = _last_strong(lines)
    if strong is not None:
        return _whole(lines, strong)
    failing = [line for line in lines if WEAK.search(line) and not _HARMLESS.search(line)]
    return _said(failing[-1]) if failing else ""


def missing_settings(log: str) -> Iterator[tuple[str, str]]:
    """Yield (name, line) of every setting the log's end calls missing, the surest wording first.

    What the program went on after is left out: a warning, or a line before the error that ended it.
    """
    lines = _lines(log)
    text, strong = "\n".join(lines), _last_strong(lines)
    for pattern in MISSING:
        for found in pattern.finditer(text):
            place = text.count("\n", 0, found.start("name"))
            if not _HARMLESS.search(lines[place]) and _ends_it(lines, place, strong):
                yield found["name"], lines[place].strip()


def missing_file(log: str) -> tuple[str, str] | None:
    """Return (path, line) of the configuration file the log does not find, None when it names none."""
    lines = _lines(log)
    strong = _last_strong(lines)
    for place in range(len(lines) - 1, -1, -1):
        found = _FILE.search(lines[place])
        if found and not _HARMLESS.search(lines[place]) and _ends_it(lines, place, strong):
            return found["path"] or found["early"] or found["opened"], lines[place].strip()
    return None


def _lines(log: str) -> list[str]:
    """Return the lines of a log's end that say something, without colours and time stamps."""
    lines = (_PREFIX.sub("", _COLOUR.sub("", line)).rstrip() for line in readable(log).splitlines()[-LINES:])
    return [line[:2000] for line in lines if line.strip()]


def _last_strong(lines: Sequence[str]) -> int | None:
    return next((place for place in range(len(lines) - 1, -1, -1) if STRONG.search(lines[place])), None)


def _ends_it(lines: Sequence[str], place: int, strong: int | None) -> bool:
    """Return whether a line may be why the program ended: no other error comes after it, or one that grew out of it."""
    if strong is None or place >= strong:
        return True
    return any(mark in line for line in lines[place : strong + 1] for mark in _CHAINED)


def _whole(lines: Sequence[str], place: int) -> str:
    """Return a line with the one below it where the first only announces it, as Rust's panics do."""
    line = lines[place].strip()
    if line.endswith(":") and "panicked" in line and place + 1 < len(lines):
        return f"{line} {lines[place + 1].strip()}"
    return line


def _said(line: str) -> str:
    """Return what a line says: of a JSON log its message and error."""
    line = line.strip()
    if not line.startswith("{"):
        return line
    try:
        record = json.loads(line)
    except ValueError:
        return line
    texts = [str(record[key]) for key in ("msg", "message", "error", "err") if isinstance(record.get(key), str)]
    return ": ".join(dict.fromkeys(texts)) or line
