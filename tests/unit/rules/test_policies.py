"""DNS, NetworkPolicies, meshes and kube-proxy: what keeps packets from where they should go, and what does not."""

from typing import Any

import pytest

from tests.fakes.made import (
    Raw,
    container,
    ended,
    endpoints,
    failing_workload,
    found,
    made,
    modes,
    owned,
    pod,
    running,
    running_workload,
    service,
    workload,
)

CALLS = container(env=[{"name": "BACKEND_URL", "value": "http://backend:8000"}])
UNANSWERED = {"front-7d9f-x/web": "dial tcp: lookup backend on 10.96.0.10:53: read udp: i/o timeout\n"}
UNKNOWN = {"front-7d9f-x/web": "dial tcp: lookup backend: no such host\n"}
LATE = {"front-7d9f-x/web": "dial tcp 10.96.3.4:8000: connect: connection timed out\n"}


def client(**spec: Any) -> list[Raw]:
    return failing_workload("front", ended(1, message=""), **{"containers": [CALLS], **spec})


def backend() -> list[Raw]:
    return [*running_workload("backend"), service("backend"), endpoints("backend")]


def policy(name: str, types: list[str], selector: Raw | None = None, **rules: Any) -> Raw:
    return made("NetworkPolicy", name, {"podSelector": selector or {}, "policyTypes": types, **rules})


DENY = policy("default-deny", ["Ingress", "Egress"])
DNS = policy("dns", ["Egress"], egress=[{"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}])


def to_backend(port: Any = 8000) -> Raw:
    peer = {"podSelector": {"matchLabels": {"app": "backend"}}}
    return policy("to-backend", ["Egress"], egress=[{"to": [peer], "ports": [{"port": port}]}])


def from_front() -> Raw:
    peer = {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["front"]}]}}
    return policy("from-front", ["Ingress"], {"matchLabels": {"app": "backend"}}, ingress=[{"from": [peer]}])


def test_a_default_deny_drops_questions_to_the_dns() -> None:
    (finding,) = found(*backend(), *client(), DENY, logs=UNANSWERED)
    assert (finding.mode.number, finding.subject.name) == (117, "front")
    assert "NetworkPolicy shop/default-deny drops its questions to the cluster's DNS (port 53)" in finding.cause


@pytest.mark.parametrize("allowing", [[to_backend(), from_front()], [to_backend("http"), from_front()]])
def test_a_default_deny_drops_a_call_until_both_sides_allow_it(allowing: list[Raw]) -> None:
    world = [*backend(), *client(), DENY, DNS]
    (finding,) = found(*world, logs=LATE)
    assert (
        "drops its calls to Service backend (port 8000 of its pods): it isolates what leaves the pod" in finding.cause
    )
    (other,) = found(*world, allowing[0], logs=LATE)
    assert "it isolates what enters the pod" in other.cause
    assert 117 not in modes(found(*world, *allowing, logs=LATE))


def test_another_port_or_another_namespace_is_not_allowed() -> None:
    world = [*backend(), *client(), DENY, DNS, from_front()]
    assert modes(found(*world, to_backend(9090), logs=LATE)) == [117]
    elsewhere = {"namespaceSelector": {"matchLabels": {"team": "payments"}}}
    assert modes(found(*world, policy("far", ["Egress"], egress=[{"to": [elsewhere]}]), logs=LATE)) == [117]


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"ports": [{"port": 8000, "endPort": 9000}]},
        {"to": [{"namespaceSelector": {}}]},
        {"to": [{"ipBlock": {"cidr": "10.244.0.0/16"}}]},
    ],
)
def test_many_ways_to_allow_a_call(rule: Raw) -> None:
    world = [*backend(), *client(), DENY, DNS, from_front(), policy("some", ["Egress"], egress=[rule])]
    assert 117 not in modes(found(*world, logs=LATE))


def test_a_block_with_an_exception_for_the_pods_allows_nothing_there() -> None:
    block = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}
    outside = policy("internet", ["Egress"], egress=[{"to": [block]}])
    assert modes(found(*backend(), *client(), DENY, DNS, from_front(), outside, logs=LATE)) == [117]


