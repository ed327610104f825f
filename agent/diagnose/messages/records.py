"""One line of a log: what it says and how grave it calls that, in JSON, logfmt, klog and the usual plain forms."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

FATAL, ERROR, HARMLESS = "fatal", "error", "harmless"

_LEVELS = {
    **dict.fromkeys(
        ("fatal", "panic", "critical", "crit", "alert", "emerg", "emergency", "dpanic", "f", "ftl", "pnc"), FATAL
    ),
    **dict.fromkeys(("error", "err", "severe", "e", "fail", "failed"), ERROR),
    **dict.fromkeys(
        (
            "warn",
            "warning",
            "info",
            "information",
            "notice",
            "debug",
            "trace",
            "verbose",
            "fine",
            "w",
            "i",
            "d",
            "log",
            "wrn",
            "inf",
            "dbg",
            "trc",
        ),
        HARMLESS,
    ),
}
_NUMBERS = ((60, FATAL), (50, ERROR), (0, HARMLESS))
"""pino's and bunyan's levels."""

_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_PREFIX = re.compile(
    r"^\[?\d{4}[-/]\d\d[-/]\d\d[T ][\d:.,]+(?:\s?(?:Z|UTC|GMT|[A-Z]{3,4}\b|[+-]\d\d:?\d\d))?\]?\s+(?:\[\d+\]\s+)?"
)
_PLAIN = re.compile(
    r"^(?:\S+ +){0,3}?[\[<(|]*(?P<level>FATAL|PANIC|CRITICAL|CRIT|ALERT|EMERG|SEVERE|ERROR|ERR|WARN(?:ING)?|INFO"
    r"|NOTICE|DEBUG"
    r"|TRACE|LOG|FTL|PNC|WRN|INF|DBG|TRC|fatal|panic|critical|error|warn(?:ing)?|info|notice|debug|trace)[\]>)"
    r"|:/ \t,]"
)
_KLOG = re.compile(r"^(?P<level>[FEWID])\d{4} [\d:.]+\s+\d+ \S+?:\d+\] ?")
_PAIR = re.compile(r"(?P<key>[A-Za-z_][\w.@-]*)=(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<bare>\S*))")
_TAIL = re.compile(r"\t(?P<json>\{.*\})\s*$")

LEVEL_KEYS = ("level", "lvl", "severity", "log.level", "levelname", "@l", "s", "loglevel", "log_level", "severity_text")
MESSAGE_KEYS = (
    "msg",
    "message",
    "log",
    "event",
    "text",
    "@m",
    "@mt",
    "MESSAGE",
    "short_message",
    "textPayload",
    "Message",
)
ERROR_KEYS = (
    *("error", "err", "exception", "cause", "errorMessage", "error_message", "errmsg", "error.message", "reason"),
    *("detail", "details", "thrown", "exc_info", "@x", "stack", "stacktrace", "stack_trace", "error.stack_trace"),
    *("errorVerbose", "Exception", "attr", "fields", "data", "context", "errors"),
)
_STACKS = ("stack", "stacktrace", "stack_trace", "error.stack_trace", "errorVerbose", "exc_info", "@x", "Exception")
_FRAME = re.compile(r"^\s+at |^\s*File \"|^\s*\.\.\. \d+|^\t|^goroutine |^[\w./]+\.\(?\*?\w+\)?\.?\w*\(?\)?$")


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a log."""

    text: str
    """What it says, without time stamps; of a structured line its message and its errors."""
    level: str = ""
    """`fatal`, `error` or `harmless`; "" where the line does not say."""


def plain(line: str) -> str:
    """Return a line without its colours."""
    return _COLOUR.sub("", line).rstrip()


