"""Containers that cannot start, or wait for ever: forbidden root, foreign programs, failing hooks, absent Services."""

import re
from collections.abc import Iterator
from dataclasses import replace

from agent.diagnose.fields import seconds_since, spec, status, texts
from agent.diagnose.finding import Change, Confidence, Evidence, Finding, Fix
from agent.diagnose.pods import Part, end_log, event_evidence, events_of, finding, last_end, newest, parts
from agent.diagnose.registry import rule
from agent.diagnose.wording import closest
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

CONFIG_ERROR = "CreateContainerConfigError"
FORBIDDEN_ROOT = re.compile(r"runAsNonRoot|non-root|nonroot|non-numeric user", re.IGNORECASE)
FOREIGN = re.compile(r"exec format error", re.IGNORECASE)

PATIENCE = 30
"""Seconds an init container may wait for a Service: those of one release appear within moments of each other."""

_ASKS = re.compile(
    r"(?:\b(?:nslookup|getent\s+(?:ahosts|hosts)|dig|ping|nc|ncat|telnet|wait-for-it(?:\.sh)?|wait-for(?:\.sh)?"
    r"|curl|wget|dockerize|pg_isready|mysqladmin|redis-cli|mongosh?|psql|mysql)\b)(?P<rest>[^;|&\n]*)"
)
"""Programs with which init containers look whether somebody is there."""

_WORD = re.compile(r"(?:[a-z]+://)?(?P<host>[a-z][-a-z0-9]*(?:\.[a-z0-9][-a-z0-9]*)*)(?::\d+)?(?:/\S*)?")


@rule(59, "root-forbidden", on="Pod")
def root_forbidden(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The pod forbids root, and the image runs as root or does not say as whom."""
    for part in parts(pod):
        message = str(part.waiting.get("message") or "")
        if part.waiting.get("reason") != CONFIG_ERROR or not FORBIDDEN_ROOT.search(message):
            continue
        why = "says its user only by name" if "non-numeric" in message else "runs as root"
        cause = f"{part.said} may not start: runAsNonRoot is true and its image {why}"
        change = Change(part.field("securityContext.runAsUser"), "", "", "securityContext.runAsUser")
        fix = Fix("Set runAsUser to a user other than 0 that the image is made for, or build it with one", (change,))
        shown = Evidence(ref(pod), f"{part.status_pointer}/state/waiting/message", message)
        yield finding(59, "root-forbidden", part, graph, cause, fix, (shown,), Confidence.CERTAIN)


@rule(53, "foreign-program", on="Pod")
def foreign_program(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The kernel cannot run the program: another processor's, or a script that does not say who reads it."""
    for part in parts(pod):
        shown = _format_error(part, graph)
        if shown is None:
            continue
        node = graph.get("Node", "", str(spec(pod).get("nodeName") or ""))
        machine = ((status(node) if node else {}).get("nodeInfo") or {}).get("architecture") or ""
        cause = (
            f"{part.said} cannot start: exec format error, its program is built for another processor than the node's"
            f"{f' {machine}' if machine else ''}, or is a script without a first line that names its interpreter"
        )
        change = Change(part.field("image"), str(part.container.get("image") or ""), "", part.scaffold("image.tag"))
        fix = Fix("Use an image built for the nodes' processor, or place the pod on nodes that have its own", (change,))
        yield finding(53, "foreign-program", part, graph, cause, fix, (shown,), Confidence.CERTAIN)


def _format_error(part: Part, graph: Graph) -> Evidence | None:
    """Return where the kernel's refusal is told: by the runtime, or by a shell in the log."""
    message = str(part.waiting.get("message") or "")
    if FOREIGN.search(message):
        return Evidence(ref(part.pod), f"{part.status_pointer}/state/waiting/message", message)
    ended = last_end(part, graph)
    if ended is None or not ended[1].get("exitCode"):
        return None
    if FOREIGN.search(str(ended[1].get("message") or "")):
        return Evidence(ref(part.pod), f"{ended[0]}/message", str(ended[1]["message"]))
    pointer, log = end_log(part, graph)
    line = next((line for line in log.splitlines()[-3:] if FOREIGN.search(line)), "")
    return Evidence(ref(part.pod), pointer, line.strip()) if line else None


@rule(61, "start-hook-fails", on="Pod")
def start_hook_fails(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The postStart hook fails, and the kubelet ends the container for it."""
    for part in parts(pod):
        told = newest(events_of(part, graph, "FailedPostStartHook"))
        if told is None or (part.ready and last_end(part, graph) is None):
            continue
        shown = event_evidence(told, pod)
        why = re.search(r"message: \"(?P<said>.*?)(?:\\n)?\"$", shown.text)
        cause = f"{part.said} is ended again and again because its postStart hook fails"
        said = f": {why['said']}" if why and why["said"] else ""
        change = Change(part.field("lifecycle.postStart"), "", "", part.scaffold("lifecycle.postStart"))
        fix = Fix("Mend the command of the hook, or do its work in the container's own start", (change,))
        made = finding(61, "start-hook-fails", part, graph, f"{cause}{said}", fix, (shown,), Confidence.CERTAIN)
        yield replace(made, instead_of=(0, 73))


@rule(63, "init-waits", on="Pod")
def init_waits(pod: Object, graph: Graph) -> Iterator[Finding]:
    """An init container asks again and again for a Service that does not exist."""
    for part in parts(pod):
        waited = seconds_since(graph.snapshot, part.running.get("startedAt"))
        if not part.initial or waited is None or waited < PATIENCE:
            continue
        for host in _asked(part):
            if "." in host or graph.exists("Service", ref(pod).namespace, host) is not False:
                continue
            near = closest(host, (ref(found).name for found in graph.all("Service", ref(pod).namespace)))
            hint = f" (there is one called {near})" if near else ""
            cause = f"{part.said} waits for {host}, and there is no Service {host} in the namespace{hint}"
            fix = Fix(f"Create Service {host}, or let it wait for one that exists")
            shown = Evidence(ref(pod), f"{part.pointer}/command", " ".join(texts(part.container.get("command"))))
            yield finding(63, "init-waits", part, graph, cause, fix, (shown,), Confidence.LIKELY)
            break


def _asked(part: Part) -> Iterator[str]:
    """Yield the hosts an init container's command looks for."""
    words = [*texts(part.container.get("command")), *texts(part.container.get("args"))]
    for found in _ASKS.finditer(" ".join(words)):
        for word in found["rest"].split():
            named = _WORD.fullmatch(word.strip("\"'"))
            if named is not None and not word.startswith("-"):
                yield named["host"]
                break


RULES = (root_forbidden, foreign_program, start_hook_fails, init_waits)
