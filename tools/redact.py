"""Secrets never enter. Applied where data comes in: to every object of the API and to all that a process prints.

Text is masked by patterns (`redact`), parsed data by its keys and by those patterns (`redact_tree`), Kubernetes objects
by what each kind is known to carry (`tools.objects`). Structured output is parsed first and masked afterwards: patterns
run over raw JSON or YAML would break it.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

MASK = "***"

SECRET_NAME = re.compile(
    r"(?i)pass$|passw(or)?d|passphrase|secret|token|credential|connection_?string|encryption_?key|jwt|salt$"
    r"|(^|[_-])(dsn|auth|pwd)$|api_?key|[_-]key$|(access|account|private|signing|master|license)[_-]?key$|^key_"
)
"""Names of environment variables and values whose text is masked."""

REFERENCE_NAME = re.compile(
    r"(?i)^existing|(name|names|ref|refs|path|file|dir|mount|type|url|uri|host|port|namespace|class)$"
)
"""Names that only say where a secret is."""

_WORD = (
    r"(?<!existing)(?:passw(?:or)?d|passphrase|secret|token|credential|api[-_]?key|access[-_]?key|account[-_]?key|private[-_]?key"
    r"|(?:signing|encryption|master)[-_]?key|cookie|(?<![a-z])(?:pass|pwd)(?![a-z]))"
)
_PLACE = r"(?![\w.-]{0,60}?(?:names?|refs?|paths?|files?|dir|type|uri)\\*[\"']?[ \t]{0,9}[=:])"
_COLOUR = r"(?:\x1b\[[\d;]{0,12}m)*"
_KEY = rf"{_WORD}{_PLACE}[\w.-]{{0,60}}\\*[\"']?{_COLOUR}[ \t]{{0,9}}(?:=>|=|:(?!//)){_COLOUR}[ \t]{{0,9}}{_COLOUR}"
_QUOTED = r"(?P<q>\\*[\"'])(?:(?<!\\)(?P=q)(?P=q)|(?!(?<!\\)(?P=q)).)*+(?:(?P=q)|$)"
_BARE = r"(?!\\*[\"'*])(?:(?:bearer|basic|token)[ \t]+)?(?:[^\s,;&\"'\\{}\[\]()<>\x1b]|\\(?![\"']))+"
_PROSE = (
    r"(?!(?:unexpected|invalid|expired|not|no|missing|failed|failure|error|none|null|nil|true|false|undefined|denied"
    r"|unauthorized|required|must|cannot|could|unable|the|an?|is|are|was|has|rpc|context|dial|get|post|server|name"
    r"|[1-5]\d\d(?=[ ][A-Z][a-z]))"
    r"(?:[\s,.;:}\]]|$))"
)
"""What follows a colon in an error message (`failed to fetch token: unexpected status`) and is nobody's password."""

_WORDS = frozenset(("pass", "pwd", "secret", "token", "credential", "key", "cookie"))


class _Rule(NamedTuple):
    """One pattern; it is tried only on lines (lower case) that hold one of the needles."""

    needles: frozenset[str]
    pattern: re.Pattern[str]
    replacement: str


def _rule(needles: str, pattern: str, replacement: str = MASK, flags: re.RegexFlag = re.NOFLAG) -> _Rule:
    return _Rule(frozenset(needles.split()) or _WORDS, re.compile(pattern, flags), replacement)


_SPANNING = (
    _Rule(  # a Secret printed as YAML, and what else stands beside it
        frozenset(("kind: secret",)),
        re.compile(r"^((?:data|stringData):)[ \t]*(?:\{[^\n]*\n|\n(?:[ \t]+[^\n]*(?:\n|\Z)|[ \t]*\n)*)", re.MULTILINE),
        rf"\1 {MASK}\n",
    ),
    _Rule(  # and as JSON
        frozenset(('"kind":"secret"', '"kind": "secret"')),
        re.compile(r'("(?:data|stringData)"\s{0,9}:\s{0,9})\{[^{}]*\}?'),
        r"\1{}",
    ),
    _rule(
        "-----begin",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        r".*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
        flags=re.DOTALL,
    ),
    _rule(  # a block scalar: all lines that are indented deeper than their key
        "",
        rf"^([ \t]*+)([^\n]{{0,256}}?{_WORD}[\w.-]{{0,60}}[\"']?:[ \t]*[|>][-+\d]*[ \t]*\n)"
        r"(?:\1[ \t]+[^\n]*(?:\n|\Z)|[ \t]*\n)+",
        rf"\1\2\1  {MASK}\n",
        re.IGNORECASE | re.MULTILINE,
    ),
    _rule(  # an environment variable as Kubernetes writes it
        "",
        rf"(?P<k>name\\*[\"']?\s{{0,9}}[:=]\s{{0,9}}\\*[\"']?[\w.-]{{0,60}}?{_WORD}[\w.-]{{0,60}}\\*[\"']?\s{{0,99}},?"
        rf"\s{{0,99}}\\*[\"']?value\\*[\"']?\s{{0,9}}[:=][ \t]{{0,9}})(?:\\*\"(?:\\.|[^\"\\])*\\*\"?|[^\s,}}]+)",
        rf'\g<k>"{MASK}"',
        re.IGNORECASE,
    ),
)
"""Tried on the whole text."""

