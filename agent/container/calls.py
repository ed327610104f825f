"""What strace saw, taken apart: the calls of a container's own processes, and the one that failed."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_LINE = re.compile(
    r"^(?P<pid>\d+)\s+(?P<call>\w+)\((?P<args>.*)\)\s+= (?P<result>-?\d+|\?)"
    r"(?: (?P<error>E[A-Z0-9]+) \((?P<says>[^)]*)\))?"
)
_UNFINISHED = re.compile(r"^(?P<pid>\d+)\s+(?P<head>\w+\(.*?) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"^(?P<pid>\d+)\s+<\.\.\. \w+ resumed>(?P<tail>.*)$")
_EXITED = re.compile(r"^(?P<pid>\d+)\s+\+\+\+ (?:exited with (?P<code>\d+)|killed by (?P<signal>SIG\w+))")
_PATH = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ADDRESS = re.compile(
    r"sin6?_port=htons\((?P<port>\d+)\)"
    r".*?(?:inet_addr\(\"(?P<v4>[^\"]+)\"\)|inet_pton\(AF_INET6, \"(?P<v6>[^\"]+)\")"
)
_SOCKET = re.compile(r'sun_path=@?"([^"]*)"')

MAKES = frozenset(("clone", "clone3", "fork", "vfork"))
"""Calls that return the id of a new process or thread."""

MOST = 20_000
"""Lines that are read."""


class Call(NamedTuple):
    """One system call."""

    pid: int
    name: str
    args: str
    error: str
    """`EACCES`, "" where it did not fail."""
    says: str
    """`Permission denied`."""
    result: int = 0
    """What it returned: of a call that makes a process, that one's id."""

    @property
    def path(self) -> str:
        """Return the file it names, the last one where it names two; "" for none."""
        found = _PATH.findall(self.args)
        first = self.name.startswith(("exec", "open", "access", "chdir"))
        return str(found[0 if first else -1]) if found else ""

    @property
    def target(self) -> str:
        """Return what it was about: a path, `10.0.0.5:5432`, a socket."""
        address, local = _ADDRESS.search(self.args), _SOCKET.search(self.args)
        if address:
            return f"{address['v4'] or address['v6']}:{address['port']}"
        return local[1] if local else self.path

    @property
    def said(self) -> str:
        """`openat(/data/app.db) = EACCES`, `exit_group(1)`."""
        if self.name == "exit_group":
            return f"exit_group({self.args})"
        return f"{self.name}({self.target}) = {self.error or 'ok'}"


class End(NamedTuple):
    """How a process ended: its status, or the signal that ended it."""

    pid: int
    code: int | None
    signal: str


def calls(text: str) -> tuple[list[Call], list[End]]:
    """Return the calls in their order, those that were interrupted by others put together again, and the ends."""
    found: list[Call] = []
    ended: list[End] = []
    begun: dict[str, str] = {}
    for line in text.splitlines()[:MOST]:
        cut, resumed, over = _UNFINISHED.match(line), _RESUMED.match(line), _EXITED.match(line)
        if cut:
            begun[cut["pid"]] = cut["head"]
            continue
        if over:
            ended.append(End(int(over["pid"]), int(over["code"]) if over["code"] else None, over["signal"] or ""))
            continue
        whole = f"{resumed['pid']} {begun.pop(resumed['pid'], '')}{resumed['tail']}" if resumed else line
        told = _LINE.match(whole)
        if told:
            found.append(_call(told))
    return found, ended


def _call(told: "re.Match[str]") -> Call:
    result = 0 if told["result"] == "?" else int(told["result"])
    return Call(int(told["pid"]), told["call"], told["args"], told["error"] or "", told["says"] or "", result)


def of_container(found: Sequence[Call], command: Sequence[str]) -> list[Call]:
    """Return the calls of the process that executes a container's command, from that on, and of all after it.

    What the runtime does before is left out. Where its own exec fails, that is the last one that is tried.
    """
    program = command[0] if command else ""
    tried = [place for place, call in enumerate(found) if call.name == "execve" and _runs(call, program)]
    if not tried:
        return []
    begun = next((place for place in tried if not found[place].error), tried[0])
    return list(_below(found[begun:]))


def _below(found: Sequence[Call]) -> Iterator[Call]:
    """Yield the calls of the first process and of all it makes: a vfork returns after its child has done much."""
    made: dict[int, set[int]] = defaultdict(set)
    for call in found:
        if call.name in MAKES and call.result > 0:
            made[call.pid].add(call.result)
    known, left = set[int](), [found[0].pid]
    while left:
        pid = left.pop()
        known.add(pid)
        left += made[pid] - known
    return (call for call in found if call.pid in known)


def _runs(call: Call, program: str) -> bool:
    return bool(program) and (call.path == program or call.path.rpartition("/")[2] == program.rpartition("/")[2])


HARMLESS = re.compile(
    r"^/etc/ld\.so|/glibc-hwcaps/|/usr/(?:lib|share)/(?:locale|i18n|zoneinfo)|/etc/localtime|\.mo$|/nsswitch\.conf"
    r"|^/(?:proc|sys|dev)/|/nscd/socket|/etc/(?:suid-debug|malloc\.conf)|tls/x86_64|\.so(?:\.\d+)*$"
)
"""Files that a loader or a C library looks for and does without."""

WAITING = frozenset(("EINPROGRESS", "EAGAIN", "EINTR", "EALREADY", "EISCONN", "ECHILD", "ERESTARTSYS"))
"""Errors by which a call says that it is not done yet."""

STRONG = frozenset(
    "EACCES EPERM EROFS ENOSPC EDQUOT EMFILE ENFILE EADDRINUSE EADDRNOTAVAIL ECONNREFUSED EHOSTUNREACH ENETUNREACH"
    " ENOEXEC ELOOP ENOTDIR EISDIR ETXTBSY ETIMEDOUT ENOMEM".split()
)
"""Errors that a program seldom expects; ENOENT it does, wherever it looks for a file in several places."""


def failing(found: Sequence[Call], ended: Sequence[End]) -> Call | None:
    """Return the call that most likely ended the container, None where none failed that matters.

    The last one of the process that ended with an error, one that is seldom expected before one that is; a file that
    was found in another place afterwards was only looked for.
    """
    fallen = {end.pid for end in ended if end.code or end.signal}
    opened = {call.path.rpartition("/")[2] for call in found if not call.error and call.path}
    wrong = [call for call in found if call.error and call.error not in WAITING and not _is_search(call, opened)]
    own = [call for call in wrong if not fallen or call.pid in fallen] or wrong
    strong = [call for call in own if call.error in STRONG]
    return next(reversed(strong or own), None)


def _is_search(call: Call, opened: set[str]) -> bool:
    harmless = call.name not in ("execve", "execveat") and bool(HARMLESS.search(call.path))
    return call.error == "ENOENT" and (harmless or call.path.rpartition("/")[2] in opened)


def tail(found: Sequence[Call], most: int = 12) -> Iterator[str]:
    """Yield the last calls as a person reads them."""
    named = [call for call in found if call.name not in MAKES]
    return (call.said for call in named[-most:])
