"""Nodes that are lost, unwell or cut off. How bad that is depends on who of this look runs there or waits for it."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.modes import Mode
from agent.diagnose.registry import rule
from agent.kube.fields import condition, is_terminal, is_unscheduled, seconds_since, spec, status
from agent.kube.memo import per_graph
from agent.kube.remedies import Command, kubectl
from agent.kube.requests import amounts, requests
from agent.kube.scheduling import fits, sees_every_pod, used_by_node
from agent.kube.wording import counted, listed, memory
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, event_time, ref
from agent.snapshot.record import Object, Ref

RECENT = 3600
"""Seconds since an event that count as now."""

PRESSURES = {"MemoryPressure": "memory", "DiskPressure": "disk space", "PIDPressure": "process ids"}

KNOWN = (*PRESSURES, "Ready", "NetworkUnavailable")
"""The conditions every kubelet (or cloud) sets; others come from a problem detector."""

_RUNTIME = re.compile(
    r"container runtime|containerd|docker(?:d|shim)?\b|PLEG|runtime (?:is|service)|dial unix", re.IGNORECASE
)
_NETWORK = re.compile(r"network ?plugin|cni|NetworkReady=false|network is not ready", re.IGNORECASE)
_PROBLEM = re.compile(
    r"Problem|Unhealthy|Deadlock|Readonly|ReadOnly|Corrupt|Frequent|Bad|Down|Fail|Error|Unavailable|Hung|Skew|NotSync"
)
_BROKEN_DISK = ("Ext4Error", "XfsError", "IOError", "FilesystemIsReadOnly", "MemoryReadError", "KernelOops", "TaskHung")
"""Reasons of a problem detector's events about hardware and kernel."""
_THRESHOLD = re.compile(r"low on resource: ([\w-]+)\. Threshold quantity: (\w+), available: (\w+)")

Told = tuple[Mode, str, str, Command]
"""Mode, code, what to say after the node's name, what to do, the command."""


LOST = (modes.NODE_NOT_READY, modes.KUBELET_SILENT, modes.RUNTIME_DOWN, modes.RUNTIME_FAILING)
"""Modes of a node on which nothing can be started or looked after."""


@rule(modes.NODE_NOT_READY, on="Node")
def not_ready(node: Object, graph: Graph) -> Iterator[Finding]:
    """A node's kubelet is silent (131), its container runtime does not answer (132), or its network is not up (135)."""
    found = condition(node, "Ready")
    if found is None or found[1].get("status") == "True":
        return
    text = f"{found[1].get('reason') or ''}: {found[1].get('message') or ''}".strip(": ")
    told = _unready(node, found[1].get("status") == "Unknown", text, graph)
    if told is not None:
        shown = (Evidence(ref(node), found[0], text), *_warnings(node, graph))
        yield _finding(node, graph, told, shown)


def _lasting(node: Object, graph: Graph) -> tuple[Ref, ...]:
    """Return the pods of a node that have not ended."""
    return tuple(ref(pod) for pod in _pods_on(graph).get(ref(node).name, ()) if not is_terminal(pod))


def _unready(node: Object, silent: bool, text: str, graph: Graph) -> Told | None:
    name = ref(node).name
    whole = f"{text} {' '.join(item.text for item in _warnings(node, graph))}"
    if silent:
        since = "has never reported" if "never posted" in text else "stopped reporting"
        what = f"is lost: its kubelet {since}, so its pods are taken for gone and nothing new starts there"
        fix = "Look at the machine: is it up and reachable, does its kubelet run"
        return modes.KUBELET_SILENT, what, fix, kubectl("describe", "node", name)
    if _NETWORK.search(text):
        what, fix = (
            "is not ready: its pod network is not set up",
            "Install or repair the network plugin (CNI) on the node",
        )
        return modes.NETWORK_NOT_READY, what, fix, kubectl("get", "pods", "-n", "kube-system", "-o", "wide")
    if _RUNTIME.search(whole):
        what, fix = "is not ready: its container runtime does not answer", "Restart containerd on the node; see its log"
        return modes.RUNTIME_DOWN, what, fix, kubectl("describe", "node", name)
    return None


@rule(modes.RUNTIME_FAILING, on="Node")
def runtime(node: Object, graph: Graph) -> Iterator[Finding]:
    """A node says it is ready while its kubelet cannot reach the container runtime."""
    found = condition(node, "Ready")
    if found is None or found[1].get("status") != "True":
        return
    events = [
        item
        for item in _recent(node, graph)
        if item.get("reason") in ("ContainerGCFailed", "ImageGCFailed") and "dial unix" in (item.get("message") or "")
    ]
    if events:
        text = max(events, key=event_time).get("message") or ""
        fix = "Restart containerd on the node; see its log"
        told = (
            modes.RUNTIME_FAILING,
            "cannot reach its container runtime",
            fix,
            kubectl("describe", "node", ref(node).name),
        )
        yield _finding(node, graph, told, (Evidence(ref(node), f"event {events[-1].get('reason')}", text),))