def record(line: str) -> Record:
    """Return what one line of a log says."""
    line = plain(line)
    bare = _PREFIX.sub("", line)
    if bare.lstrip().startswith("{"):
        found = _json(bare.strip())
        if found is not None:
            return found
    klog = _KLOG.match(bare)
    if klog:
        return Record(bare[klog.end() :], _LEVELS[klog["level"].lower()])
    return _logfmt(bare) or _console(bare) or Record(bare, _plain_level(line, bare))


def _plain_level(line: str, bare: str) -> str:
    found = _PLAIN.match(f"{bare} ") or _PLAIN.match(f"{line} ")
    return _LEVELS[found["level"].lower()] if found else ""


def _json(line: str) -> Record | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    texts = list(dict.fromkeys(text.strip() for text in _texts(found) if text.strip()))
    told = [text for place, text in enumerate(texts) if not any(text in other for other in texts[:place])]
    return Record(": ".join(told) or line, _level(found))


def _level(found: Mapping[str, Any]) -> str:
    for key in LEVEL_KEYS:
        value = found.get(key)
        if isinstance(value, str) and value.lower() in _LEVELS:
            return _LEVELS[value.lower()]
        if isinstance(value, int) and not isinstance(value, bool):
            return next(level for least, level in _NUMBERS if value >= least or not least)
    nested = found.get("log")
    return _level(nested) if isinstance(nested, dict) else ""


def _texts(found: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    for key in MESSAGE_KEYS:
        if isinstance(found.get(key), str):
            yield found[key]
    for key in ERROR_KEYS:
        value = found.get(key)
        if isinstance(value, str):
            yield from _of_stack(value) if key in _STACKS or "\n" in value else (value,)
        elif isinstance(value, dict) and depth < 2:
            kind = value.get("type") or value.get("name") or value.get("class") or value.get("code")
            said = ": ".join(_texts(value, depth + 1))
            yield f"{kind}: {said}" if isinstance(kind, str) and said and kind not in said else said
        elif isinstance(value, list) and depth < 2:
            yield from (text for item in value[:3] if isinstance(item, dict) for text in _texts(item, depth + 1))


def _of_stack(text: str) -> Iterator[str]:
    """Yield what a trace says: its lines that are no frames."""
    yield from [line.strip() for line in text.splitlines() if line.strip() and not _FRAME.search(line)][:6]


def _logfmt(line: str) -> Record | None:
    """Return what a line of `key=value` pairs says, None for one that is none."""
    pairs = {found["key"].lower(): _unquoted(found) for found in _PAIR.finditer(line)}
    if not {"level", "lvl", "severity"} & set(pairs) or not {"msg", "message", "err", "error", "event"} & set(pairs):
        return None
    level = pairs.get("level") or pairs.get("lvl") or pairs.get("severity") or ""
    texts = [pairs[key] for key in ("msg", "message", "event", "err", "error", "reason", "cause") if pairs.get(key)]
    files = [f"(file {pairs[key]})" for key in ("file", "path") if pairs.get(key, "").startswith("/")]
    return Record(
        ": ".join(dict.fromkeys(texts)) + "".join(f" {text}" for text in files), _LEVELS.get(level.lower(), "")
    )


def _unquoted(found: re.Match[str]) -> str:
    quoted = found["quoted"]
    return (
        found["bare"] or ""
        if quoted is None
        else re.sub(r"\\(.)", lambda one: {"n": " ", "t": " "}.get(one[1], one[1]), quoted)
    )


def _console(line: str) -> Record | None:
    """Return what a tab-separated line with JSON at its end says, as zap's console encoder writes it."""
    tail = _TAIL.search(line)
    inner = _json(tail["json"]) if tail else None
    if tail is None or inner is None:
        return None
    parts = [part for part in line[: tail.start()].split("\t") if part]
    level = next((_LEVELS[part.lower()] for part in parts if part.lower() in _LEVELS), "")
    said = ": ".join(part for part in parts if part.lower() not in _LEVELS)
    return Record(f"{said}: {inner.text}" if inner.text != tail["json"] else said, level)
