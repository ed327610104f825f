"""Hosts and ports as texts name them: in the lines of logs, where numbers and words stand that are neither."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

HOST = r"[A-Za-z0-9](?:[-A-Za-z0-9_]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[-A-Za-z0-9_]*[A-Za-z0-9])?)*"

LONGEST = 1000
"""Characters of a line in which hosts are looked for."""


@dataclass(frozen=True, slots=True)
class Place:
    """A host; `port` is None where nothing says it."""

    host: str
    port: int | None = None

    def __str__(self) -> str:
        """`db:5432`, `db`."""
        return self.host if self.port is None else f"{self.host}:{self.port}"


_SERVER = re.compile(r" (?:on|by|at) (?:\d+\.){3}\d+:53\b|\b(?:read|write) (?:udp|tcp) \S+->\S+")
"""The name server a resolver asked: not what the program wanted to talk to."""

_TIME = re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?[.,\d]*(?:Z|[+-]\d\d:?\d\d)?|\b\d\d?:\d\d:\d\d[.,\d]*")
_SOURCE = re.compile(
    r"(?<![\w./@-])[\w./@-]+\.(?:go|py|js|mjs|cjs|ts|jsx|tsx|rb|rs|java|kt|scala|php|cs|c|cc|cpp|h|ex|exs|erl|conf|cfg|ya?ml"
    r"|json"
    r"|toml|ini|lua|pl|so|jar|sql):\d+(?::\d+)?"
)
"""A place in a file."""

_ASKED = re.compile(
    rf"(?:\blookup |ENOTFOUND |EAI_AGAIN |UnknownHostException: |(?:[Cc]ould not|[Cc]ouldn't|[Cc]annot|[Cc]an't"
    rf"|[Ff]ailed"
    rf" to|[Uu]nable to) (?:resolve|translate)(?: the)?(?: host ?name| host| server| address)?:? ?"
    rf"|host not found(?: in (?:upstream|resolver))?:? |[Uu]nknown (?:MySQL server )?host:? |bad address "
    rf"|getaddrinfo(?:: | for )|name resolution (?:failed|failure) (?:for|of) |DNS resolution failed for "
    rf"|resolving (?:host )?"
    rf"|[Nn]o such host(?: is known)?\.?:? \(?|[Nn]ame or service not known:? \(?|nodename nor servname[^(]*\(?)"
    rf"[\"'`]?(?P<host>{HOST})(?::(?P<port>\d{{2,5}}))?(?![\w/])"
)
_AFTER = re.compile(
    rf"(?<![\w.-])(?P<host>{HOST}):(?: nodename nor servname| Name or service not known| Temporary failure)"
)
_FORMS = (
    re.compile(rf"(?<![\w./-])(?P<host>{HOST}\.svc(?:\.[\w.-]*\w)?)(?::(?P<port>\d{{2,5}}))?(?![\w.-])"),
    re.compile(rf"(?<![a-z0-9+.])[a-z][a-z0-9+.]*://(?:[^@/\s\"']*@)?(?P<host>{HOST})(?::(?P<port>\d{{2,5}}))?"),
    re.compile(
        rf"\b(?:host(?:name)?|server at|server)[ =:]{{1,2}}[\"'`]?(?P<host>{HOST})[\"'`]?"
        rf"(?: \([^)]*\))?,? port[ =:]{{1,2}}(?P<port>\d{{2,5}})"
    ),
    re.compile(rf"\('(?P<host>{HOST})', (?P<port>\d{{2,5}})"),
    re.compile(
        rf"\b(?:[Cc]onnect(?:ing|ion)?|[Cc]onnected) to (?:host )?[\"'`]?(?P<host>{HOST})[\"'`]? port (?P<port>\d+)"
    ),
    re.compile(rf"(?<![\w./-])(?P<host>{HOST})(?:/<unresolved>|/\d[\d.]+)?:(?P<port>\d{{2,5}})(?![\w.:]*\d:|[\w])"),
    re.compile(rf"\bhost(?:name)?(?:=|: ?| (?=[\"'`]))[\"'`]?(?P<host>{HOST})[\"'`]?"),
    re.compile(
        rf"(?:server (?:at|on)|connect(?:ing|ion)? to(?: remote)? (?:host|server)"
        rf"|[Cc]an't connect to MySQL server on|remote host"
        rf"|[Cc]onnect(?:ing|ion)? to|reach)(?: at)?:? [\"'`(]+(?P<host>{HOST})[\"'`)]"
    ),
    re.compile(r"(?<![\w.:-])(?P<host>(?:\d{1,3}\.){3}\d{1,3})(?![\w.-])"),
)
_WORDS = re.compile(
    r"^(?:\d+|status|code|line|error|errno|exit|port|pid|id|at|version|thread|time|took|attempt|tcp|udp|sha256|row"
    r"|column"
    r"|level|the|a|an|to|for|is|of|name|failed|unix|null|none|localtime)$",
    re.IGNORECASE,
)


def asked_name(line: str) -> str:
    """Return the host name a resolver's complaint is about, lower case, "" where the line names none."""
    asked = _asked(line)
    return asked.host if asked is not None else ""


def places_in(line: str) -> Iterator[Place]:
    """Yield the hosts a log line speaks of, as such: in a URL, before a port, after `host`, as an address."""
    text = _SOURCE.sub(" ", _TIME.sub(" ", _SERVER.sub(" ", line[:LONGEST])))
    asked = _asked(line)
    seen = {asked.host} if asked is not None else set()
    if asked is not None:
        yield asked
    for pattern in _FORMS:
        for found in pattern.finditer(text):
            host, port = found["host"].lower(), found.groupdict().get("port")
            if not _WORDS.match(host) and host not in seen:
                seen.add(host)
                yield Place(host, int(port) if port else None)


def _asked(line: str) -> Place | None:
    for pattern in (_ASKED, _AFTER):
        for found in pattern.finditer(_SOURCE.sub(" ", _SERVER.sub(" ", line[:LONGEST]))):
            host, port = found["host"].lower().rstrip("."), found.groupdict().get("port")
            if not _WORDS.match(host) and not _is_address(host):
                return Place(host, int(port) if port else None)
    return None


def _is_address(host: str) -> bool:
    return host.replace(".", "").isdigit()
