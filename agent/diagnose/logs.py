"""What a log says about an end: the line worth reading, and the setting it misses."""

import re
from collections.abc import Iterator

TELLING = (
    re.compile(r"^(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Warning|Fault)\b.*$"),  # Python's last line
    re.compile(r"^\s*(?:Caused by|Exception in thread)\b.*$"),
    re.compile(r"^(?:panic|fatal error|fatal|FATAL)\b.*$"),
    re.compile(r"^(?:Uncaught |Unhandled )?[\w.]*(?:Error|Exception): .*$"),
    re.compile(r"(?i)\b(?:fatal|panic|critical|error|exception|failed|cannot|could not|refused|denied)\b"),
)
"""Sorts of lines that name a cause, the plainest first; of one sort the last line of the log counts."""

_PREFIX = re.compile(r"^\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?\s+")
NO_LOG = "unable to retrieve container logs for "
"""What the kubelet answers in place of a log it has thrown away; recorded by tools that took it for one."""

LINES = 200

_NAME = r"[\"'`]?(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z]{4,})[\"'`]?"
_ABSENT = (
    r"(?:not set|unset|not defined|undefined|missing|required|must be set|not provided|not specified|empty|not found"
    r"|not configured|mandatory|needed)"
)
_VARIABLE = (
    r"(?:environment variables?|env(?:ironment)? ?vars?|env|variables?|config(?:uration)?(?: key| value)?|settings?)"
)

MISSING = (
    re.compile(r"^KeyError: '(?P<name>[A-Z][A-Z0-9_]+)'", re.MULTILINE),
    re.compile(r"^(?P<name>[A-Za-z_][\w.]*)\s*\n\s+(?:Field required|field required)", re.MULTILINE),
    re.compile(r"required key (?P<name>\w+) missing value"),
    re.compile(r"(?P<name>\w+): (?:parameter (?:null or )?not set|unbound variable)"),
    re.compile(r"Could not resolve placeholder '(?P<name>[\w.-]+)'"),
    re.compile(r"specify one of the following[^\n]*\n(?:[^\n]*\n)?\s*-?\s*(?P<name>[A-Z][A-Z0-9_]+)"),
    re.compile(r"[Yy]ou must specify (?P<name>[A-Z][A-Z0-9_]+)"),
    re.compile(rf"(?i:{_VARIABLE})[:\s]+{_NAME}\s*(?i:is |was |are |has |must be )?(?i:{_ABSENT})"),
    re.compile(rf"{_NAME}:?\s+(?i:{_VARIABLE}\s+)?(?i:is |was |are |has to be |must be )?(?i:{_ABSENT})"),
    re.compile(rf"(?i:missing|required|undefined|unset|no)(?i: required| mandatory)?(?i: {_VARIABLE})?[:\s]+{_NAME}"),
    re.compile(rf"(?i:set|provide|define|specify)(?i: the)?(?i: {_VARIABLE})? {_NAME}"),
)
"""How programs say that a setting is missing; `name` is the setting's."""

NO_SETTINGS = {
    "ERROR",
    "FATAL",
    "WARNING",
    "DEBUG",
    "INFO",
    "PANIC",
    "CRITICAL",
    "TRACE",
    "HTTP",
    "HTTPS",
    "JSON",
    "YAML",
}

_FILE = re.compile(
    r"(?:[Nn]o such file or directory|ENOENT|cannot find|[Nn]ot found|does not exist|could not open|cannot open|open)"
    r"[^\n]*?(?P<path>/[\w./-]+\.(?:ya?ml|json|toml|conf|cfg|ini|properties|env|xml|crt|pem|key))"
    r"|(?P<early>/[\w./-]+\.(?:ya?ml|json|toml|conf|cfg|ini|properties|env|xml|crt|pem|key))"
    r"[^\n]*?(?:[Nn]o such file or directory|[Nn]ot found|does not exist)"
)


def telling_line(log: str) -> str:
    """Return the line of a log that says most about why it ends, "" for an empty log."""
    lines = [_PREFIX.sub("", line).rstrip() for line in log.splitlines()[-LINES:]]
    lines = [line for line in lines if line.strip() and not line.startswith(NO_LOG)]
    for pattern in TELLING:
        found = next((line for line in reversed(lines) if pattern.search(line)), None)
        if found is not None:
            return found.strip()
    return lines[-1].strip() if lines else ""


def missing_settings(log: str) -> Iterator[tuple[str, str]]:
    """Yield (name, line) of every setting the log calls missing, the surest wording first."""
    tail = "\n".join(_PREFIX.sub("", line) for line in log.splitlines()[-LINES:])
    for pattern in MISSING:
        for found in pattern.finditer(tail):
            name = found["name"]
            if name not in NO_SETTINGS:
                yield name, _line_at(tail, found.start("name"))


def missing_file(log: str) -> tuple[str, str] | None:
    """Return (path, line) of the configuration file the log does not find, None when it names none."""
    tail = "\n".join(log.splitlines()[-LINES:])
    found = _FILE.search(tail)
    if found is None:
        return None
    group = "path" if found["path"] else "early"
    return found[group], _line_at(tail, found.start(group))


def _line_at(text: str, position: int) -> str:
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    return text[start : end if end >= 0 else len(text)].strip()
