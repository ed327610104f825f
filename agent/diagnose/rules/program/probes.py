"""Probes that ask where nobody answers: the wrong port, protocol or path."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity, finding
from agent.diagnose.modes import Mode
from agent.diagnose.registry import rule
from agent.kube.containers import Container, containers_of, events_of, newest, workload_ref
from agent.kube.edits import container_edits
from agent.kube.endpoints import services_of
from agent.kube.fields import number, seconds_since, spec
from agent.kube.leases import is_standby
from agent.kube.remedies import NeedsPerson
from agent.kube.wording import said
from agent.snapshot.evidence import Evidence, event_evidence
from agent.snapshot.graph import Graph, event_time, ref
from agent.snapshot.record import Object

LIVENESS, READINESS, STARTUP = "livenessProbe", "readinessProbe", "startupProbe"
PROBES = (STARTUP, LIVENESS, READINESS)
WORDS = {LIVENESS: "Liveness probe", READINESS: "Readiness probe", STARTUP: "Startup probe"}

REFUSED = re.compile(r"connection refused|connect: |failed to connect service|no route to host", re.IGNORECASE)
PROTOCOL = re.compile(
    r"malformed HTTP|HTTP response to HTTPS client|HTTP request to an HTTPS server|does not implement the grpc"
    r"|first record does not look like a TLS handshake|http2: |bad status code|unexpected EOF|\bEOF\b",
    re.IGNORECASE,
)
SPOKEN = re.compile(
    r"malformed HTTP|HTTP response to HTTPS client|HTTP request to an HTTPS server|does not implement the grpc"
    r"|first record does not look like a TLS handshake",
    re.IGNORECASE,
)
"""How a port answers that speaks something else: no waiting changes what a program speaks."""

_NO_PROGRAM = re.compile(r'exec: \\?"([^"\\]+)\\?": (?:executable file not found|stat .*no such file)')

WRONG_PATH = re.compile(r"statuscode: (?:404|405|410)")
LISTENING = re.compile(
    r"(?i)\b(?:listen\w*|serving|running|started|bound)\b[^\n]*?(?::|\bport:? ?|\bon )(\d{2,5})\b(?![.\d])"
)

SLOW = ("context deadline exceeded", "Client.Timeout exceeded", "timed out", "i/o timeout")
"""How a kubelet says that a probe got no answer in its time."""

PATIENCE = 20
"""Seconds beyond its budget before a readiness probe counts as failing for good."""

RECENT = 900
"""Seconds since the last failure or restart that count as now."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One probe of one container: where it asks."""

    container: Container
    kind: str
    probe: Mapping[str, Any]

    @property
    def handler(self) -> tuple[str, Mapping[str, Any]]:
        """Return how it asks (`httpGet`, `tcpSocket`, `grpc`) and the handler; ("", {}) for a command."""
        found = ((key, self.probe.get(key)) for key in ("httpGet", "tcpSocket", "grpc"))
        return next(((key, value) for key, value in found if value), ("", {}))

    @property
    def command(self) -> tuple[str, ...]:
        """The command of an exec probe, () for others."""
        return tuple(map(str, (self.probe.get("exec") or {}).get("command") or ()))

    @property
    def given(self) -> str:
        """The port as it is written, a number or a name."""
        return str(self.handler[1].get("port") or "")

    @property
    def port(self) -> int | None:
        """The number it asks, None for a name the container does not have."""
        named = {str(p.get("name")): number(p.get("containerPort")) for p in self.container.spec.get("ports") or ()}
        return int(self.given) if self.given.isdigit() else named.get(self.given)

    @property
    def path(self) -> str:
        """The path of an HTTP probe, "" for others."""
        return str(self.handler[1].get("path") or "/") if self.handler[0] == "httpGet" else ""


PORTS = {LIVENESS: modes.LIVENESS_PORT, STARTUP: modes.STARTUP_PORT}


