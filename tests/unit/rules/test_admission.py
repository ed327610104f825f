"""Pods the API server refuses, as a real 1.36 API server refused them."""

from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.diagnose.finding import Confidence, Finding
from agent.snapshot.record import Ref, Snapshot, State
from tests.fakes.objects import changed, load, snapshot
from tests.fakes.remedies import changes, command

QUOTA = Ref("ResourceQuota", "ra-2-memory-quota", "memory")


def found(world: Snapshot, mode: int) -> list[Finding]:
    diagnosis = diagnose(world)
    assert isinstance(diagnosis, Diagnosis)
    return [finding for finding in diagnosis.findings if finding.mode.number == mode]


def test_a_memory_quota_without_room_is_named_with_its_numbers() -> None:
    (finding,) = found(load("2-memory-quota"), 2)
    assert finding.subject == Ref("Deployment", "ra-2-memory-quota", "web")
    assert "allows 100Mi of requests.memory and 64Mi is used" in finding.cause
    assert "1 of 3 pods exist" in finding.cause
    assert finding.confidence is Confidence.CERTAIN
    assert changes(finding)[0][0] == "containers[].resources.requests.memory"


def test_a_quota_on_limits_counts_what_a_limit_range_fills_in() -> None:
    subjects = {finding.subject.kind for finding in found(load("2-memory-quota-defaults"), 2)}
    assert subjects == {"StatefulSet", "Job"}


def test_a_refusal_is_history_once_the_quota_has_room() -> None:
    raised = changed(load("2-memory-quota"), QUOTA, **{"status__hard": {"requests.memory": "1Gi"}})
    assert found(raised, 2) == []


def test_a_cpu_quota_is_not_called_a_memory_quota() -> None:
    """A quota holds memory and CPU; only the CPU ran out."""
    world = load("2-cpu-quota")
    assert found(world, 2) == []
    (finding,) = found(world, 1)
    assert "of requests.cpu" in finding.cause


def test_a_quota_that_could_not_be_read_leaves_the_message_and_less_certainty() -> None:
    whole = load("2-memory-quota")
    items = [item for kind, items in whole.objects.items() for item in items if kind != "ResourceQuota"]
    (finding,) = found(snapshot(items, incomplete={"ResourceQuota": State.DENIED}), 2)
    assert finding.confidence is Confidence.LIKELY
    assert "ResourceQuota memory" in finding.cause


def test_a_missing_service_account_is_named_with_its_near_miss() -> None:
    findings = {finding.subject.kind: finding for finding in found(load("8-service-account"), 8)}
    assert set(findings) == {"Deployment", "Job"}
    assert "there is one called web-runner" in findings["Deployment"].cause
    assert changes(findings["Deployment"])[0][2] == "web-runner"
    assert command(findings["Job"]) == "kubectl create serviceaccount migrator -n ra-8-service-account"


def test_stale_refusals_of_a_workload_that_runs_are_no_finding() -> None:
    """The same namespace a minute later: the accounts were created, the FailedCreate events are still there."""
    world = load("8-service-account-created")
    assert any(event["reason"] == "FailedCreate" for event in world.objects["Event"])
    diagnosis = diagnose(world)
    assert isinstance(diagnosis, Diagnosis)
    assert diagnosis.findings == ()
