"""Claims and classes that were not there, and the ones that only looked so."""

import copy

from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.diagnose.finding import Confidence, Finding
from agent.snapshot.record import Ref, Snapshot, State
from tests.fakes.objects import adding, changed, load, snapshot
from tests.fakes.remedies import changes

NAMESPACE = "ra-33-claim-missing"
CLAIM = Ref("PersistentVolumeClaim", NAMESPACE, "web-data")


def found(world: Snapshot, *modes: int) -> list[Finding]:
    diagnosis = diagnose(world)
    assert isinstance(diagnosis, Diagnosis)
    return [finding for finding in diagnosis.findings if finding.mode.number in modes]


def test_a_claim_that_does_not_exist_is_named_with_its_near_miss() -> None:
    (finding,) = found(load("33-claim-missing"), 33, 0)
    assert "mounts the PersistentVolumeClaim web-dta, which does not exist" in finding.cause
    assert changes(finding)[0][2] == "web-data"


def test_a_claim_created_since_makes_the_event_history() -> None:
    world = load("33-claim-missing")
    claim = copy.deepcopy(dict(world.objects["PersistentVolumeClaim"][0]))
    claim["metadata"] |= {"name": "web-dta", "uid": "other"}
    assert found(adding(world, claim), 33) == []


def test_a_claim_on_its_way_out_holds_its_pod_back() -> None:
    world = load("33-claim-missing")
    claim = copy.deepcopy(dict(world.objects["PersistentVolumeClaim"][0]))
    claim["metadata"] |= {"name": "web-dta", "uid": "other", "deletionTimestamp": "2026-11-23T22:00:00Z"}
    (finding,) = found(adding(world, claim), 33)
    assert "is being deleted" in finding.cause


def test_claims_that_could_not_be_listed_leave_the_scheduler_s_word() -> None:
    world = load("33-claim-missing")
    items = [item for kind, items in world.objects.items() for item in items if kind != "PersistentVolumeClaim"]
    (finding,) = found(snapshot(items, incomplete={"PersistentVolumeClaim": State.DENIED}), 33)
    assert finding.confidence is Confidence.LIKELY


def test_a_missing_class_explains_the_pods_that_wait_for_the_claim() -> None:
    (finding,) = found(load("34-storage-class"), 34, 33, 0)
    assert finding.subject == Ref("PersistentVolumeClaim", "ra-34-storage-class", "data-db-0")
    assert "StorageClass fast-ssd, which does not exist" in finding.cause
    assert finding.affected == (Ref("Pod", "ra-34-storage-class", "db-0"),)


def test_claims_that_wait_for_a_consumer_or_use_a_hand_made_volume_are_well() -> None:
    """In the same namespace: one claim of a WaitForFirstConsumer class, one of a class only volumes carry."""
    names = {finding.subject.name for finding in found(load("34-storage-class"), 34, 0)}
    assert names.isdisjoint({"waits", "manual"})


def test_a_class_created_since_is_not_missing() -> None:
    assert found(changed(load("33-claim-missing"), CLAIM, spec__storageClassName="ra-wffc"), 34) == []