@rule(modes.LIVENESS_PORT, on="Pod")
def liveness_port(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A liveness (or startup) probe asks a port nobody listens on, so the kubelet kills a container that is well."""
    for ask in asks(pod, LIVENESS, STARTUP):
        failure = kills(ask, graph) if ask.given else None
        if failure is None or not (REFUSED.search(failure.get("message") or "") or certain(ask)):
            continue
        better = better_port(ask, graph)
        if better is not None:
            who = "startup" if ask.kind == STARTUP else "liveness"
            cause = f"the {who} probe of container {ask.container.name} asks port {ask.given}, where {better[1]}"
            yield probe_finding(PORTS[ask.kind], ask, graph, f"{cause}; so it is killed", better[0], failure, "port")


@rule(modes.READINESS_PROBE, on="Pod")
def readiness_probe(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A readiness probe asks the wrong port, path or in the wrong protocol, so that no traffic ever comes."""
    for ask in asks(pod, READINESS):
        failure = unready(ask, graph) if not ask.command else None
        if failure is None:
            continue
        found = _wrong(ask, failure.get("message") or "", graph)
        if found is not None:
            cause, better, leaf = found
            yield probe_finding(modes.READINESS_PROBE, ask, graph, cause, better, failure, leaf)


@rule(modes.PROBE_COMMAND, on="Pod")
def readiness_command(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The command of a readiness probe ends with an error, past the time the probe gives."""
    for ask in asks(pod, READINESS):
        failure = unready(ask, graph) if ask.command and not is_standby(pod, graph) else None
        if failure is not None and not late(failure):
            yield command_finding(modes.PROBE_COMMAND, ask, graph, failure, "so no Service sends it traffic")


def _wrong(ask: Ask, message: str, graph: Graph) -> tuple[str, str, str] | None:
    """Return what is wrong with a readiness probe: the words, the better value and the leaf it stands in."""
    who = f"the readiness probe of container {ask.container.name}"
    if PROTOCOL.search(message) or speaks_grpc_to_another(ask, message, graph):
        spoken = (ask.handler[1].get("scheme") or "HTTP") if ask.handler[0] == "httpGet" else ask.handler[0]
        return (
            f"{who} speaks {spoken} to port {ask.given}, which does not answer in it",
            other_scheme(message),
            "scheme",
        )
    if WRONG_PATH.search(message):
        better = better_path(ask)
        hint = f"; {better[0]} answers" if better else ""
        return f"{who} asks for {ask.path}, which the program does not have{hint}", better[0] if better else "", "path"
    if REFUSED.search(message) or certain(ask):
        found = better_port(ask, graph)
        if found is not None:
            return f"{who} asks port {ask.given}, where {found[1]}", found[0], "port"
    return None


def speaks_grpc_to_another(ask: Ask, message: str, graph: Graph) -> bool:
    """Return whether a gRPC probe gets no answer on a port where the program says it listens."""
    unanswered = ask.handler[0] == "grpc" and "failed to connect service" in message and "refused" not in message
    return unanswered and str(ask.port) in (*_heard(ask, graph), *_answering(ask))


def other_scheme(message: str) -> str:
    """Return the scheme the answer was in, "" when the message does not tell."""
    if "HTTP response to HTTPS client" in message or "does not look like a TLS handshake" in message:
        return "HTTP"
    return "HTTPS" if "HTTPS server" in message or "malformed HTTP" in message else ""


def asks(pod: Object, *kinds: str) -> Iterator[Ask]:
    """Yield the probes of these kinds that a pod's lasting containers have."""
    for container in containers_of(pod):
        for kind in kinds:
            probe = container.spec.get(kind)
            if probe and not container.initial:
                yield Ask(container, kind, probe)


def kills(ask: Ask, graph: Graph) -> Object | None:
    """Return the newest failure of a probe that kills its container now, or is bound to; None when it does not."""
    container = ask.container
    failure = newest(list(failures(ask, graph)))
    if failure is None:
        return None
    if not container.restarts:
        return failure if container.running and is_hopeless(ask, failure, graph) else None
    seen = seconds_since(graph.snapshot, event_time(failure))
    since_start = seconds_since(graph.snapshot, container.running.get("startedAt"))
    survived = since_start is not None and seen is not None and since_start > max(budget(ask), seen + PATIENCE)
    return None if survived or (seen is not None and seen > RECENT) else failure


def unready(ask: Ask, graph: Graph) -> Object | None:
    """Return the newest failure of a readiness probe that keeps a running container out, past its first chances."""
    container = ask.container
    if container.ready or not container.running:
        return None
    lasted = seconds_since(graph.snapshot, container.running.get("startedAt"))
    failure = newest(list(failures(ask, graph)))
    if failure is not None and is_hopeless(ask, failure, graph):
        return failure
    patience = 0 if certain(ask) or _listens_elsewhere(ask, graph) else PATIENCE
    if failure is None or lasted is None or lasted < budget(ask) + patience:
        return None
    return failure


def late(failure: Object) -> bool:
    """Return whether a probe was not answered in its time."""
    return any(words in str(failure.get("message") or "") for words in SLOW)


def is_hopeless(ask: Ask, failure: Object, graph: Graph) -> bool:
    """Return whether no waiting helps: no such port, another protocol, or a path beside one that is answered."""
    message, seen = failure.get("message") or "", event_time(failure)
    if seen < str(ask.container.running.get("startedAt") or ""):
        return False  # of the run before
    elsewhere = WRONG_PATH.search(message) and any(path != ask.path for path in _paths_answered(ask, graph))
    return certain(ask) or bool(SPOKEN.search(message)) or bool(elsewhere)


def _paths_answered(ask: Ask, graph: Graph) -> Iterator[str]:
    """Yield the paths of sibling probes on the same port that the program answers: they let it be ready, or started."""
    container = ask.container
    for kind, well in ((READINESS, container.ready), (STARTUP, bool(container.status.get("started")))):
        other = Ask(container, kind, container.spec.get(kind) or {})
        if kind != ask.kind and well and other.path and other.port == ask.port:
            yield other.path
    alive = Ask(container, LIVENESS, container.spec.get(LIVENESS) or {})
    asked = number(alive.probe.get("initialDelaySeconds")) + number(alive.probe.get("periodSeconds"), 10)
    lasted = seconds_since(graph.snapshot, container.running.get("startedAt")) or 0.0
    if ask.kind == READINESS and alive.path and alive.port == ask.port and lasted > asked:
        yield from [alive.path] if not any(failures(alive, graph)) else []


def _listens_elsewhere(ask: Ask, graph: Graph) -> bool:
    """Return whether the program is up and says so, on another port than the probe's: no more waiting helps."""
    heard = _heard(ask, graph)
    return bool(heard) and str(ask.port) not in heard


def certain(ask: Ask) -> bool:
    """Return whether no start, however slow, can make the probe succeed: its port's name is not one of the ports."""
    return bool(ask.given) and ask.port is None


def failures(ask: Ask, graph: Graph) -> Iterator[Object]:
    """Yield the events about failures of one probe."""
    for event in events_of(ask.container, graph, "Unhealthy"):
        if (event.get("message") or "").startswith(WORDS[ask.kind]):
            yield event


def budget(ask: Ask) -> float:
    """Return the seconds a probe is given before it is lost."""
    probe = ask.probe
    delay, period = number(probe.get("initialDelaySeconds")), number(probe.get("periodSeconds"), 10)
    return delay + period * number(probe.get("failureThreshold"), 3)


def better_port(ask: Ask, graph: Graph) -> tuple[str, str] | None:
    """Return the port the probe should ask and why, None when it may well be right and the program merely is not up."""
    if ask.given and ask.port is None:
        declared = _declared(ask.container)
        return declared[0] if len(declared) == 1 else "", f"container {ask.container.name} has no port of that name"
    heard = _heard(ask, graph)
    if heard and str(ask.port) not in heard:
        return heard[0], f"nobody listens: its log says that it listens on {heard[0]}"
    declared, others = _declared(ask.container), _other_ports(ask, graph)
    answering = [port for port in _answering(ask) if port != str(ask.port)]
    if answering:
        return answering[0], f"nobody listens: its other probe is answered on {answering[0]}"
    known = [port for port in (*declared, *others) if port != str(ask.port)]
    if known and str(ask.port) not in declared:
        return known[0], f"nobody listens: the container's port is {known[0]}"
    return None


def _declared(container: Container) -> list[str]:
    return [str(port["containerPort"]) for port in container.spec.get("ports") or () if port.get("containerPort")]


def _other_ports(ask: Ask, graph: Graph) -> list[str]:
    """Return the numbers that Services send this pod's traffic to."""
    ports = (
        port
        for service in services_of(graph.workload(ask.container.pod), graph)
        for port in spec(service).get("ports") or ()
    )
    targets = [str(port.get("targetPort") or port.get("port") or "") for port in ports]
    return [target for target in targets if target.isdigit()]


def _answering(ask: Ask) -> list[str]:
    """Return the ports of sibling probes that succeed: a ready container's readiness, a started one's startup probe."""
    container, found = ask.container, []
    well = {READINESS: container.ready, STARTUP: bool(container.status.get("started")) and STARTUP in container.spec}
    well[LIVENESS] = bool(container.running) and not container.restarts and not container.ready
    for kind in PROBES:
        other = Ask(container, kind, container.spec.get(kind) or {})
        if kind != ask.kind and well[kind] and other.port is not None:
            found.append(str(other.port))
    return found


def _heard(ask: Ask, graph: Graph) -> list[str]:
    """Return the ports the container's own log says it listens on, the last one first."""
    logs = (graph.log(ask.container.pod, ask.container.name, previous=previous) for previous in (False, True))
    return [port for log in logs for port in reversed(LISTENING.findall(log[:65536]))]


def better_path(ask: Ask) -> list[str]:
    """Return the paths of sibling probes that succeed on the same port."""
    others = (Ask(ask.container, kind, ask.container.spec.get(kind) or {}) for kind in PROBES if kind != ask.kind)
    alive = ask.container.restarts == 0
    return [other.path for other in others if alive and other.path not in ("", ask.path) and other.port == ask.port]


def command_finding(mode: Mode, ask: Ask, graph: Graph, failure: Object, so: str) -> Finding:
    """Return the finding about a probe whose command ends with an error: what it says, or that it is not there."""
    container, message = ask.container, " ".join(str(failure.get("message") or "").split())
    said_of_it = re.split(r"probe (?:failed|errored[^:]*): ", message, maxsplit=1)[-1]
    absent = _NO_PROGRAM.search(message)
    why = f"{absent[1]} is not in the image" if absent else said_of_it[:200] or "it ends with an error"
    words = " ".join(map(str, ask.command))
    cause = f"the command of the {WORDS[ask.kind].lower()} of container {container.name} fails ({words[:120]}: {why})"
    shown = Evidence(ref(container.pod), f"{container.pointer}/{ask.kind}/exec/command", words)
    fix = Fix(
        "Run the command in the container, then correct it or what it looks at; where that only comes up late, add a "
        "startup probe",
        concerns=(container.field(f"{ask.kind}.exec.command"),),
    )
    proof = (event_evidence(failure, container.pod), shown)
    return finding(mode, container, graph, f"{cause}; {so}", fix, proof, Confidence.LIKELY)


def probe_finding(mode: Mode, ask: Ask, graph: Graph, cause: str, better: str, failure: Object, leaf: str) -> Finding:
    """Return the finding about one leaf of a probe: what stands there and what should."""
    container, workload = ask.container, workload_ref(ask.container.pod, graph)
    how, handler = ask.handler
    old = {"port": ask.given, "path": ask.path, "scheme": str(handler.get("scheme") or "HTTP")}[leaf]
    pointer = f"{container.pointer}/{ask.kind}/{how}/{leaf}"
    right = int(better) if leaf == "port" and better.isdigit() else better or NeedsPerson(f"the {leaf} it answers")
    return Finding(
        mode=mode,
        subject=workload,
        cause=f"{said(workload)}: {cause}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if better or certain(ask) else Confidence.LIKELY,
        evidence=(Evidence(ref(container.pod), pointer, old), event_evidence(failure, container.pod)),
        fix=Fix(
            f"Let the probe ask {better or 'where the program answers'}",
            container_edits(container.pod, graph, container.name, (ask.kind, how, leaf), right)
            if how and better != old
            else (),
            (container.field(f"{ask.kind}.{how}.{leaf}"),),
        ),
        affected=(ref(container.pod),),
        container=container.name,
    )


RULES = (liveness_port, readiness_probe, readiness_command)