_LINE = (
    _rule(
        "bearer",
        r"\b(bearer)\s+(?!realm=|authenti|authori|error)[\w.~+/=:-]{6,}",
        rf"\1 {MASK}",
        re.IGNORECASE,
    ),
    _rule("basic", r"\b([Bb]asic|BASIC)\s+(?![Aa]uth)(?=\S*[0-9=]|\S+[A-Z])[A-Za-z0-9+/=_-]{8,}", rf"\1 {MASK}"),
    _rule("eyj", r"(?:(?<![\w-])|(?<=%[0-9A-Fa-f]{2}))eyJ[\w-]{5,}+\.[\w-]{5,}+(?:\.[\w-]*+)?"),
    _rule("akia asia", r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"),
    _rule(
        "ghp_ gho_ ghs_ ghu_ ghr_ github_pat_ glpat- npm_ xox sk- sk_ rk_ aiza hf_ pypi-",
        r"(?<![A-Za-z0-9])(?:gh[opsur]_|github_pat_|glpat-|npm_|xox[abeprs]-|[sr]k[-_]|AIza|hf_|pypi-)[\w-]{16,}+",
    ),
    _rule("@", r"(://[^/\s:@\"'<>]{0,256}:)(?!\d{1,5}(?:/|\s|$))[^\s\"'<>]{1,512}@", rf"\1{MASK}@"),
    _rule("", rf"((?<![\w-])--[\w-]{{0,40}}?{_WORD}[\w-]{{0,40}}[ \t]+)(?!-)[^\s\"']+", rf"\1{MASK}", re.IGNORECASE),
    _rule("-u", r"((?:^|\s)(?:-u ?|--user[= ])[\w.@-]{1,100}:)[^\s\"']+", rf"\1{MASK}"),
    _rule("", rf"(<[\w:.-]{{0,40}}?{_WORD}[\w:.-]{{0,40}}>)[^<]+", rf"\1{MASK}", re.IGNORECASE),
    _rule(
        "authorization",
        r"(authorization\\*[\"']?\s{0,9}[:=]\s{0,9}\\*[\"']?)(?!bearer|basic)(?:[\w-]+ )?(?=\S*\d)[\w.~+/=:-]{8,}",
        rf"\1{MASK}",
        re.IGNORECASE,
    ),
    _rule("", rf"(?P<k>{_KEY}){_QUOTED}", rf"\g<k>\g<q>{MASK}\g<q>", re.IGNORECASE),
    _rule("", rf"(?P<k>{_KEY}){_PROSE}{_BARE}", rf"\g<k>{MASK}", re.IGNORECASE),
)
"""Tried line by line."""

_NEEDLES = tuple(sorted(frozenset[str]().union(*(rule.needles for rule in (*_SPANNING, *_LINE)))))


def redact(text: str) -> str:
    """Return the text with everything that looks like a credential masked. Linear in its length, also for hostile text.

    Needles are looked for first, in the whole text and then in each line: an ordinary log costs about 0.01 us a byte.
    """
    lowered = text.lower()
    hints = [needle for needle in _NEEDLES if needle in lowered]
    if not hints:
        return text
    for rule in _SPANNING:
        if not rule.needles.isdisjoint(hints):
            text = rule.pattern.sub(rule.replacement, text)
    return "\n".join([_redacted(line, hints) for line in text.split("\n")])


def _redacted(line: str, hints: Sequence[str]) -> str:
    lowered = line.lower()
    here = [needle for needle in hints if needle in lowered]
    if here:
        for rule in _LINE:
            if not rule.needles.isdisjoint(here):
                line = rule.pattern.sub(rule.replacement, line)
    return line


def redact_tree(value: Any) -> Any:
    """Return parsed data (JSON, YAML, chart values) with what looks like a credential masked, by key or by text."""
    if isinstance(value, dict):
        hidden = ("data", "stringData") if value.get("kind") == "Secret" else ()
        quiet = {key: _named(str(key), item) for key, item in value.items() if key not in hidden}
        return quiet | {"value": MASK} if is_secret_variable(value) else quiet
    if isinstance(value, list):
        return [redact_tree(item) for item in quiet_words(value)]
    return redact(value) if isinstance(value, str) else value


def _named(name: str, value: Any) -> Any:
    telling = isinstance(value, (str, int, float)) and not isinstance(value, bool) and is_secret_name(name)
    return MASK if telling and value != "" else redact_tree(value)


@lru_cache(4096)
def is_secret_name(name: str) -> bool:
    """Return whether a variable or value of that name holds a secret, and not merely the place of one."""
    return SECRET_NAME.search(name) is not None and REFERENCE_NAME.search(name) is None


def is_secret_variable(variable: Any) -> bool:
    """Return whether an environment variable's literal value must go."""
    if not isinstance(variable, dict):
        return False
    value = variable.get("value")
    return isinstance(value, str) and value not in ("", MASK) and holds_secret(str(variable.get("name")), value)


def holds_secret(name: str, value: str) -> bool:
    """Return whether a text holds a secret: by the name it goes under, or by what it looks like."""
    return is_secret_name(name) or redact(value) != value


def quiet_words(words: Sequence[Any]) -> list[Any]:
    """Return a command's words with the one behind a secret's flag masked."""
    return [MASK if index and _is_flag(words[index - 1]) else word for index, word in enumerate(words)]


def _is_flag(word: object) -> bool:
    return isinstance(word, str) and word.startswith("-") and "=" not in word and is_secret_name(word)
