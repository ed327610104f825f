"""Which hosts a command line asks for: the arguments of known clients read as those programs read them.

In `pg_isready -U postgres -h db` only `db` is a host; a tool's other options, values and words are none. Of programs
nobody knows, only what has the form of a place counts (`tcp://db:5432`, `db:5432`, `--db-host db`).
Sources: the manual pages of the tools named.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.kube.places import Place


@dataclass(frozen=True, slots=True)
class Tool:
    """How one program reads its arguments."""

    host: frozenset[str] = frozenset()
    """Options whose value is a host, a `host:port`, a URL, or a list of them."""
    dsn: frozenset[str] = frozenset()
    """Options whose value may be a URL or `host=db port=5432`, and is the name of a database else."""
    port: frozenset[str] = frozenset()
    """Options whose value is the port."""
    valued: frozenset[str] = frozenset()
    """Other options that take a value."""
    words: str = ""
    """What its plain words are: `host port`, `places` (URLs or `host:port`), `hosts`, "" for something else."""
    skip: int = 0
    """How many plain words come before these."""
    attached: frozenset[str] = frozenset()
    """Options whose value is only ever attached (`-psecret`)."""

    @property
    def known(self) -> frozenset[str]:
        """Return every option that takes a value."""
        return self.host | self.dsn | self.port | self.valued


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_POSTGRES = Tool(
    _set("-h --host"),
    _set("-d --dbname"),
    _set("-p --port"),
    _set("-U --username -t --timeout -c --command -f --file -v --set -o --output -F -P -R -T -L --log-file"),
    "urls",
)
_MYSQL = Tool(
    _set("-h --host"),
    port=_set("-P --port"),
    valued=_set("-u --user -D --database -e --execute -S --socket --protocol --connect-timeout --connect_timeout"),
    attached=_set("-p --password"),
)
_URLS = Tool(
    _set("--url"),
    valued=_set(
        "-o --output -O --output-document -X --request -H --header -d --data --data-raw --data-binary -m --max-time "
        "--connect-timeout -u --user --retry --retry-delay --retry-max-time -w --write-out -A --user-agent -e -b -c "
        "-F --form -T --timeout -t --tries -P -U -E --cert --cacert --key -K --config -x --proxy --resolve --interface"
    ),
    words="places",
)
_NETCAT = Tool(valued=_set("-w -i -p -s -q -x -X -G -e -c -I -O -T -V"), words="host port")
_WAIT_FOR = Tool(_set("-h --host"), port=_set("-p --port"), valued=_set("-t --timeout"), words="places")
_KAFKA = Tool(_set("--bootstrap-server --zookeeper --broker-list"), valued=_set("--topic --command-config"))

TOOLS: dict[str, Tool] = {
    **dict.fromkeys(("pg_isready", "psql", "pg_dump", "pg_restore", "createdb", "pg_basebackup"), _POSTGRES),
    **dict.fromkeys(("mysql", "mysqladmin", "mysqldump", "mariadb", "mariadb-admin", "mysqlshow"), _MYSQL),
    **dict.fromkeys(("curl", "wget"), _URLS),
    **dict.fromkeys(("nc", "ncat", "netcat"), _NETCAT),
    **dict.fromkeys(("wait-for-it", "wait-for-it.sh", "wait-for", "wait-for.sh"), _WAIT_FOR),
    **dict.fromkeys(("kafka-topics", "kafka-topics.sh", "kafka-broker-api-versions.sh"), _KAFKA),
    "redis-cli": Tool(_set("-h -u"), port=_set("-p"), valued=_set("-a -n --user --pass -i -r -t -s")),
    "mongosh": Tool(
        _set("--host"), port=_set("--port"), valued=_set("-u -p --username --password --eval --file -f"), words="places"
    ),
    "mongo": Tool(
        _set("--host"), port=_set("--port"), valued=_set("-u -p --username --password --eval"), words="places"
    ),
    "telnet": Tool(words="host port"),
    "cqlsh": Tool(valued=_set("-u -p -k -f -e --request-timeout --connect-timeout"), words="host port"),
    "nslookup": Tool(words="hosts"),
    "host": Tool(valued=_set("-t -W -R -c"), words="hosts"),
    "dig": Tool(valued=_set("-t -p -b -c -f -k -y"), words="hosts"),
    "ping": Tool(valued=_set("-c -w -W -i -s -I -t -M -Q"), words="hosts"),
    "getent": Tool(words="hosts", skip=1),
    "dockerize": Tool(_set("-wait"), valued=_set("-timeout -wait-retry-interval -template -stdout -stderr")),
    "etcdctl": Tool(_set("--endpoints"), valued=_set("--cacert --cert --key --user --dial-timeout")),
    "clickhouse-client": Tool(
        _set("-h --host"), port=_set("--port"), valued=_set("-u --user --password -q --query -d")
    ),
    "grpc_health_probe": Tool(_set("-addr --addr"), valued=_set("-service -connect-timeout -rpc-timeout")),
}
"""Program to how it reads its arguments."""

_SHELLS = ("sh", "bash", "ash", "dash", "zsh", "busybox")
_BEFORE = ("until", "while", "if", "elif", "do", "then", "else", "!", "{", "(", "exec", "time", "sudo", "env", "nohup")
_TIMEOUT = re.compile(r"-?[\d.]+[smhd]?")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_HOST = r"[a-z0-9](?:[-a-z0-9_]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*"
_PLACE = re.compile(
    rf"(?:(?P<scheme>[a-z][a-z0-9+.]*)://)?(?:[^@/\s]*@)?(?P<host>{_HOST})(?::(?P<port>\d{{1,5}}))?(?:[/?].*)?",
    re.IGNORECASE,
)
_DEVICE = re.compile(rf"/dev/tcp/(?P<host>{_HOST})/(?P<port>\d+)", re.IGNORECASE)
_HOLDS_PLACE = re.compile(
    r"(?:host|hostname|addr|address|url|uri|server|endpoint|upstream|broker|dsn|backend|bootstrap)s?$", re.IGNORECASE
)
_CONNINFO = re.compile(rf"\bhost=(?P<host>{_HOST})(?:.*\bport=(?P<port>\d+))?")


def places(words: Sequence[str]) -> Iterator[Place]:
    """Yield the hosts that a container's command and arguments ask for."""
    for command in _commands(words):
        for word in command:
            for found in _DEVICE.finditer(word):
                yield Place(found["host"], int(found["port"]))
        name = command[0].rsplit("/", 1)[-1]
        yield from _of_tool(TOOLS[name], command[1:]) if name in TOOLS else _of_program(command[1:])


