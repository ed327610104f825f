"""What a line of a checklist asks by HTTP, once or as load: whom, at which port, for which path. Pure.

Its own command is never run: an image need not have curl or wget, and a pod that is started has to be removed again.
The same GET goes through a port of this machine that leads to one pod.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from agent.blueprint.commands import Command
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Ref, Snapshot
from tools.kinds import kind_called


class Asks(StrEnum):
    """How often it is asked."""

    ONCE = "request"
    LOAD = "load"


class Address(NamedTuple):
    """Whom a command asks: one pod of a workload or of a Service."""

    kind: str
    name: str
    port: int
    host: str
    """What the command calls the server, which may look at it."""
    path: str

    @property
    def target(self) -> str:
        """`service/backend`, as kubectl takes it."""
        return f"{self.kind.casefold()}/{self.name}"


@dataclass(frozen=True, slots=True)
class Request:
    """What a drill asks by HTTP, and through which port of this machine."""

    target: str
    """`service/backend`: one pod of it answers."""
    local: int
    port: int
    host: str
    path: str


VERBS: Mapping[str, Asks] = {"exec": Asks.ONCE, "port-forward": Asks.ONCE, "run": Asks.LOAD}
"""Verbs of kubectl by which a checklist asks something and a plan may not."""

_URL = re.compile(r"(?P<scheme>http://)?(?P<host>[a-z0-9][a-z0-9.-]*)(?::(?P<port>\d{1,5}))?(?P<path>/[!-~]*)?")
_NO_GET = ("-X", "-d", "--request", "--data", "--post", "-I", "--head", "-T")
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


def address(command: Command) -> Address | None:
    """Return whom a command of kubectl asks, None where it asks nobody by GET and plain HTTP."""
    if command.program != "kubectl" or command.verb not in VERBS:
        return None
    if command.verb == "port-forward":
        return _forwarded(command)
    url = next((found for word in command.tail if (found := _URL.fullmatch(word)) and _is_url(found)), None)
    if url is None or any(word.startswith(_NO_GET) for word in command.tail):
        return None
    kind, name = _server(command, url["host"])
    host = f"{url['host']}:{url['port']}" if url["port"] else url["host"]
    return Address(kind, name, int(url["port"] or 80), host, url["path"] or "/") if name else None


def _is_url(found: "re.Match[str]") -> bool:
    """Return whether a word is more than the name of a program."""
    return bool(found["scheme"] or found["port"])


def _server(command: Command, host: str) -> tuple[str, str]:
    """Return the kind and name of what answers: inside of a pod localhost is its workload, any name a Service's."""
    if host not in ("localhost", "127.0.0.1"):
        return ("Service", host) if "." not in host else ("", "")
    return _named(command.object) if command.verb == "exec" else ("", "")


def _named(text: str) -> tuple[str, str]:
    """Return the kind and name that `pod/web` means: pods of a Deployment have generated names (a Reading says so)."""
    word, _, name = text.rpartition("/")
    kind = kind_called(word or "pod")
    if kind is None or kind.name not in ("Pod", "Service", *_WORKLOADS):
        return "", ""
    return "Deployment" if kind.name == "Pod" else kind.name, name


def _forwarded(command: Command) -> Address | None:
    """Return whom a person would ask in their browser."""
    ports = command.words[2].split(":") if len(command.words) == 3 else []
    kind, name = _named(command.object)
    if not name or not ports or not all(port.isdecimal() for port in ports):
        return None
    return Address(kind, name, int(ports[-1]), f"localhost:{ports[0]}", "/")


def workload(asked: Address, namespace: str, snapshot: Snapshot) -> Ref | None:
    """Return the workload whose pods answer, None where no pod does."""
    if asked.kind in _WORKLOADS:
        return Ref(asked.kind, namespace, asked.name)
    graph = Graph(snapshot)
    service = graph.get(asked.kind, namespace, asked.name)
    pods = graph.selected(service) if service else []
    return ref(graph.workload(pods[0])) if pods else None
