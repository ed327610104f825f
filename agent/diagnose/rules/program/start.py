"""Containers that cannot start, or wait for ever: forbidden root, foreign programs, failing hooks, absent Services."""

import re
from collections.abc import Iterator

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, finding
from agent.diagnose.registry import rule
from agent.kube.commands import places
from agent.kube.containers import Container, containers_of, end_log, events_of, last_end, newest
from agent.kube.edits import container_edits
from agent.kube.environment import environment
from agent.kube.fields import seconds_since, spec, status, texts
from agent.kube.remedies import NeedsPerson
from agent.kube.wording import closest
from agent.snapshot.evidence import Evidence, event_evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

CONFIG_ERROR = "CreateContainerConfigError"
FORBIDDEN_ROOT = re.compile(r"runAsNonRoot|non-root|nonroot|non-numeric user", re.IGNORECASE)
FOREIGN = re.compile(r"exec format error", re.IGNORECASE)

OLD_PROCESSOR = re.compile(
    r"CPU does not support x86-64-v\d|requires a CPU with \w+(?:\.\d)? support|SSE4\.2 instruction"
)
"""How the C library (glibc's dl-hwcaps check), MongoDB and others say that the processor lacks instructions."""

PATIENCE = 30
"""Seconds an init container may wait for a Service: those of one release appear within moments of each other."""


@rule(modes.ROOT_FORBIDDEN, on="Pod")
def root_forbidden(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The pod forbids root, and the image runs as root or does not say as which user."""
    for container in containers_of(pod):
        message = str(container.waiting.get("message") or "")
        if container.waiting.get("reason") != CONFIG_ERROR or not FORBIDDEN_ROOT.search(message):
            continue
        why = "says its user only by name" if "non-numeric" in message else "runs as root"
        cause = f"{container.said} may not start: runAsNonRoot is true and its image {why}"
        user, path = NeedsPerson("a user id other than 0 that the image is made for"), ("securityContext", "runAsUser")
        fix = Fix(
            "Set runAsUser to a user other than 0 that the image is made for, or build it with one",
            container_edits(pod, graph, container.name, path, user),
        )
        shown = Evidence(ref(pod), f"{container.status_pointer}/state/waiting/message", message)
        yield finding(modes.ROOT_FORBIDDEN, container, graph, cause, fix, (shown,), Confidence.CERTAIN)


@rule(modes.FOREIGN_PROGRAM, on="Pod")
def foreign_program(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The kernel cannot run the program: another processor's, or a script that does not say who reads it."""
    for container in containers_of(pod):
        shown = _format_error(container, graph)
        if shown is None:
            continue
        node = graph.get("Node", "", str(spec(pod).get("nodeName") or ""))
        machine = ((status(node) if node else {}).get("nodeInfo") or {}).get("architecture") or ""
        old = OLD_PROCESSOR.search(shown.text)
        cause = f"{container.said} cannot start: " + (
            f"its program uses instructions that the node's processor does not have ({shown.text[:200]})"
            if old
            else f"exec format error, its program is built for another processor than the node's"
            f"{f' {machine}' if machine else ''}, or is a script without a first line that names its interpreter"
        )
        fix = Fix(
            "Use an image built for the nodes' processor, or place the pod on nodes that have its own",
            concerns=(container.field("image"),),
        )
        yield finding(modes.FOREIGN_PROGRAM, container, graph, cause, fix, (shown,), Confidence.CERTAIN)


def _format_error(container: Container, graph: Graph) -> Evidence | None:
    """Return where the kernel's refusal is told: by the runtime, or by a shell in the log."""
    message = str(container.waiting.get("message") or "")
    if FOREIGN.search(message):
        return Evidence(ref(container.pod), f"{container.status_pointer}/state/waiting/message", message)
    ended = last_end(container, graph)
    if ended is None or not ended[1].get("exitCode"):
        return None
    if FOREIGN.search(str(ended[1].get("message") or "")):
        return Evidence(ref(container.pod), f"{ended[0]}/message", str(ended[1]["message"]))
    pointer, log = end_log(container, graph)
    spoken = (line for line in log.splitlines()[-3:] if FOREIGN.search(line) or OLD_PROCESSOR.search(line))
    line = next(spoken, "")
    return Evidence(ref(container.pod), pointer, line.strip()) if line else None


@rule(modes.START_HOOK_FAILS, on="Pod")
def start_hook_fails(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The postStart hook fails, and the kubelet ends the container for it."""
    for container in containers_of(pod):
        told = newest(events_of(container, graph, "FailedPostStartHook"))
        if told is None or (container.ready and last_end(container, graph) is None):
            continue
        shown = event_evidence(told, pod)
        why = re.search(r"message: \"(?P<said>.*?)(?:\\n)?\"$", shown.text)
        cause = f"{container.said} is ended again and again because its postStart hook fails"
        said = f": {why['said']}" if why and why["said"] else ""
        fix = Fix(
            "Correct the command of the hook, or do its work in the container's own start",
            concerns=(container.field("lifecycle.postStart"),),
        )
        yield finding(modes.START_HOOK_FAILS, container, graph, f"{cause}{said}", fix, (shown,), Confidence.CERTAIN)


@rule(modes.INIT_WAITS, on="Pod")
def init_waits(pod: Object, graph: Graph) -> Iterator[Finding]:
    """An init container asks again and again for a Service that does not exist."""
    for container in containers_of(pod):
        waited = seconds_since(graph.snapshot, container.running.get("startedAt"))
        if not container.initial or waited is None or waited < PATIENCE:
            continue
        for host in _asked(container, graph):
            if "." in host or graph.exists("Service", ref(pod).namespace, host) is not False:
                continue
            near = closest(host, (ref(found).name for found in graph.all("Service", ref(pod).namespace)))
            hint = f" (there is one called {near})" if near else ""
            cause = f"{container.said} waits for {host}, and there is no Service {host} in the namespace{hint}"
            fix = Fix(f"Create Service {host}, or let it wait for one that exists")
            shown = Evidence(ref(pod), f"{container.pointer}/command", " ".join(texts(container.spec.get("command"))))
            yield finding(modes.INIT_WAITS, container, graph, cause, fix, (shown,), Confidence.LIKELY)
            break


def _asked(container: Container, graph: Graph) -> Iterator[str]:
    """Yield the hosts an init container's command asks for."""
    known = environment(container.spec, ref(container.pod).namespace, graph)
    words = (*texts(container.spec.get("command")), *texts(container.spec.get("args")))
    yield from (place.host for place in places([known.shell(word) for word in words]))


RULES = (root_forbidden, foreign_program, start_hook_fails, init_waits)
