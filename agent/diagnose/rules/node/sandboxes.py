"""What a node that says it is ready cannot do for its pods: set up their network, or hold their images."""

import re
from collections.abc import Iterator

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.modes import Mode
from agent.diagnose.registry import rule
from agent.kube.containers import containers_of, events_of, newest, workload_ref
from agent.kube.fields import condition_is, metadata, seconds_since, spec
from agent.kube.remedies import kubectl
from agent.kube.wording import said
from agent.snapshot.evidence import Evidence, event_evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref

PATIENCE = 60
"""Seconds in which a network plugin may itself just be starting: the kubelet tries again every few seconds."""

MOST = 300
"""Characters of a plugin's own words that are worth repeating."""

_NETWORK = re.compile(
    r"fail\w+ to set ?up (?:the )?network for sandbox|fail\w+ to set ?up pod .* network|networkPlugin cni failed"
    r"|network for pod \"[^\"]*\": |plugin type=\"",
    re.DOTALL,
)
_PLUGIN = re.compile(r"plugin type=\"([^\"]+)\"(?: name=\"[^\"]*\")? failed(?: \(\w+\))?: (.*)", re.DOTALL)
_AFTER = re.compile(
    r"(?:for sandbox \"[^\"]*\"|networkPlugin cni failed[^:]*|network for pod \"[^\"]*\"): (.*)", re.DOTALL
)
_NO_ADDRESS = re.compile(
    r"failed to assign an IP address|no (?:free |available )?IP(?: addresse|v4 addresse)?s?\b.*(?:available|left"
    r"|in range)|no available IPs|no more IPs|No free IPs|all addresses are (?:allocated|in use)|range is full"
    r"|insufficient.*IP",
    re.IGNORECASE,
)
_NO_SPACE = re.compile(r"no space left on device", re.IGNORECASE)


@rule(modes.NETWORK_NOT_READY, on="Pod")
def network_fails(pod: Object, graph: Graph) -> Iterator[Finding]:
    """The network plugin of a node that is ready fails for new pods: its own pod, its rights, its pool of addresses."""
    event = newest([item for item in graph.events(pod) if item.get("reason") == "FailedCreatePodSandBox"])
    message = str((event or {}).get("message") or "")
    if event is None or not _NETWORK.search(message) or not _waits(pod, graph):
        return
    named = _PLUGIN.search(message)
    after = named or _AFTER.search(message)
    words = " ".join((after[after.re.groups] if after else message).split())[:MOST]
    plugin = f"plugin {named[1]}" if named else "its network plugin"
    if _NO_ADDRESS.search(message):
        what = f"has no address left for another pod: {plugin} says {words}"
        fix = "Run fewer pods on the node, or give the plugin more addresses (a larger range or subnet)"
    else:
        what = f"cannot set up the network of new pods: {plugin} fails with {words}"
        fix = "Look at the plugin's own pod on that node, and repair or restart it"
    yield _finding(modes.NETWORK_NOT_READY, pod, what, fix, event_evidence(event, pod), graph)


@rule(modes.NODE_UNDER_PRESSURE, on="Pod")
def no_room_for_image(pod: Object, graph: Graph) -> Iterator[Finding]:
    """An image does not fit on the node's disk, and the kubelet has not noticed yet (or freed some since)."""
    for container in containers_of(pod):
        if container.waiting.get("reason") not in ("ErrImagePull", "ImagePullBackOff"):
            continue
        told = Evidence(ref(pod), f"{container.status_pointer}/state/waiting", str(container.waiting.get("message")))
        events = (event_evidence(item, pod) for item in reversed(events_of(container, graph, "Failed")))
        shown = next((item for item in (told, *events) if _NO_SPACE.search(item.text)), None)
        if shown is None:
            continue
        what = f"has no room on its disk for image {container.spec.get('image')} of {container.said}"
        fix = "Remove unused images and files on the node (crictl rmi --prune), or give it a larger disk"
        yield _finding(modes.NODE_UNDER_PRESSURE, pod, what, fix, shown, graph)
        return


def _waits(pod: Object, graph: Graph) -> bool:
    """Return whether no container ever ran, the node itself is ready, and the plugin has had its time."""
    age = seconds_since(graph.snapshot, metadata(pod).get("creationTimestamp"))
    started = any(container.running or any(container.ended()) for container in containers_of(pod))
    node = graph.get("Node", "", str(spec(pod).get("nodeName") or ""))
    unwell = node is not None and not condition_is(node, "Ready", "True")
    return not started and not unwell and age is not None and age > PATIENCE


def _finding(mode: Mode, pod: Object, what: str, fix: str, shown: Evidence, graph: Graph) -> Finding:
    name = str(spec(pod).get("nodeName") or "")
    known = graph.get("Node", "", name) is not None
    workload = workload_ref(pod, graph)
    suffers = "" if known else f", so {said(workload)} cannot start"
    return Finding(
        mode=mode,
        subject=Ref("Node", "", name) if known else workload,
        cause=f"Node {name or 'of the pod'} {what}{suffers}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(shown,),
        fix=Fix(fix, (kubectl("describe", "node", name),) if name else ()),
        affected=tuple(dict.fromkeys((ref(pod), workload))),
    )


RULES = (network_fails, no_room_for_image)