def _commands(words: Sequence[str]) -> Iterator[list[str]]:
    """Yield the simple commands of a command line, those of a shell's script where it runs one."""
    for command in _stripped([list(words)]):
        if not _is_shell(command):
            yield command
            continue
        script = next((word for word in command[1:] if not word.startswith("-")), "")
        for line in script.replace("\\\n", " ").splitlines():
            for inner in _split(line):
                yield from _commands(inner)


def _is_shell(words: Sequence[str]) -> bool:
    return words[0].rsplit("/", 1)[-1] in _SHELLS and any(
        word.startswith("-") and word.endswith("c") for word in words[1:3]
    )


def _split(line: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(line.replace("$(", " ; ").replace("`", " ; "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    commands: list[list[str]] = [[]]
    try:
        for token in lexer:
            if set(token) <= set(";&|()<>{}"):
                commands.append([])
            else:
                commands[-1].append(token)
    except ValueError:
        return  # an unclosed quote: the text goes on in another line
    yield from filter(None, commands)


def _stripped(commands: Sequence[list[str]]) -> Iterator[list[str]]:
    """Yield commands without what stands before their program: keywords, assignments, `timeout 5`."""
    for command in commands:
        rest = command
        while rest and (rest[0] in _BEFORE or _ASSIGNMENT.match(rest[0])):
            rest = rest[1:]
        while len(rest) > 1 and rest[0] == "timeout":
            rest = rest[1:]
            while len(rest) > 1 and (rest[0].startswith("-") or _TIMEOUT.fullmatch(rest[0])):
                rest = rest[1:]
        if rest:
            yield rest


def _of_tool(tool: Tool, words: Sequence[str]) -> Iterator[Place]:
    given: dict[str, list[str]] = {"host": [], "dsn": [], "port": []}
    plain = list(_plain(tool, words, given))[tool.skip :]
    port = next((int(value) for value in given["port"] if value.isdigit()), None)
    for kind in ("host", "dsn"):
        for found in (found for value in given[kind] for found in _written(value, bare=kind == "host")):
            yield Place(found.host, found.port if found.port is not None else port)
    if tool.words == "host port":
        ports = [int(word) for word in plain[1:2] if word.isdigit()]
        yield from (
            Place(found.host, next(iter(ports), None)) for word in plain[:1] for found in _written(word, bare=True)
        )
    elif tool.words == "hosts":
        yield from (found for word in plain[:1] for found in _written(word, bare=True))
    elif tool.words:
        bare = tool is _URLS
        yield from (found for word in plain for found in _written(word, bare=bare))


def _plain(tool: Tool, words: Sequence[str], given: dict[str, list[str]]) -> Iterator[str]:
    """Yield the words that are no options, keeping the values of those that hold a host or port."""
    place = 0
    while place < len(words) and words[place] != "--":
        word, place = words[place], place + 1
        if not word.startswith("-") or word == "-":
            if not word.startswith(("@", "+")):
                yield word
            continue
        option, value = _option(tool, word)
        if value is None and option in tool.known and place < len(words):
            value, place = words[place], place + 1
        kind = "host" if option in tool.host else "dsn" if option in tool.dsn else "port" if option in tool.port else ""
        if value is not None and kind:
            given[kind].append(value)


def _option(tool: Tool, word: str) -> tuple[str, str | None]:
    """Return an option and the value attached to it, None where it has none: `-zw5` is `-w` with `5`."""
    name, equals, value = word.partition("=")
    if word.startswith("--") or name in tool.known:
        return name, value if equals else None
    for place, letter in enumerate(word[1:], 1):
        if f"-{letter}" in tool.known | tool.attached:
            return f"-{letter}", word[place + 1 :] or None
    return word, None


def _of_program(words: Sequence[str]) -> Iterator[Place]:
    """Yield the places among the arguments of a program nobody knows."""
    for place, word in enumerate(words):
        name, equals, value = word.partition("=")
        if word.startswith("-") and _HOLDS_PLACE.search(name):
            following = words[place + 1] if place + 1 < len(words) else "-"
            text = value if equals else "" if following.startswith("-") else following
            yield from _written(text, bare=True)
        elif word.startswith("-"):
            yield from _written(value, bare=False)
        else:
            yield from _written(word, bare=False)


def _written(text: str, *, bare: bool) -> Iterator[Place]:
    """Yield the places a text lists; a name alone is one only where `bare` says so."""
    conninfo = _CONNINFO.search(text)
    if conninfo:
        yield Place(conninfo["host"].lower(), int(conninfo["port"]) if conninfo["port"] else None)
        return
    for token in text.split(","):
        found = _PLACE.fullmatch(token.strip("\"'"))
        if found is None or found["host"].isdigit():
            continue
        if bare or found["scheme"] or found["port"] or ".svc" in found["host"]:
            yield Place(found["host"].lower(), int(found["port"]) if found["port"] else None)
