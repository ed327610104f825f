"""Services that mix pods or lead nowhere, clients with a wrong address; and their look-alikes that are well."""

from typing import Any

from agent.diagnose.finding import Confidence, Severity
from tests.fakes.made import (
    RECENTLY,
    Raw,
    condition,
    container,
    endpoints,
    event,
    failing_workload,
    found,
    made,
    modes,
    node,
    owned,
    pod,
    running,
    running_workload,
    service,
)
from tests.fakes.remedies import changes


def releases(*names: str) -> list[Raw]:
    return [item for name in names for item in running_workload(name, {"app": "odoo", "release": name})]


def test_two_releases_behind_each_others_services() -> None:
    both = {"app": "odoo"}
    first, second = found(
        *releases("odoo1", "odoo2"),
        service("odoo1", both),
        service("odoo2", both),
        endpoints("odoo1"),
        endpoints("odoo2"),
    )
    assert {first.mode.number, second.mode.number} == {109}
    assert "which the pods of Deployment odoo2 carry too" in first.cause
    assert changes(first) == [("service.selector.release", None, "odoo1")]


def test_a_canary_or_a_second_service_for_the_same_pods_is_meant() -> None:
    slices = [endpoints("odoo"), endpoints("odoo-canary"), endpoints("odoo-internal")]
    both = {"app": "odoo"}
    canary = service("odoo-canary", {"app": "odoo", "release": "odoo-canary"})
    assert found(*releases("odoo", "odoo-canary"), service("odoo", both), canary, *slices) == []
    assert found(*releases("odoo"), service("odoo", both), service("odoo-internal", both), *slices) == []


def test_two_sets_of_one_rollout_are_one_workload() -> None:
    """Argo's Rollout is no kind this reads: its ReplicaSets name it."""
    rollout = {"kind": "Rollout", "metadata": {"name": "web", "uid": "r"}}
    sets = [owned(made("ReplicaSet", f"web-{place}", {"replicas": 1}, {"replicas": 1}), rollout) for place in (1, 2)]
    pods = [owned(pod(f"web-{place}-x", {"app": "web"}), one) for place, one in enumerate(sets, 1)]
    services = [service("web"), service("web-preview", {"app": "web"})]
    assert found(*sets, *pods, *services, endpoints("web"), endpoints("web-preview")) == []


def test_a_service_that_speaks_another_protocol() -> None:
    ports = [{"name": "dns", "port": 53, "targetPort": 8000, "protocol": "UDP"}]
    (finding,) = found(*running_workload("web"), service("web", ports=ports), endpoints("web"))
    assert finding.mode.number == 112
    assert "forwards UDP on port 53, but its pods speak TCP on 8000" in finding.cause


def test_a_port_declared_for_both_protocols_is_well() -> None:
    both = [{"name": f"dns-{kind.lower()}", "containerPort": 53, "protocol": kind} for kind in ("TCP", "UDP")]
    ports = [{"name": kind, "port": 53, "targetPort": 53, "protocol": kind} for kind in ("TCP", "UDP")]
    world = running_workload("dns", containers=[container(ports=both)])
    assert found(*world, service("dns", ports=ports), endpoints("dns")) == []


def test_a_selectorless_service_nobody_gave_addresses() -> None:
    outside = service("legacy", {})
    (finding,) = found(outside)
    assert (finding.mode.number, finding.severity) == (110, Severity.INFO)
    backend = {"backend": {"service": {"name": "legacy", "port": {"number": 8000}}}}
    ingress = made("Ingress", "shop", {"rules": [{"http": {"paths": [backend]}}]})
    assert [item.severity for item in found(outside, ingress)] == [Severity.WARNING]
    assert found(outside, endpoints("legacy")) == []
    assert found(service("raft", {}, clusterIP="None")) == [], "filled in by who wins an election"
    assert found(made("Service", "pay", {"type": "ExternalName", "externalName": "pay.example.com"})) == []


def test_ready_pods_that_stand_in_no_slice() -> None:
    (finding,) = found(*running_workload("web"), service("web"))
    assert (finding.mode.number, finding.severity) == (110, Severity.ERROR)
    young = running_workload("web")
    young[2]["status"]["conditions"] = [condition("Ready", "True", since=RECENTLY)]
    assert found(*young, service("web")) == []


def balancer(created: str, **status: Any) -> Raw:
    item = service("web", type="LoadBalancer") | {"status": {"loadBalancer": status}}
    item["metadata"]["creationTimestamp"] = created
    return item


