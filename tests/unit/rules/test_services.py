"""Services that lead nowhere, and those that do not need to."""

from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.diagnose.finding import Confidence, Finding
from agent.snapshot.record import Ref, Snapshot
from tests.fakes.objects import changed, load
from tests.fakes.remedies import changes

NAMESPACE = "ra-108-selector"


def found(world: Snapshot, *modes: int) -> dict[str, Finding]:
    diagnosis = diagnose(world)
    assert isinstance(diagnosis, Diagnosis)
    return {finding.subject.name: finding for finding in diagnosis.findings if finding.mode.number in modes}


def test_a_selector_that_misses_by_a_value_names_both_values() -> None:
    finding = found(load("108-selector"), 108)["web"]
    assert "selects tier=front-end, which no pod carries" in finding.cause
    assert "Deployment web carry tier=frontend" in finding.cause
    assert [(old, new) for _, old, new in changes(finding)] == [("front-end", "frontend")]
    assert any("Ingress" in line for line in finding.symptoms)


def test_a_selector_that_misses_by_a_key_shows_what_the_pods_carry() -> None:
    assert "carry no app (only app.kubernetes.io/name=api)" in found(load("108-selector"), 108)["api"].cause


def test_services_that_select_nothing_on_purpose_are_well() -> None:
    """In the same namespace: selector-less, ExternalName, headless with publishNotReady, and one for an ordinal."""
    assert set(found(load("108-selector"), 108, 0)) == {"web", "api"}


def test_a_label_an_operator_moves_between_pods_is_no_mistake() -> None:
    world = load("108-selector")
    db = Ref("Pod", NAMESPACE, "db-0")
    moved = changed(world, db, metadata__labels__role="primary")
    replicas = changed(moved, Ref("Service", NAMESPACE, "db"), spec__selector={"app": "db", "role": "replica"})
    assert "db" not in found(replicas, 108)


def test_a_service_for_something_not_deployed_here_blames_nobody() -> None:
    world = changed(load("108-selector"), Ref("Service", NAMESPACE, "ok"), spec__selector={"app": "elsewhere"})
    assert "ok" not in found(world, 108)


def test_a_named_port_nobody_opens_is_certain() -> None:
    finding = found(load("111-target-port"), 111)["web"]
    assert finding.confidence is Confidence.CERTAIN
    assert "the port named htttp" in finding.cause
    assert "8000 (http)" in finding.cause
    assert changes(finding)[0][2] == "http"


def test_a_number_nobody_declares_is_likely() -> None:
    finding = found(load("111-target-port"), 111)["api"]
    assert finding.confidence is Confidence.LIKELY
    assert changes(finding)[0][2] == 8000


def test_ports_that_are_open_though_undeclared_are_well() -> None:
    """`quiet` says PORT=9000 in its environment, `undeclared` declares nothing, `good` uses a name and a number."""
    assert set(found(load("111-target-port"), 111)) == {"web", "api"}


def test_a_protocol_apart_is_another_port() -> None:
    world = load("111-target-port")
    name = Ref("Service", "ra-111-target-port", "good")
    assert "good" in found(changed(world, name, spec__ports__0__protocol="UDP"), 112)


def test_a_proxy_s_ports_say_nothing_of_the_application_s() -> None:
    """An injected mesh container declares its ports; the application beside it declares none."""
    world = load("111-target-port")
    pod = next(pod for pod in world.objects["Pod"] if pod["metadata"]["name"].startswith("undeclared"))
    proxy = {"name": "istio-proxy", "ports": [{"containerPort": 15090, "name": "http-envoy-prom"}]}
    both = [*pod["spec"]["containers"], proxy]
    meshed = changed(world, Ref("Pod", "ra-111-target-port", pod["metadata"]["name"]), spec__containers=both)
    assert "undeclared" not in found(meshed, 111)


def test_a_port_the_probe_uses_is_open() -> None:
    world = load("111-target-port")
    pod = next(pod for pod in world.objects["Pod"] if pod["metadata"]["name"].startswith("web"))
    name = Ref("Pod", "ra-111-target-port", pod["metadata"]["name"])
    probed = changed(world, name, spec__containers__0__readinessProbe__httpGet__port=8080)
    assert "api" not in found(probed, 111)


def test_a_canary_that_is_not_deployed_is_no_mistake() -> None:
    """The stable pods share its labels, and have a Service of their own."""
    world = load("108-selector")
    canary = {"app": "db", "tier": "store", "track": "canary"}
    db = Ref("StatefulSet", NAMESPACE, "db")
    stable = changed(world, db, spec__template__metadata__labels={"app": "db", "tier": "store"})
    assert "ok" not in found(changed(stable, Ref("Service", NAMESPACE, "ok"), spec__selector=canary), 108)
