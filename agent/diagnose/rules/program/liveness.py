"""Probes that kill: a path or protocol the program does not have, or less time than it needs to start."""

import re
from collections.abc import Iterator
from datetime import datetime

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, finding
from agent.diagnose.modes import Mode
from agent.diagnose.registry import rule
from agent.diagnose.rules.program.probes import (
    LIVENESS,
    PROTOCOL,
    REFUSED,
    STARTUP,
    WRONG_PATH,
    Ask,
    asks,
    better_path,
    better_port,
    budget,
    certain,
    command_finding,
    failures,
    kills,
    late,
    other_scheme,
    probe_finding,
    speaks_grpc_to_another,
)
from agent.kube.containers import killed_by_probe, last_end, newest
from agent.kube.edits import container_edits
from agent.kube.fields import number
from agent.kube.remedies import JSON, Edit, Path
from agent.snapshot.evidence import Evidence, event_evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

ENOUGH = 60
"""Seconds a startup probe should at least give, where nothing tells how long the program needs."""

NAMES = {LIVENESS: "liveness", STARTUP: "startup"}
PROTOCOLS = {LIVENESS: modes.LIVENESS_PROTOCOL, STARTUP: modes.STARTUP_PROTOCOL}
PATHS = {LIVENESS: modes.LIVENESS_PATH, STARTUP: modes.STARTUP_PATH}
ANSWER = re.compile(r"statuscode: \d")
"""The program was up when it was asked, and answered no."""


@rule(modes.LIVENESS_PROTOCOL, on="Pod")
def liveness_protocol(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A liveness (or startup) probe speaks otherwise than the port it asks."""
    for ask in asks(pod, LIVENESS, STARTUP):
        failure = _misunderstood(ask, graph) if ask.given and kills(ask, graph) is not None else None
        if failure is not None:
            message = failure.get("message") or ""
            spoken = (ask.handler[1].get("scheme") or "HTTP") if ask.handler[0] == "httpGet" else ask.handler[0]
            cause = f"{_who(ask)} speaks {spoken} to port {ask.given}, which does not answer in it; so it is killed"
            yield probe_finding(PROTOCOLS[ask.kind], ask, graph, cause, other_scheme(message), failure, "scheme")


@rule(modes.LIVENESS_PATH, on="Pod")
def liveness_path(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A liveness (or startup) probe asks for a path the program does not have, so the kubelet kills it."""
    for ask in asks(pod, LIVENESS, STARTUP):
        failure = _answered(ask, graph, WRONG_PATH) if ask.path and kills(ask, graph) is not None else None
        if failure is not None:
            better = next(iter(better_path(ask)), "")
            hint = f"; {better} answers" if better else ""
            cause = f"{_who(ask)} asks for {ask.path}, which the program does not have{hint}; so it is killed"
            yield probe_finding(PATHS[ask.kind], ask, graph, cause, better, failure, "path")


@rule(modes.PROBE_COMMAND, on="Pod")
def liveness_command(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The command of a liveness (or startup) probe answers, and says no: a file, a program or an option is missing."""
    for ask in asks(pod, LIVENESS, STARTUP):
        failure = kills(ask, graph) if ask.command else None
        if failure is not None and not late(failure):
            yield command_finding(modes.PROBE_COMMAND, ask, graph, failure, "so it is killed")


@rule(modes.LIVENESS_IMPATIENT, on="Pod")
def liveness_impatient(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A liveness probe kills a container before it is up: it has no startup probe, and never lived longer."""
    for ask in asks(pod, LIVENESS):
        if ask.container.spec.get(STARTUP):
            continue
        yield from _impatient(modes.LIVENESS_IMPATIENT, ask, graph)


@rule(modes.STARTUP_IMPATIENT, on="Pod")
def startup_impatient(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A startup probe gives up before the program is up."""
    for ask in asks(pod, STARTUP):
        yield from _impatient(modes.STARTUP_IMPATIENT, ask, graph)


def _impatient(mode: Mode, ask: Ask, graph: Graph) -> Iterator[Finding]:
    failure, lived = kills(ask, graph), _lived(ask, graph)
    if failure is None or lived is None or lived > 2 * budget(ask) + number(ask.probe.get("periodSeconds"), 10):
        return
    message = failure.get("message") or ""
    if certain(ask) or any(_answered(ask, graph, words) is not None for words in (ANSWER, PROTOCOL)):
        return
    if not (REFUSED.search(message) or late(failure)) or better_port(ask, graph) is not None:
        return
    yield _impatient_finding(mode, ask, graph, failure, lived)


def _misunderstood(ask: Ask, graph: Graph) -> Object | None:
    newest_one = kills(ask, graph)
    message = (newest_one or {}).get("message") or ""
    return newest_one if speaks_grpc_to_another(ask, message, graph) else _answered(ask, graph, PROTOCOL)


def _answered(ask: Ask, graph: Graph, pattern: re.Pattern[str]) -> Object | None:
    """Return the newest failure the program itself answered so: a restart refuses connections for a while, too."""
    return newest([event for event in failures(ask, graph) if pattern.search(event.get("message") or "")])


def _lived(ask: Ask, graph: Graph) -> float | None:
    """Return how many seconds the run lasted that a probe ended last, None where no probe ended it."""
    found = last_end(ask.container, graph)
    if found is None or killed_by_probe(ask.container, found[1], graph) is None:
        return None
    try:
        started, finished = (datetime.fromisoformat(str(found[1].get(name))) for name in ("startedAt", "finishedAt"))
    except ValueError:
        return None
    return (finished - started).total_seconds()


def _impatient_finding(mode: Mode, ask: Ask, graph: Graph, failure: Object, lived: float) -> Finding:
    given, container = budget(ask), ask.container
    cause = (
        f"{_who(ask)} gives it {given:.0f} s, and it does not answer by then: it was killed after {lived:.0f} s, "
        f"{container.restarts} time{'' if container.restarts == 1 else 's'} so far"
    )
    fix = Fix(
        summary="Give it time to start with a startup probe"
        if mode is modes.LIVENESS_IMPATIENT
        else "Let the startup probe wait longer",
        remedies=_patience(ask, graph, max(ENOUGH, 3 * given)),
    )
    shown = (
        event_evidence(failure, container.pod),
        Evidence(ref(container.pod), f"{container.pointer}/{ask.kind}", f"{given:.0f} s"),
    )
    return finding(mode, container, graph, cause, fix, shown, Confidence.LIKELY)


def _patience(ask: Ask, graph: Graph, seconds: float) -> tuple[Edit, ...]:
    """Return the edit that gives a start that long: of the startup probe, or of one that asks as the liveness probe."""
    how, handler = ask.handler
    known = ask.container.spec.get(STARTUP)
    period = max(number((known or {}).get("periodSeconds"), 10), 1)
    tries = max(int(seconds) // period, 1)
    path: Path = (STARTUP, "failureThreshold")
    value: JSON = tries
    if not known:
        how = how or "exec"
        asked = handler or ask.probe.get(how)
        path, value = (STARTUP,), {how: asked, "periodSeconds": period, "failureThreshold": tries}
    return container_edits(ask.container.pod, graph, ask.container.name, path, value)


def _who(ask: Ask) -> str:
    return f"the {NAMES[ask.kind]} probe of container {ask.container.name}"


RULES = (liveness_protocol, liveness_path, liveness_command, liveness_impatient, startup_impatient)