def test_a_policy_beside_another_fault_is_not_blamed() -> None:
    """A default-deny namespace with working pods is healthy; so is one whose pod crashes for a reason of its own."""
    assert found(*backend(), DENY) == []
    crash = {"front-7d9f-x/web": "FATAL: environment variable API_KEY is not set\n"}
    assert 117 not in modes(found(*backend(), *client(), DENY, logs=crash))
    assert 117 not in modes(found(*backend(), *client(hostNetwork=True), DENY, logs=LATE))


def test_a_dns_that_answers_nobody() -> None:
    (finding,) = found(*backend(), *client(), logs=UNANSWERED)
    assert (finding.mode.number, finding.subject.name) == (118, "kube-dns")
    assert "Deployment front resolves no name" in finding.cause


def _system(item: Raw) -> Raw:
    item["metadata"]["namespace"] = "kube-system"
    return item


def coredns(status: Raw) -> list[Raw]:
    labels = {"k8s-app": "kube-dns"}
    top = _system(workload("coredns", labels))
    below = owned(_system(workload("coredns-1", labels, "ReplicaSet")), top)
    return [
        top,
        below,
        owned(_system(pod("coredns-1-x", labels, [status], dnsPolicy="Default")), below),
        _system(service("kube-dns", labels)),
        _system(endpoints("kube-dns")),
    ]


def test_a_broken_corefile_explains_who_resolves_nothing() -> None:
    logs = UNANSWERED | {
        "coredns-1-x/web": "/etc/coredns/Corefile:7 - Error during parsing: Unknown directive 'forwrd'\n"
    }
    (finding,) = found(*coredns(ended(1)), *backend(), *client(), logs=logs)
    assert (finding.mode.code, finding.subject.name) == ("dns-misconfigured", "coredns")
    assert any("front" in line for line in finding.symptoms)


def test_a_dns_that_asks_itself() -> None:
    loop = "[FATAL] plugin/loop: Loop (127.0.0.1:54953 -> :53) detected for zone ."
    (finding,) = found(*coredns(ended(1)), logs={"coredns-1-x/web": loop})
    assert "it is its own upstream" in finding.cause


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"hostNetwork": True}, "hostNetwork"),
        ({"dnsPolicy": "Default"}, "dnsPolicy Default"),
        ({"dnsPolicy": "None", "dnsConfig": {"nameservers": ["1.1.1.1"]}}, "asks 1.1.1.1 alone"),
    ],
)
def test_a_pod_that_asks_somebody_else(spec: Raw, said: str) -> None:
    for logs in (UNKNOWN, UNANSWERED):
        (finding,) = found(*backend(), *client(**spec), logs=logs)
        assert (finding.mode.number, said in finding.cause) == (119, True)


def test_a_pod_that_asks_somebody_else_and_is_content() -> None:
    assert found(*backend(), *running_workload("front", containers=[CALLS], hostNetwork=True)) == []
    crash = {"front-7d9f-x/web": "panic: out of ideas\n"}
    assert 119 not in modes(found(*backend(), *client(hostNetwork=True), logs=crash))
    assert 119 not in modes(
        found(*backend(), *client(hostNetwork=True, dnsPolicy="ClusterFirstWithHostNet"), logs=UNKNOWN)
    )


def test_a_mesh_that_denies_is_said_and_one_that_merely_logs_is_not() -> None:
    denied = {"front-7d9f-x/web": "HTTP 403 RBAC: access denied\n"}
    assert modes(found(*backend(), *client(), logs=denied)) == [121]
    reset = {"front-7d9f-x/web": "503 upstream connect error or disconnect/reset before headers: TLS\n"}
    assert 121 not in modes(found(*backend(), *client(), logs=reset)), "nobody meshed this pod"
    proxies = {"containers": [CALLS, container("istio-proxy")]}
    assert 121 in modes(found(*backend(), *client(**proxies), logs=reset))


def kube_proxy(*, ready: bool) -> list[Raw]:
    labels = {"k8s-app": "kube-proxy"}
    status = {"observedGeneration": 1, "desiredNumberScheduled": 1, "numberUnavailable": 0 if ready else 1}
    top = _system(made("DaemonSet", "kube-proxy", {}, status | {"currentNumberScheduled": 1}, labels=labels))
    return [top, owned(_system(pod("kube-proxy-x", labels, [running(ready)])), top)]


def test_a_node_without_kube_proxy() -> None:
    (finding,) = found(*kube_proxy(ready=False))
    assert finding.mode.number == 120
    assert "does not run on node-1" in finding.cause
    assert found(*kube_proxy(ready=True)) == []
