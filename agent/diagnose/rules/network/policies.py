"""NetworkPolicies that keep a pod from what it calls, and sidecars of a mesh that refuse it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity, finding
from agent.diagnose.logs import LAST, log_line, unready
from agent.diagnose.messages.network import TIMEOUTS, UNSURE
from agent.diagnose.registry import rule
from agent.kube.addresses import Call, calls
from agent.kube.containers import Container, containers_of, readable
from agent.kube.endpoints import chosen, is_ready, selected
from agent.kube.fields import condition_is, containers, number, spec, status
from agent.kube.networkpolicy import DNS, EGRESS, INGRESS, blocking
from agent.kube.remedies import kubectl
from agent.kube.wording import listed, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, labels, ref
from agent.snapshot.record import Object

MESH = ("istio-proxy", "linkerd-proxy", "kuma-sidecar", "consul-dataplane")

_DENIED = re.compile(r"RBAC: access denied|rbac_access_denied|PERMISSION_DENIED: RBAC")
_BROKEN = re.compile(
    r"upstream connect error or disconnect/reset before headers|TLS error: |CERTIFICATE_VERIFY_FAILED"
    r"|\bUC\b.*upstream_reset"
)


@rule(modes.NETWORK_POLICY_BLOCKS, on="Pod")
def blocks(pod: Object, graph: Graph) -> Iterator[Finding]:
    """Packets of a pod get no answer, and policies allow neither its questions to the DNS nor its calls."""
    if spec(pod).get("hostNetwork") or not graph.snapshot.knows("NetworkPolicy"):
        return
    for container in unready(pod, graph):
        unanswered, late = log_line(container, graph, UNSURE), log_line(container, graph, TIMEOUTS)
        if unanswered and (policies := _dns_blocked(pod, graph)):
            yield _finding(
                container, policies, "its questions to the cluster's DNS (port 53)", EGRESS, unanswered, graph
            )
        elif late:
            yield from _calls_blocked(container, late, graph)


def _dns_blocked(pod: Object, graph: Graph) -> Sequence[Object]:
    return blocking(EGRESS, pod, DNS, 53, "UDP", graph)


def _calls_blocked(container: Container, late: Evidence, graph: Graph) -> Iterator[Finding]:
    for call in calls(container.spec, ref(container.pod).namespace, graph):
        service = graph.get("Service", call.namespace, call.name)
        ready = (
            [found for found in selected(call.namespace, chosen(service), graph) if is_ready(found)] if service else []
        )
        if service is None or not ready:
            continue
        port, protocol = _target(service, call, ready[0])
        what = f"its calls to {said(ref(service))} (port {port} of its pods)"
        for direction, pod, peer in ((EGRESS, container.pod, ready[0]), (INGRESS, ready[0], container.pod)):
            policies = blocking(direction, pod, peer, port, protocol, graph)
            if policies:
                yield _finding(container, policies, what, direction, late, graph)
                return


def _target(service: Object, call: Call, pod: Object) -> tuple[int, str]:
    """Return the port of the pod a call ends at: policies are about pods, not about Services."""
    offered: Sequence[Mapping[str, Any]] = spec(service).get("ports") or ({},)
    port = next((one for one in offered if one.get("port") == call.port), offered[0])
    target = port.get("targetPort") or port.get("port")
    named = [
        one for _, container in containers(pod) for one in container.get("ports") or () if one.get("name") == target
    ]
    where = named[0].get("containerPort") if named else target
    return number(where) if str(where).isdigit() else 0, port.get("protocol") or "TCP"


def _finding(
    container: Container, policies: Sequence[Object], what: str, direction: str, proof: Evidence, graph: Graph
) -> Finding:
    names = listed(f"{ref(policy).namespace}/{ref(policy).name}" for policy in policies)
    side = "leaves" if direction == EGRESS else "enters"
    cause = f"NetworkPolicy {names} drops {what}: it isolates what {side} the pod and no rule allows this"
    fix = Fix(
        f"Allow this {direction.lower()} {'to' if direction == EGRESS else 'from'} these pods and port",
        (kubectl("describe", "networkpolicy", namespace=ref(policies[0]).namespace),),
    )
    shown = [Evidence(ref(policy), "/spec/podSelector", str(spec(policy).get("podSelector"))) for policy in policies]
    found = finding(modes.NETWORK_POLICY_BLOCKS, container, graph, cause, fix, (proof, *shown), Confidence.LIKELY)
    return replace(found, affected=(*found.affected, *(ref(policy) for policy in policies)))


@rule(modes.MESH_REFUSES, on="Pod")
def mesh_refuses(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A mesh refuses a pod's requests: an AuthorizationPolicy, or TLS the two sides do not agree on."""
    if condition_is(pod, "Ready", "True") and not any(container.restarts for container in containers_of(pod)):
        return
    for container in containers_of(pod):
        log = readable(graph.log(pod, container.name, previous=False))
        for line in log.splitlines()[-LAST:]:
            denied, broken = _DENIED.search(line), _BROKEN.search(line)
            if denied or (broken and _is_meshed(pod)):
                yield _mesh_finding(container, line, graph, denied=bool(denied))
                return


def _is_meshed(pod: Object) -> bool:
    return any(container.get("name") in MESH for _, container in containers(pod))


def _mesh_finding(container: Container, line: str, graph: Graph, *, denied: bool) -> Finding:
    why = "an AuthorizationPolicy denies" if denied else "the proxies of the two sides do not agree on TLS for"
    fix = Fix(
        "Allow this client in the AuthorizationPolicy of the service it calls"
        if denied
        else "Give both sides a proxy, or let the PeerAuthentication of the called one accept plain text",
        (kubectl("get", "authorizationpolicies,peerauthentications", namespace=ref(container.pod).namespace),),
    )
    cause = f"{container.said} is refused by the mesh: {why} its requests"
    shown = (Evidence(ref(container.pod), "log", line.strip()[:500]),)
    return finding(modes.MESH_REFUSES, container, graph, cause, fix, shown, Confidence.LIKELY)


@rule(modes.KUBE_PROXY_DOWN, on="DaemonSet")
def proxy_down(daemonset: Object, graph: Graph) -> Iterator[Finding]:
    """kube-proxy does not run on a node, so Services answer from every node but that one."""
    if ref(daemonset).name != "kube-proxy" and labels(daemonset).get("k8s-app") != "kube-proxy":
        return
    missing = number(status(daemonset).get("numberUnavailable"))
    lost = [pod for pod in graph.pods(daemonset) if not is_ready(pod)]
    nodes = sorted({str(spec(pod).get("nodeName")) for pod in lost if spec(pod).get("nodeName")})
    if not missing or not nodes:
        return
    yield Finding(
        mode=modes.KUBE_PROXY_DOWN,
        subject=ref(daemonset),
        cause=f"{said(ref(daemonset))} does not run on {listed(nodes)}: pods there do not reach "
        "Services whose endpoints are new or have changed",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=tuple(Evidence(ref(pod), "/status/conditions", "not ready") for pod in lost[:3]),
        fix=Fix(
            "Find out why its pod there does not run",
            (kubectl("get", "pods", "-n", ref(daemonset).namespace, "-o", "wide"),),
        ),
        affected=tuple(ref(pod) for pod in lost),
        roots=tuple(ref(pod) for pod in lost),
    )


RULES = (blocks, mesh_refuses, proxy_down)