@rule(modes.NODE_UNDER_PRESSURE, on="Node")
def under_pressure(node: Object, graph: Graph) -> Iterator[Finding]:
    """A node is short of memory, disk space or process ids: it takes no new pods and evicts some of its own."""
    for kind, noun in PRESSURES.items():
        found = condition(node, kind)
        if found is None or found[1].get("status") != "True":
            continue
        gone = [pod for pod in _pods_on(graph).get(ref(node).name, ()) if status(pod).get("reason") == "Evicted"]
        evicts = f", and has evicted {counted(len(gone), 'pod')}" if gone else " and may evict pods"
        what = f"is short of {noun} ({kind}): it takes no new pods that mind{evicts}"
        fix = f"Free {noun} on the node, add nodes, or give the pods requests that say what they need"
        told = (modes.NODE_UNDER_PRESSURE, what, fix, kubectl("describe", "node", ref(node).name))
        text = f"{found[1].get('reason') or ''}: {found[1].get('message') or ''}"
        yield _finding(node, graph, told, (Evidence(ref(node), found[0], text), *_warnings(node, graph)))


@rule(modes.EVICTION_THRESHOLD, on="Pod")
def threshold(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A kubelet evicts pods while much is free: its eviction threshold is set too high."""
    found = _THRESHOLD.search(status(pod).get("message") or "") if status(pod).get("reason") == "Evicted" else None
    node = graph.get("Node", "", spec(pod).get("nodeName") or "")
    if found is None or node is None:
        return
    resource, bound, left = found[1], amounts({"x": found[2]}).get("x"), amounts({"x": found[3]}).get("x")
    has = amounts(status(node).get("capacity")).get(resource)
    if bound is None or left is None or not has or bound < has * Decimal("0.3") or left < has * Decimal("0.2"):
        return
    what = (
        f"evicts pods for {resource} with {memory(left)} of {memory(has)} free: its kubelet's eviction threshold is "
        f"{memory(bound)}"
    )
    fix = "Lower the kubelet's evictionHard (its defaults are 10 % of the disk and 100Mi of memory)"
    settings = kubectl("get", "--raw", f"/api/v1/nodes/{ref(node).name}/proxy/configz")
    told = (modes.EVICTION_THRESHOLD, what, fix, settings)
    evidence = (Evidence(ref(pod), "/status/message", str(status(pod).get("message"))),)
    yield _finding(node, graph, told, evidence, affected=(ref(pod),))


@rule(modes.NETWORK_UNAVAILABLE, on="Node")
def network_unavailable(node: Object, graph: Graph) -> Iterator[Finding]:
    """A node's pod network is not there: no route to it was made."""
    found = condition(node, "NetworkUnavailable")
    if found is None or found[1].get("status") != "True":
        return
    text = f"{found[1].get('reason') or ''}: {found[1].get('message') or ''}"
    fix = "Repair the network plugin or the cloud's routes for this node"
    what = f"has no pod network ({text.strip(': ')}): it takes no new pods"
    told = (modes.NETWORK_UNAVAILABLE, what, fix, kubectl("get", "pods", "-n", "kube-system", "-o", "wide"))
    yield _finding(node, graph, told, (Evidence(ref(node), found[0], text),))


@rule(modes.NODE_OVERCOMMITTED, on="Node")
def overcommitted(node: Object, graph: Graph) -> Iterator[Finding]:
    """The memory limits of a node's pods are far above what it has, and it ran out of memory."""
    events = [item for item in _recent(node, graph) if item.get("reason") in ("SystemOOM", "EvictionThresholdMet")]
    pressed = condition(node, "MemoryPressure")
    short = bool(events) or (pressed is not None and pressed[1].get("status") == "True")
    if not short or not sees_every_pod(graph):
        return
    name, has = ref(node).name, amounts(status(node).get("allocatable")).get("memory", Decimal())
    pods = [pod for pod in _pods_on(graph).get(name, ()) if not is_terminal(pod)]
    most = sum((requests(pod, limit=True).get("memory", Decimal()) for pod in pods), Decimal())
    unbound = sum("memory" not in requests(pod, limit=True) for pod in pods)
    asked = used_by_node(graph).get(name, {}).get("memory", Decimal())
    if not has or (most <= has * Decimal("1.5") and not unbound):
        return
    what = (
        f"promises more memory than it has: its pods request {memory(asked)} of {memory(has)}, may use {memory(most)}, "
        f"and {counted(unbound, 'pod')} of them {'has' if unbound == 1 else 'have'} no limit"
    )
    fix = "Raise requests towards what pods use, set limits, or spread the pods over more nodes"
    told = (modes.NODE_OVERCOMMITTED, what, fix, kubectl("describe", "node", name))
    shown = (Evidence(ref(node), "/status/allocatable/memory", memory(has)), *_warnings(node, graph))
    yield _finding(node, graph, told, shown, severity=Severity.WARNING)


@rule(modes.NODE_PROBLEM, on="Node")
def problem(node: Object, graph: Graph) -> Iterator[Finding]:
    """A problem detector says that a node's disk, kernel, clock or services are broken."""
    for index, found in enumerate(status(node).get("conditions") or ()):
        kind = str(found.get("type"))
        if kind in KNOWN or found.get("status") != "True" or not _PROBLEM.search(kind):
            continue
        text = f"{found.get('reason') or ''}: {found.get('message') or ''}".strip(": ")
        told = _problem(node, f"{kind}: {text}")
        yield _finding(node, graph, told, (Evidence(ref(node), f"/status/conditions/{index}", text),))
        return
    events = [item for item in _recent(node, graph) if item.get("reason") in _BROKEN_DISK]
    if events:
        newest = max(events, key=event_time)
        told = _problem(node, f"{newest.get('reason')}: {newest.get('message')}")
        shown = Evidence(ref(node), f"event {newest.get('reason')}", newest.get("message") or "")
        yield _finding(node, graph, told, (shown,), severity=Severity.WARNING)


def _problem(node: Object, text: str) -> Told:
    fix = "Drain the node and repair or replace the machine"
    drain = kubectl("drain", ref(node).name, "--ignore-daemonsets")
    return modes.NODE_PROBLEM, f"has a problem of its machine ({text})", fix, drain


def _recent(node: Object, graph: Graph) -> list[Object]:
    """Return a node's warnings of the last hour; kubelets name a node's uid in ways of their own."""
    found = _warnings_by_node(graph).get(ref(node).name, ())
    return [item for item in found if (seconds_since(graph.snapshot, event_time(item)) or 0) < RECENT]


@per_graph
def _warnings_by_node(graph: Graph) -> Mapping[str, list[Object]]:
    found: dict[str, list[Object]] = defaultdict(list)
    for event in graph.all("Event"):
        about = event.get("involvedObject") or {}
        if about.get("kind") == "Node" and event.get("type") == "Warning":
            found[about.get("name", "")].append(event)
    return found


def _warnings(node: Object, graph: Graph) -> Iterator[Evidence]:
    events = sorted(_recent(node, graph), key=event_time)[-1:]
    for event in events:
        yield Evidence(ref(node), f"event {event.get('reason')}", event.get("message") or "")


@per_graph
def _pods_on(graph: Graph) -> Mapping[str, list[Object]]:
    """Return node -> the pods bound to it. Only asked where a node is unwell."""
    found: dict[str, list[Object]] = defaultdict(list)
    for pod in graph.all("Pod"):
        if spec(pod).get("nodeName"):
            found[spec(pod)["nodeName"]].append(pod)
    return found


def _waiting_for(node: Object, graph: Graph) -> Iterator[Ref]:
    """Yield the pods that wait for a node and might use this one, were it well."""
    for pod in graph.all("Pod"):
        if is_unscheduled(pod):
            fit = next((fit for fit in fits(pod, graph) if fit.name == ref(node).name), None)
            if fit is not None and fit.eligible and not fit.cordoned and not fit.chosen_taints() and fit.taints:
                yield ref(pod)


def _finding(
    node: Object,
    graph: Graph,
    told: Told,
    evidence: Sequence[Evidence],
    affected: tuple[Ref, ...] = (),
    severity: Severity | None = None,
) -> Finding:
    """Return a finding about a node: an error where pods of this look suffer, a note where none is near."""
    here = _lasting(node, graph)
    waiting = list(_waiting_for(node, graph))
    mode, what, fix, command = told
    many = f" ({counted(len(here), 'pod')} of this look {'is' if len(here) == 1 else 'are'} there)" if here else ""
    more = f"; {listed(name.name for name in waiting)} waits for it" if len(waiting) == 1 else ""
    return Finding(
        mode=mode,
        subject=ref(node),
        cause=f"Node {ref(node).name} {what}{many}{more}",
        severity=severity or _severity(bool(waiting or affected), bool(here), mode, graph),
        confidence=Confidence.CERTAIN,
        evidence=tuple(dict.fromkeys(evidence)),
        fix=Fix(fix, (command,)),
        affected=(*affected, *waiting),
    )


def _severity(suffers: bool, lives: bool, mode: Mode, graph: Graph) -> Severity:
    if suffers or (lives and mode in LOST):
        return Severity.ERROR
    return Severity.WARNING if lives or graph.snapshot.namespace is None else Severity.INFO


RULES = (not_ready, runtime, under_pressure, threshold, network_unavailable, overcommitted, problem)
