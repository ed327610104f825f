"""Controllers that stand still, and those that are meant to."""

from dataclasses import replace

from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.diagnose.finding import Finding, Severity
from agent.snapshot.record import Ref, Snapshot
from tests.fakes.objects import changed, load, without
from tests.fakes.remedies import changes, command

ZERO, STUCK, SCALER = "ra-92-zero-replicas", "ra-93-rollout-stuck", "ra-104-no-requests"


def found(world: Snapshot, *modes: int) -> list[Finding]:
    diagnosis = diagnose(world)
    assert isinstance(diagnosis, Diagnosis)
    return [finding for finding in diagnosis.findings if finding.mode.number in modes]


def test_zero_replicas_behind_a_service_name_everybody_who_counts_on_them() -> None:
    (finding,) = found(load("92-zero-replicas"), 92)
    assert finding.subject == Ref("Deployment", ZERO, "web")
    for who in ("Service web", "HorizontalPodAutoscaler web", "Ingress shop"):
        assert who in finding.cause
    assert command(finding) == f"kubectl scale deployment/web -n {ZERO} --replicas=1"


def test_replicas_an_autoscaler_owns_are_no_value_to_change() -> None:
    """The chart renders no replicas while an HPA owns them: a patch would do nothing."""
    hpa = Ref("HorizontalPodAutoscaler", ZERO, "web")
    (owned,), (free,) = found(load("92-zero-replicas"), 92), found(without(load("92-zero-replicas"), hpa), 92)
    assert (changes(owned), owned.fix.concerns) == ([], ("hpa.minReplicas",))
    assert changes(free) == [("replicas", 0, 1)]


def test_what_nobody_counts_on_may_be_at_zero() -> None:
    """`nightly` has no Service, and `blue` is at zero because `green` serves."""
    assert {finding.subject.name for finding in found(load("92-zero-replicas"), 92)} == {"web"}


def test_keda_scales_to_zero_on_purpose() -> None:
    owner = [{"kind": "ScaledObject", "name": "web", "controller": True}]
    hpa = Ref("HorizontalPodAutoscaler", ZERO, "web")
    assert found(changed(load("92-zero-replicas"), hpa, metadata__ownerReferences=owner), 92) == []


def test_a_progressive_delivery_keeps_one_of_two_at_zero() -> None:
    """Flagger's target waits at zero between two releases, while its copy serves: nothing is wrong."""
    base, service = load("92-zero-replicas"), Ref("Service", ZERO, "web")
    owner = [{"kind": "Canary", "name": "web", "controller": True}]
    assert found(changed(base, service, metadata__ownerReferences=owner), 92) == []
    (web,) = (item for item in base.objects["Deployment"] if item["metadata"]["name"] == "web")
    place = {**web["metadata"], "name": "web-primary"}
    twin = {**web, "metadata": place, "spec": {**web["spec"], "replicas": 2}, "status": {"readyReplicas": 2}}
    deployments = [*base.objects["Deployment"], twin]
    assert found(replace(base, objects={**base.objects, "Deployment": deployments}), 92) == []
    idle = {**twin, "status": {}}
    deployments = [*base.objects["Deployment"], idle]
    assert len(found(replace(base, objects={**base.objects, "Deployment": deployments}), 92)) == 1


def test_a_headless_service_alone_is_a_warning() -> None:
    world = without(load("92-zero-replicas"), Ref("HorizontalPodAutoscaler", ZERO, "web"))
    headless = changed(world, Ref("Service", ZERO, "web"), spec__clusterIP="None")
    assert [finding.severity for finding in found(headless, 92)] == [Severity.WARNING]


def test_a_stuck_rollout_says_what_its_new_pods_show_while_old_ones_serve() -> None:
    findings = {finding.subject.name: finding for finding in found(load("93-rollout-stuck"), 93, 140, 49, 76)}
    assert {name: finding.mode.number for name, finding in findings.items()} == {"web": 76, "image": 49}
    assert any("revision 1 serves with 2 pods" in line for line in findings["web"].symptoms)
    assert any("2 pods of 2 still serve" in line for line in findings["web"].symptoms)
    assert any("Readiness probe failed" in item.text for item in findings["web"].evidence)


def test_a_paused_deployment_is_not_stuck() -> None:
    assert "paused" not in {finding.subject.name for finding in found(load("93-rollout-stuck"), 93, 0)}


def test_a_rollout_within_its_deadline_is_in_progress() -> None:
    world = load("93-rollout-stuck")
    name = Ref("Deployment", STUCK, "web")
    going = changed(
        world, name, status__conditions__1__status="True", status__conditions__1__reason="ReplicaSetUpdated"
    )
    assert "web" not in {finding.subject.name for finding in found(going, 93)}


def test_a_deadline_missed_by_an_older_generation_is_history() -> None:
    world = changed(load("93-rollout-stuck"), Ref("Deployment", STUCK, "web"), metadata__generation=99)
    assert "web" not in {finding.subject.name for finding in found(world, 93)}


def test_an_autoscaler_on_a_share_of_no_request_names_the_container() -> None:
    (finding,) = found(load("104-no-requests"), 104)
    assert finding.subject == Ref("HorizontalPodAutoscaler", SCALER, "web")
    assert finding.container == "side"
    assert finding.severity is Severity.ERROR
    assert any("missing request for cpu" in item.text for item in finding.evidence)


def test_limits_and_absolute_targets_need_no_request() -> None:
    """`limited` has only a limit, `absolute` targets a value, `good` has requests: all three scale."""
    assert {finding.subject.name for finding in found(load("104-no-requests"), 104)} == {"web"}
