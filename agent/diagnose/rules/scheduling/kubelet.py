"""Pods a scheduler placed (or a person, by nodeName) and the node's kubelet refused: they fail, and stay so."""

import re
from collections.abc import Iterator

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.modes import Mode
from agent.diagnose.registry import Rule
from agent.kube.containers import workload_ref
from agent.kube.fields import spec, status
from agent.kube.remedies import kubectl
from agent.kube.wording import said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, controller, ref
from agent.snapshot.record import Object

REFUSED = {
    modes.INSUFFICIENT_CPU: re.compile("OutOfcpu"),
    modes.INSUFFICIENT_MEMORY: re.compile("OutOfmemory"),
    modes.INSUFFICIENT_EPHEMERAL_STORAGE: re.compile("OutOfephemeral-storage"),
    modes.TOO_MANY_PODS: re.compile("OutOfpods"),
    modes.INSUFFICIENT_DEVICE: re.compile("OutOf.+/.+|OutOfhugepages-.+|UnexpectedAdmissionError"),
    modes.HOST_PORT_TAKEN: re.compile("NodePorts|HostPortConflict"),
    modes.NODE_SELECTOR_UNMATCHED: re.compile("NodeAffinity|NodeSelectorMismatching"),
}
"""Mode to the reason a kubelet gives (`pkg/kubelet/lifecycle/predicate.go`), of which the scheduler asks the same."""


def _rule(mode: Mode) -> Rule:
    def refused(pod: Object, graph: Graph) -> Iterator[Finding]:
        """A kubelet checks once more what the scheduler checked, and what has changed since is a refusal."""
        reason = str(status(pod).get("reason") or "")
        if status(pod).get("phase") == "Failed" and REFUSED[mode].fullmatch(reason):
            yield _finding(mode, pod, reason, graph)

    return Rule(mode, "Pod", refused)


def _finding(mode: Mode, pod: Object, reason: str, graph: Graph) -> Finding:
    workload, message = workload_ref(pod, graph), str(status(pod).get("message") or "")
    why = " ".join(message.removeprefix("Pod was rejected: ").split()).rstrip(".")
    node = spec(pod).get("nodeName") or "its node"
    again = "its controller makes another one" if controller(pod) else "create it again"
    return Finding(
        mode=mode,
        subject=workload,
        cause=f"{said(workload)}: the kubelet of {node} refused a pod ({reason}){f': {why}' if why else ''}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(Evidence(ref(pod), "/status/reason", f"{reason}: {message}".strip(": ")),),
        fix=Fix(
            f"Free on {node} what the pod needs, or let it go to another node; then delete the pod: {again}",
            (kubectl("describe", "node", node),) if spec(pod).get("nodeName") else (),
        ),
        affected=(ref(pod),),
    )


RULES = tuple(_rule(mode) for mode in REFUSED)
