"""Names that do not resolve: no name server answers, the pod asks another one, or a policy drops the question."""

import re
from collections.abc import Iterator, Sequence

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity, finding
from agent.diagnose.logs import LAST, log_line, unready
from agent.diagnose.messages.lines import last_words
from agent.diagnose.messages.network import NAMES, SILENCE, UNSURE
from agent.diagnose.messages.pattern import Pattern
from agent.diagnose.registry import rule
from agent.kube.addresses import astray, calls, resolve, service_at
from agent.kube.containers import Container, containers_of, end_log, last_end
from agent.kube.edits import pod_edits
from agent.kube.endpoints import behind, is_ready, selected
from agent.kube.fields import spec
from agent.kube.networkpolicy import DNS, EGRESS, blocking
from agent.kube.places import asked_name
from agent.kube.remedies import kubectl
from agent.kube.wording import listed, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, labels, ref
from agent.snapshot.record import Object, Ref

SYSTEM = "kube-system"
CLUSTER_DNS = Ref("Service", SYSTEM, "kube-dns")
"""CoreDNS's Service has had this name since there was another server behind it."""


@rule(modes.DNS_POLICY_WRONG, on="Pod")
def wrong_policy(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A pod calls a Service by name and does not ask the cluster's DNS."""
    own = _own_servers(pod)
    for container in unready(pod, graph) if own else ():
        service = _called(container, graph)
        proof = log_line(container, graph, NAMES) or log_line(container, graph, UNSURE)
        if service is None or proof is None:
            continue
        host = bool(spec(pod).get("hostNetwork"))
        policy, new = str(spec(pod).get("dnsPolicy")), "ClusterFirstWithHostNet" if host else "ClusterFirst"
        cause = f"container {container.name} calls {said(ref(service))} by name, but {own}"
        fix = Fix(f"Use dnsPolicy {new}", pod_edits(pod, graph, ("dnsPolicy",), new))
        shown = (Evidence(ref(pod), "/spec/dnsPolicy", policy), proof)
        yield finding(modes.DNS_POLICY_WRONG, container, graph, cause, fix, shown, Confidence.CERTAIN)


def _own_servers(pod: Object) -> str:
    """Return which servers a pod asks instead of the cluster's DNS, "" where it asks that."""
    policy = spec(pod).get("dnsPolicy") or "ClusterFirst"
    if spec(pod).get("hostNetwork") and policy in ("ClusterFirst", "Default"):
        return (
            f"with hostNetwork and dnsPolicy {policy} it asks the node's name servers, which know no Service "
            "(ClusterFirstWithHostNet asks the cluster's)"
        )
    if policy == "Default":
        return "with dnsPolicy Default it asks the node's name servers, which know no Service"
    if policy == "None":
        servers = listed((spec(pod).get("dnsConfig") or {}).get("nameservers") or ["no server"])
        return f"with dnsPolicy None it asks {servers} alone"
    return ""


def _called(container: Container, graph: Graph) -> Object | None:
    """Return a Service that exists and that the container calls by name: in its environment, or in its command."""
    namespace = ref(container.pod).namespace
    for call in calls(container.spec, namespace, graph):
        found = graph.get("Service", call.namespace, call.name)
        if found is not None:
            return found
    proof = log_line(container, graph, NAMES) or log_line(container, graph, UNSURE)
    return service_at(asked_name(proof.text), namespace, graph) if proof else None


@rule(modes.DNS_UNANSWERED, on="Pod")
def unanswered(pod: Object, graph: Graph) -> Iterator[Finding]:
    """No name server answers a pod that asks the cluster's DNS, and no policy of its own stands between."""
    if _own_servers(pod) or _is_dns(pod):
        return
    for container in unready(pod, graph):
        proof = _unanswered(container, graph)
        if proof is None or any(blocking(EGRESS, pod, DNS, 53, protocol, graph) for protocol in ("UDP", "TCP")):
            continue
        if not _has_no_address(container, graph):
            yield _unanswered_finding(container, proof, graph)


def _unanswered(container: Container, graph: Graph) -> Evidence | None:
    """Return the line that proves that no name server answers; an answer about one name proves nothing.

    With CoreDNS down every complaint about names does. Else it takes silence, or "not now" about a name that has an
    answer: that of a Service, or two names at least.
    """
    silent, unsure = _line(container, graph, SILENCE), _line(container, graph, UNSURE)
    if silent is not None or unsure is None:
        return silent or (_line(container, graph, NAMES) if _is_down(graph) else None)
    name, home = asked_name(unsure.text), ref(container.pod).namespace
    if not name and astray(container.spec, home, graph):  # a name that nobody has may end so, too
        return unsure if _is_down(graph) else None
    named = resolve(name, home, graph) if name else None
    if _is_down(graph) or (named is not None and graph.exists("Service", *named[:2])):
        return unsure
    return unsure if len(_asked_for(container, graph) - {name}) > 0 or not name else None


def _line(container: Container, graph: Graph, pattern: Pattern) -> Evidence | None:
    """Return the line that fits: of what ended a container, or near the end of what one that runs says."""
    if last_end(container, graph) is None:
        return log_line(container, graph, pattern)
    pointer, log = end_log(container, graph)
    found = next((line for line in last_words(log) if pattern.search(line)), None)
    return None if found is None else Evidence(ref(container.pod), pointer, found[:500])


def _asked_for(container: Container, graph: Graph) -> set[str]:
    """Return the names whose resolution failed for now, by the end of a container's log."""
    lines = end_log(container, graph)[1].splitlines()[-LAST:]
    return {asked_name(line) for line in lines if UNSURE.search(line)} - {""}


def _is_down(graph: Graph) -> bool:
    """Return whether the cluster's DNS was looked at and has no ready pod."""
    service, pods = _servers(graph)
    return service is not None and not any(is_ready(found) for found in pods)


def _has_no_address(container: Container, graph: Graph) -> bool:
    """Return whether the name is that of a headless Service without a ready pod: there is nothing to answer with."""
    service = _called(container, graph)
    if service is None or spec(service).get("clusterIP") != "None" or spec(service).get("publishNotReadyAddresses"):
        return False
    return not any(
        is_ready(pod) for pod in selected(ref(service).namespace, spec(service).get("selector") or {}, graph)
    )


def _is_dns(pod: Object) -> bool:
    return labels(pod).get("k8s-app") == "kube-dns"


def _servers(graph: Graph) -> tuple[Object | None, Sequence[Object]]:
    """Return the cluster's DNS Service and the pods behind it, where they were looked at."""
    service = graph.get(*CLUSTER_DNS)
    pods = selected(SYSTEM, spec(service).get("selector") or {}, graph) if service is not None else ()
    return service, pods


def _unanswered_finding(container: Container, proof: Evidence, graph: Graph) -> Finding:
    service, pods = _servers(graph)
    down = _is_down(graph)
    state = "no pod of it is ready" if down else "it does not answer"
    workload = said(ref(graph.workload(container.pod)))
    makers = [ref(obj) for obj in behind(SYSTEM, spec(service).get("selector") or {}, graph)] if service else []
    return Finding(
        mode=modes.DNS_UNANSWERED,
        subject=CLUSTER_DNS,
        cause=f"The cluster's DNS ({said(CLUSTER_DNS)} in {SYSTEM}): {state}, so {workload} resolves no name",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if down else Confidence.LIKELY,
        evidence=(proof, *(Evidence(ref(found), "/status/conditions", "not ready") for found in pods[:3] if down)),
        fix=Fix(
            "Mend CoreDNS, or what keeps packets from it",
            (kubectl("get", "pods,endpointslices", "-n", SYSTEM, "-l", "k8s-app=kube-dns"),),
        ),
        affected=(ref(container.pod), ref(graph.workload(container.pod))),
        roots=(*makers, *(ref(found) for found in pods if not is_ready(found))),
    )


CORE_FILE = re.compile(r"Corefile|plugin/|Loop \(")
"""How CoreDNS speaks of its configuration when it ends."""


@rule(modes.DNS_MISCONFIGURED, on="Pod")
def misconfigured(pod: Object, graph: Graph) -> Iterator[Finding]:
    """CoreDNS itself does not come up with its Corefile, or finds that it asks itself."""
    if not _is_dns(pod):
        return
    for container in containers_of(pod):
        found = log_line(container, graph, CORE_FILE) if container.restarts or not container.ready else None
        if found is None:
            continue
        loops = "Loop" in found.text
        why = "it is its own upstream: the node's resolv.conf names a loopback address" if loops else found.text
        cause = f"container {container.name} ends because of its Corefile: {why}"
        fix = Fix(
            "Forward to a name server that is not this one" if loops else "Correct the Corefile",
            (kubectl("edit", "configmap", "coredns", namespace=ref(pod).namespace),),
        )
        yield finding(modes.DNS_MISCONFIGURED, container, graph, cause, fix, (found,), Confidence.LIKELY)


RULES = (wrong_policy, unanswered, misconfigured)
