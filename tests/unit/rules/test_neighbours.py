"""Pods whose neighbours keep them from every node, and pods that merely have neighbours."""

from typing import Any

from agent.diagnose.finding import Finding
from tests.fakes.made import Raw, container, found, modes, node, owned, pod, unscheduled, workload

HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
TOLD = "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules."


def term(app: str, key: str = HOST, **more: Any) -> Raw:
    return {"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": key, **more}


def apart(app: str = "web", key: str = HOST, **more: Any) -> Raw:
    return {"podAntiAffinity": {REQUIRED: [term(app, key, **more)]}}


def pair(placed_on: str = "node-1", message: str = TOLD, **spec: Any) -> list[Raw]:
    """Return a Deployment of two with one pod on a node and one on none."""
    top = workload("web", replicas=2)
    below = owned(workload("web-7d9f", {"app": "web"}, "ReplicaSet", 2), top)
    for item in (top, below):
        item["status"] |= {"readyReplicas": 1, "availableReplicas": 1}
    first = owned(pod("web-7d9f-a", {"app": "web"}, nodeName=placed_on, **spec), below)
    return [top, below, first, owned(unscheduled(pod("web-7d9f-b", {"app": "web"}, **spec), message), below)]


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_two_replicas_that_refuse_one_another_on_one_node() -> None:
    finding = only(found(*pair(affinity=apart()), node()))
    assert finding.mode.number == 26
    assert "there is 1 domain for 2 replicas" in finding.cause


def test_a_second_node_without_them_is_free() -> None:
    assert 26 not in modes(found(*pair(message="", affinity=apart()), node("node-1"), node("node-2")))


def test_somebody_else_s_anti_affinity_keeps_a_pod_away_as_much() -> None:
    hermit = pod("hermit-1", {"app": "hermit"}, affinity=apart("web"))
    finding = only(found(*pair("node-9"), hermit, node()))
    assert finding.mode.number == 26
    assert "a pod of Pod hermit-1" in finding.cause


def test_anti_affinity_to_another_namespace_s_pods_is_another_s() -> None:
    far = pod("hermit-1", {"app": "hermit"}, affinity=apart("web"))
    far["metadata"]["namespace"] = "elsewhere"
    assert 26 not in modes(found(*pair("node-9"), far, node()))
    everywhere = pod("hermit-2", {"app": "hermit"}, affinity=apart("web", namespaceSelector={}))
    everywhere["metadata"]["namespace"] = "elsewhere"
    assert 26 in modes(found(*pair("node-9"), everywhere, node()))


def spread(key: str = ZONE, **more: Any) -> list[Raw]:
    return [
        {"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "DoNotSchedule"}
        | {"labelSelector": {"matchLabels": {"app": "web"}}}
        | more
    ]


MISSING = "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label)."
SKEWED = "0/2 nodes are available: 1 node(s) didn't match pod topology spread constraints."


def test_a_spread_over_a_label_no_node_has() -> None:
    finding = only(found(*pair(message=MISSING, topologySpreadConstraints=spread()), node()))
    assert finding.mode.number == 26
    assert f"no node it may use carries the label {ZONE}" in finding.cause


def test_a_spread_whose_other_zone_takes_no_pods() -> None:
    zones = [node("node-1", {ZONE: "a"}), node("node-2", {ZONE: "b"}, taints=[{"key": "gpu", "effect": "NoSchedule"}])]
    finding = only(found(*pair(message=SKEWED, topologySpreadConstraints=spread()), *zones))
    assert finding.mode.number == 26
    assert "domain b has 0 of its pods" in finding.cause


def test_a_soft_spread_and_one_with_room_keep_nobody_away() -> None:
    soft = spread(whenUnsatisfiable="ScheduleAnyway")
    assert 26 not in modes(found(*pair(message=MISSING, topologySpreadConstraints=soft), node()))
    zones = [node("node-1", {ZONE: "a"}), node("node-2", {ZONE: "b"})]
    assert 26 not in modes(found(*pair(message=SKEWED, topologySpreadConstraints=spread()), *zones))


def test_company_that_runs_nowhere_and_company_that_runs_elsewhere() -> None:
    beside = {"podAffinity": {REQUIRED: [term("cache")]}}
    finding = only(found(*pair(affinity=beside), node()))
    assert finding.mode.number == 27
    assert "pods labelled app=cache, and no such pod runs" in finding.cause
    held = node("node-2", unschedulable=True)
    cache = pod("cache-1", {"app": "cache"}, nodeName="node-2")
    assert "they run only on node-2" in only(found(*pair(affinity=beside), cache, node(), held)).cause


def test_company_that_is_there_and_one_s_own_company() -> None:
    beside = {"podAffinity": {REQUIRED: [term("cache")]}}
    cache = pod("cache-1", {"app": "cache"}, nodeName="node-1")
    assert 27 not in modes(found(*pair(affinity=beside), cache, node()))
    own = {"podAffinity": {REQUIRED: [term("web")]}}
    top, below, _, alone = pair(affinity=own)
    assert 27 not in modes(found(top, below, alone, node()))


def on_port(number: int, **more: Any) -> Raw:
    return container(ports=[{"containerPort": 80, "hostPort": number, **more}])


def test_a_port_of_the_node_that_another_holds() -> None:
    agent = pod("agent-1", {"app": "agent"}, containers=[on_port(9100)])
    finding = only(found(*pair("node-9", containers=[on_port(9100)]), agent, node()))
    assert finding.mode.number == 28
    assert "wants host port 9100/TCP, which Pod agent-1 holds" in finding.cause


def test_ports_that_do_not_clash() -> None:
    for other in (on_port(9101), on_port(9100, protocol="UDP")):
        agent = pod("agent-1", {"app": "agent"}, containers=[other])
        assert 28 not in modes(found(*pair("node-9", containers=[on_port(9100)]), agent, node()))
    apart_by_address = pod("agent-1", {"app": "agent"}, containers=[on_port(9100, hostIP="10.0.0.1")])
    wants = on_port(9100, hostIP="10.0.0.2")
    assert 28 not in modes(found(*pair("node-9", containers=[wants]), apart_by_address, node()))


def test_more_replicas_than_nodes_for_one_port() -> None:
    finding = only(found(*pair(containers=[on_port(9100)]), node()))
    assert "(more replicas than the 1 node)" in finding.cause