def test_a_load_balancer_nobody_provides() -> None:
    world = [*running_workload("web"), endpoints("web")]
    (finding,) = found(*world, node(), balancer(RECENTLY))
    assert finding.mode.number == 116
    assert "nothing in this cluster provides load balancers" in finding.cause
    assert found(*world, node(providerID="aws:///i-1"), balancer(RECENTLY)) == [], "clouds take minutes"
    assert found(*world, node(), balancer(RECENTLY, ingress=[{"hostname": "lb.example.com"}])) == []


def test_a_load_balancer_the_cloud_refuses_says_why() -> None:
    lb = balancer(RECENTLY)
    refused = event(lb, "SyncLoadBalancerFailed", "no suitable subnet")
    (finding,) = found(*running_workload("web"), endpoints("web"), node(providerID="aws:///i-1"), lb, refused)
    assert (finding.confidence, finding.cause.endswith("no suitable subnet")) == (Confidence.CERTAIN, True)


def client(url: str, **spec: Any) -> list[Raw]:
    calls = container(env=[{"name": "BACKEND_URL", "value": url}])
    return failing_workload("front", running(ready=False), **{"containers": [calls], **spec})


def backend(**spec: Any) -> list[Raw]:
    return [*running_workload("backend"), service("backend", **spec), endpoints("backend")]


def answers_503(world: list[Raw]) -> Raw:
    return event(world[2], "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")


def test_a_service_misspelt_in_an_environment() -> None:
    world = client("http://backnd:8000")
    (finding,) = found(*backend(), *world, answers_503(world))
    assert (finding.mode.number, finding.subject.name, finding.confidence) == (113, "front", Confidence.LIKELY)
    assert "calls backnd, by its variable BACKEND_URL" in finding.cause
    assert changes(finding)[0][2] == "http://backend:8000"


def test_a_log_that_names_the_unknown_host_makes_it_certain() -> None:
    logs = {"front-7d9f-x/web": "getaddrinfo ENOTFOUND search\n"}
    (finding,) = found(*backend(), *client("http://search:9200"), logs=logs)
    assert (finding.mode.number, finding.confidence) == (113, Confidence.CERTAIN)


def test_a_name_nobody_complains_of_may_be_optional() -> None:
    """Not ready for a reason of its own; or a host outside, an address, the pod itself."""
    assert 113 not in modes(found(*backend(), *client("http://backnd:8000")))
    for url in ("http://api.example.com", "http://127.0.0.1:8000", "http://localhost", "http://backend.shop:8000"):
        world = client(url)
        space = made("Namespace", "shop")
        assert 113 not in modes(found(space, *backend(), *world, answers_503(world))), url


def test_a_client_that_is_well_is_never_asked() -> None:
    calls = container(env=[{"name": "BACKEND_URL", "value": "http://backnd:8000"}])
    assert found(*backend(), *running_workload("front", containers=[calls])) == []


def test_a_port_the_service_does_not_have() -> None:
    world = client("http://backend:8080")
    (finding,) = found(*backend(), *world, answers_503(world))
    assert finding.mode.number == 114
    assert "calls backend on port 8080" in finding.cause
    assert "Service backend offers only 8000" in finding.cause
    assert changes(finding)[0][2] == "http://backend:8000"


def test_a_scheme_stands_for_its_port_and_a_sibling_variable_for_another() -> None:
    world = client("http://backend/api")
    assert modes(found(*backend(), *world, answers_503(world))) == [114]
    pair = [{"name": "DB_HOST", "value": "backend"}, {"name": "DB_PORT", "value": "5432"}]
    split = failing_workload("front", running(ready=False), containers=[container(env=pair)])
    assert modes(found(*backend(), *split, answers_503(split))) == [114]


def test_a_headless_service_has_whatever_ports_its_pods_have() -> None:
    world = client("http://backend:8080")
    assert 114 not in modes(found(*backend(clusterIP="None"), *world, answers_503(world)))


def test_an_internal_policy_that_keeps_a_client_on_a_node_without_endpoint() -> None:
    local = backend(internalTrafficPolicy="Local")
    far = client("http://backend:8000", nodeName="node-2")
    (finding,) = found(node(), node("node-2"), *local, *far)
    assert finding.mode.number == 115
    assert "runs on node node-2" in finding.cause
    assert 115 not in modes(found(node(), *local, *client("http://backend:8000")))


def test_a_node_port_that_only_some_nodes_answer_is_a_note() -> None:
    port = service("backend", type="NodePort", externalTrafficPolicy="Local")
    world = [*running_workload("backend"), port, endpoints("backend"), node(), node("node-2")]
    assert [(item.mode.number, item.severity) for item in found(*world)] == [(115, Severity.INFO)]
