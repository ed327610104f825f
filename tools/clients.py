"""Command lines of well-known clients, read as each client reads them: `-p` is mysql's password and docker run's port.

Taken from the clients' own manuals. Long options whose name tells (`--password PW`, `-storepass PW`) need no client:
`tools.redact` knows them by their name.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from tools.secret_names import MASK, is_secret_name, says_nothing

_NOWHERE: Mapping[str, int] = MappingProxyType({})


class Client(NamedTuple):
    """How one client takes secrets on its command line."""

    glued: tuple[str, ...] = ()
    """Short options whose value stands in the same word: `-pPW`."""
    apart: tuple[str, ...] = ()
    """Options whose value is the next word: `-a PW`."""
    pairs: tuple[str, ...] = ()
    """Options whose value, behind `=` or as the next word or glued to a short one, is `user:PW`."""
    between: str = ":"
    """What stands between the user and the password of such a pair."""
    within: str = ""
    """The command that takes secrets, where others of the client mean something else by the same option."""
    places: Mapping[str, int] = _NOWHERE
    """After which word the how manieth word that is no option is a secret: `vault login TOKEN`."""


def _named(names: str, client: Client) -> dict[str, Client]:
    return dict.fromkeys(names.split(), client)


CLIENTS: Mapping[str, Client] = {
    **_named(
        "mysql mysqldump mysqladmin mysqlimport mysqlcheck mysqlshow mysqlslap mysqlpump mysqlbinlog mysqlsh mariadb"
        " mariadb-dump mariadb-admin mariadb-check mariadb-import mariadb-backup mariabackup xtrabackup 7z 7za 7zr",
        Client(glued=("-p",)),
    ),
    **_named(
        "mongo mongosh mongodump mongorestore mongoexport mongoimport mongostat sshpass cqlsh rabbitmqadmin",
        Client(glued=("-p",), apart=("-p",)),
    ),
    "influx": Client(apart=("-p",)),
    **_named("redis-cli valkey-cli keydb-cli redis-benchmark", Client(apart=("-a", "--pass", "AUTH", "auth"))),
    "curl": Client(pairs=("-u", "--user", "-U", "--proxy-user"), apart=("-b", "--cookie", "--oauth2-bearer")),
    **_named("etcdctl ctr", Client(pairs=("--user", "-u"))),
    **_named("crictl buildah skopeo", Client(pairs=("--creds", "--src-creds", "--dest-creds"))),
    **_named(
        "docker podman nerdctl helm oc az oras crane regctl cf", Client(glued=("-p",), apart=("-p",), within="login")
    ),
    "openssl": Client(apart=("-k", "-K"), within="enc"),
    **_named("grafana-cli grafana", Client(places={"reset-admin-password": 1})),
    "vault": Client(places={"login": 1, "unseal": 1}),
    "mc": Client(places={"set": 4, "host": 5}),
    "rabbitmqctl": Client(places={"add_user": 2, "change_password": 2, "authenticate_user": 2}),
    "htpasswd": Client(
        places={"-b": 3, "-cb": 3, "-bc": 3, "-bB": 3, "-nb": 2, "-bn": 2, "-nbB": 2, "-bnB": 2, "-bnBC": 3}
    ),
    **_named("ldapsearch ldapadd ldapmodify ldapdelete ldapwhoami", Client(glued=("-w",), apart=("-w",))),
    **_named("sqlcmd bcp osql ipmitool mosquitto_pub mosquitto_sub zip unzip", Client(glued=("-P",), apart=("-P",))),
    **_named("snmpget snmpgetnext snmpwalk snmpbulkwalk snmpset snmptrap", Client(apart=("-A", "-X", "-c"))),
    **_named("smbclient rpcclient", Client(pairs=("-U", "--user"), between="%")),
    **_named("lftp ncftp", Client(pairs=("-u",), between=",")),
}
"""By the name of the program, as it stands last in its path."""

NEEDLES = " ".join(CLIENTS)

_CALL = re.compile(rf"(?<![\w.-])(?:{'|'.join(sorted(CLIENTS, key=len, reverse=True))})(?=\\*[\"']?[\s,\]])")
_LOGICAL = re.compile(r"((?<!\\)\n)")
_PIECE = re.compile(r"[\[,]?\\*\"[^\"\\]*\\*\"(?=[,\]])|(?:\"[^\"]*\"|'[^']*'|[^\s;|&])+")
_ENDS = re.compile(r"[;|&]")
_AROUND = "[](){}\"'\\,"


def quiet_script(text: str) -> str:
    """Return a text (a script, a log) with the secrets its commands hand to well-known clients masked."""
    if _CALL.search(text) is None:
        return text
    return "".join([_quiet_line(line) if _CALL.search(line) else line for line in _LOGICAL.split(text)])


def _quiet_line(line: str) -> str:
    made: list[str] = []
    reader, end = _Reader(), 0
    for piece in _PIECE.finditer(line):
        gap = line[end : piece.start()]
        reader = _Reader() if _ENDS.search(gap) else reader
        made += (gap, _quoted(piece[0]) or reader.read(piece[0]))
        end = piece.end()
    return "".join((*made, line[end:]))


def _quoted(piece: str) -> str:
    """Return a script that stands in quotes (`sh -c "mysql -pPW"`) as it may be shown, "" for any other piece."""
    quote, inner = piece[0], piece[1:-1]
    whole = quote in "\"'" and piece[-1] == quote and quote not in inner and _CALL.search(inner)
    return f"{quote}{_quiet_line(inner)}{quote}" if whole else ""


def quiet_words(words: Sequence[Any]) -> list[Any]:
    """Return a command's words with secrets masked: what stands behind a secret's flag, or is one to its client."""
    reader, made, flagged = _Reader(), list[Any](), False
    for word in words:
        telling = flagged and not (isinstance(word, str) and says_nothing(word))
        made.append(MASK if telling else reader.read(word) if isinstance(word, str) else word)
        flagged = _is_flag(word)
    return made


def _is_flag(word: object) -> bool:
    return (
        isinstance(word, str) and word.startswith("-") and "=" not in word and " " not in word and is_secret_name(word)
    )


class _Reader:
    """Reads the words of one command in their order."""

    def __init__(self) -> None:
        self._client = Client()
        self._within = False
        self._left = 0
        self._next = ""
        """What the next word is: "" anything, `all` a secret, else what parts user and secret in it."""

    def read(self, word: str) -> str:
        """Return a word as it may be shown; quotes and brackets around it do not count."""
        bare = word.strip(_AROUND)
        if not bare:
            return word
        lead, _, tail = word.partition(bare)
        return f"{lead}{self._read(bare)}{tail}"

    def _read(self, word: str) -> str:
        due, self._next = self._next, ""
        if due:
            return _masked(word) if due == "all" else _pair(word, due)
        found = CLIENTS.get(word.rpartition("/")[2])
        if found is not None and not self._left:
            self._client, self._within = found, not found.within
            return word
        if word == self._client.within:
            self._within = True
        return self._argument(self._client, word) if self._within else word

    def _argument(self, client: Client, word: str) -> str:
        if word in client.places:
            self._left = client.places[word]
        elif word in client.apart:
            self._next = "all"
        elif word in client.pairs:
            self._next = client.between
        elif self._left and not word.startswith("-"):
            self._left -= 1
            return word if self._left else _masked(word)
        else:
            return _option(client, word)
        return word


def _option(client: Client, word: str) -> str:
    """Return an option with the secret that stands in the same word masked."""
    short, rest = word[:2], word[2:]
    if rest and short in client.glued:
        return f"{short}{_masked(rest)}"
    if rest and short in client.pairs:
        return f"{short}{_pair(rest, client.between)}"
    name, equals, value = word.partition("=")
    return f"{name}={_pair(value, client.between)}" if equals and name in client.pairs else word


def _pair(word: str, between: str) -> str:
    user, found, secret = word.partition(between)
    return f"{user}{found}{_masked(secret)}" if found and secret else word


def _masked(word: str) -> str:
    return word if says_nothing(word.strip("\"'")) else MASK
