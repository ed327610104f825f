"""Containers that need more memory than they may have."""

import re
from collections.abc import Iterator
from decimal import Decimal

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity, finding
from agent.diagnose.registry import rule
from agent.kube.containers import RECENT, Container, containers_of, killed_by_probe, newest
from agent.kube.edits import container_edits
from agent.kube.fields import seconds_since
from agent.kube.remedies import NeedsPerson
from agent.kube.wording import counted, memory
from agent.snapshot.evidence import Evidence, event_evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object
from tools.quantity import parse_quantity

OOM = "OOMKilled"
KILLED = 137
"""Exit status of a process that SIGKILL ended: the OOM killer's, and anybody else's."""

LONG_AGO = 3 * 86400
"""Seconds a container must have run well since it was killed for that to be history."""

NEAR_LIMIT = 0.9
"""Share of the memory limit in use from which a kill without a reason is read as one for memory."""

LEAST = Decimal(32 << 20)
"""Bytes below which a limit is proposed to nobody; a container runtime alone needs several MiB."""

TOO_SMALL = re.compile(
    r"memory limit too low|signal: killed|container init was OOM-killed|cannot allocate memory|minimum memory limit",
    re.IGNORECASE,
)


@rule(modes.OOM_KILLED, on="Pod")
def oom_killed(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A container used more memory than its limit, or has a limit in which nothing can start."""
    tight = _tightest(pod)
    for container in containers_of(pod):
        if container.ready and _is_long_ago(container, graph):
            continue
        found = out_of_memory(container, graph) or (_no_sandbox(container, graph) if container.name == tight else None)
        if found is not None:
            yield _oom_finding(container, graph, *found)


def out_of_memory(container: Container, graph: Graph) -> tuple[Evidence, str, Confidence] | None:
    """Return what shows that a container was killed for memory, how it is said, and how sure that is; else None."""
    if container.initial and container.ready:
        return None
    for pointer, ended in container.ended():
        code = ended.get("exitCode")
        if ended.get("reason") == OOM:
            child = "" if code == KILLED else f"; a child process died, the container's own exit code is {code}"
            shown = Evidence(ref(container.pod), f"{pointer}/reason", f"{OOM} (exit code {code})")
            return shown, f"was killed for memory{child}", Confidence.CERTAIN
        if _too_small(container, str(ended.get("message") or "")):
            shown = Evidence(ref(container.pod), f"{pointer}/message", str(ended.get("message")))
            return shown, "cannot even start", Confidence.CERTAIN
        if code == KILLED and _full(container, graph) and not killed_by_probe(container, ended, graph):
            shown = Evidence(ref(container.pod), f"{pointer}/exitCode", f"{code}, with its memory nearly full")
            return shown, "was killed, most likely for memory", Confidence.LIKELY
    message = str(container.waiting.get("message") or "")
    if _too_small(container, message):
        shown = Evidence(ref(container.pod), f"{container.status_pointer}/state/waiting/message", message)
        return shown, "cannot even start", Confidence.CERTAIN
    return None


def _too_small(container: Container, message: str) -> bool:
    """Return whether a start failed for memory; a kill alone is one only where there is a limit."""
    return bool(TOO_SMALL.search(message)) and ("memory" in message.lower() or bool(_limit(container)))


def _no_sandbox(container: Container, graph: Graph) -> tuple[Evidence, str, Confidence] | None:
    """Return what shows that the pod's limits are too small to create its sandbox."""
    last = newest([event for event in graph.events(container.pod) if event.get("reason") == "FailedCreatePodSandBox"])
    waits = container.waiting.get("reason") in ("ContainerCreating", "PodInitializing")
    if last is not None and waits and TOO_SMALL.search(last.get("message") or ""):
        return event_evidence(last, container.pod), "cannot even start", Confidence.LIKELY
    return None


def _tightest(pod: Object) -> str:
    """Return the container with the smallest memory limit, "" when none has one."""
    limits = [(parse_quantity(_limit(container)), container.name) for container in containers_of(pod)]
    return min(((size, name) for size, name in limits if size is not None), default=(None, ""))[1]


def _oom_finding(container: Container, graph: Graph, shown: Evidence, how: str, confidence: Confidence) -> Finding:
    limit, usage = _limit(container), _usage(container, graph)
    where = f"its limit of {limit}{_unit(limit)}" if limit else "what its node has left; it has no limit of its own"
    times = f" ({counted(container.restarts, 'restart')})" if container.restarts else ""
    now = (Evidence(ref(container.pod), "metrics", f"{memory(Decimal(usage))} in use"),) if usage else ()
    broken = not container.ready or (container.restarts > 1 and _is_recent(container, graph))
    return finding(
        modes.OOM_KILLED,
        container,
        graph,
        f"{container.said} {how}: it needs more than {where}{times}",
        _oom_fix(container, limit, graph),
        (shown, *_limit_evidence(container, limit), *now),
        confidence,
        Severity.ERROR if broken else Severity.WARNING,
    )


def _is_recent(container: Container, graph: Graph) -> bool:
    ended = next(container.ended(), ("", {}))[1]
    since = seconds_since(graph.snapshot, ended.get("finishedAt"))
    return since is None or since < RECENT


def _is_long_ago(container: Container, graph: Graph) -> bool:
    """Return whether a container that is well now ended so long ago that whoever asks now does not ask about that."""
    ended = next(container.ended(), ("", {}))[1]
    since = seconds_since(graph.snapshot, ended.get("finishedAt"))
    return since is not None and since > LONG_AGO


def _oom_fix(container: Container, limit: str, graph: Graph) -> Fix:
    if not limit:
        return Fix("Set a memory request and limit that fit what it uses, so that its node is not overcommitted")
    larger = _larger(limit) or NeedsPerson("a memory limit that fits what it uses")
    path = ("resources", "limits", "memory")
    edits = container_edits(container.pod, graph, container.name, path, larger)
    return Fix("Raise the memory limit, or find what leaks", edits)


def _limit_evidence(container: Container, limit: str) -> tuple[Evidence, ...]:
    return (Evidence(ref(container.pod), f"{container.pointer}/resources/limits/memory", limit),) if limit else ()


def _limit(container: Container) -> str:
    return str(((container.spec.get("resources") or {}).get("limits") or {}).get("memory") or "")


def _unit(limit: str) -> str:
    """Return a remark on a limit in the wrong unit: `512m` is half a byte."""
    return f", which is {parse_quantity(limit)} bytes ({limit[:-1]}Mi was meant)" if limit.endswith("m") else ""


def _larger(limit: str) -> str:
    """Return the next step (1 or 1.5 times a power of two) from twice a limit on, as people write it."""
    if limit.endswith("m"):
        return f"{limit[:-1]}Mi"
    size = parse_quantity(limit)
    if not size:
        return ""
    step = LEAST
    while step < 2 * size:
        step = step * 3 / 2 if _is_power_of_two(step) else step * 4 / 3
    return memory(step)


def _is_power_of_two(size: Decimal) -> bool:
    return int(size).bit_count() == 1


def _usage(container: Container, graph: Graph) -> int:
    name = (ref(container.pod).namespace, ref(container.pod).name, container.name)
    return next((use.memory for use in graph.snapshot.usage if (use.namespace, use.pod, use.container) == name), 0)


def _full(container: Container, graph: Graph) -> bool:
    limit = parse_quantity(_limit(container))
    return limit is not None and limit > 0 and _usage(container, graph) / float(limit) >= NEAR_LIMIT


RULES = (oom_killed,)
