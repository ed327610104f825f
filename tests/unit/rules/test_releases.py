"""Helm releases that are stuck or failed, and pods that something changed on their way in."""

from dataclasses import replace
from typing import Any

import pytest

from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.diagnose.finding import Finding, Severity
from agent.snapshot.record import Cluster, Release
from tests.fakes.made import (
    NOW,
    Raw,
    condition,
    container,
    ended,
    failing_workload,
    found,
    made,
    modes,
    node,
    owned,
    pod,
    running,
    template,
    unscheduled,
    workload,
)
from tests.fakes.objects import snapshot
from tests.fakes.remedies import changes, command


def release(status: str = "deployed", updated: str = "2026-11-24 09:00:00.5 +0000 UTC", **more: Any) -> Release:
    return Release("app", "shop", 2, status, "app-1.0.0", updated=updated, **more)


def told(known: Release, *items: Raw, version: str = "v1.36.3") -> list[Finding]:
    world = replace(snapshot(items, taken_at=NOW), releases=[known], cluster=Cluster("test", version=version))
    diagnosis = diagnose(world)
    assert isinstance(diagnosis, Diagnosis)
    assert diagnosis.unknown == ()
    return list(diagnosis.findings)


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_a_release_that_is_deployed_is_well() -> None:
    assert told(release(manifest=[workload("web")]), workload("web")) == []


@pytest.mark.parametrize("status", ["pending-install", "pending-upgrade", "pending-rollback", "uninstalling"])
def test_a_release_pending_for_an_hour_is_stuck(status: str) -> None:
    finding = only(told(release(status)))
    assert (finding.mode.number, finding.severity) == (15, Severity.WARNING)
    assert f"is {status} for 60 min" in finding.cause


def test_a_release_at_work_is_a_note_unless_it_waits_for_nothing() -> None:
    young = "2026-11-24 09:59:00.1 +0000 UTC"
    assert only(told(release("pending-upgrade", young))).severity is Severity.INFO
    waiting = workload("web")
    waiting["status"] = {}
    assert only(told(release("pending-upgrade", young, manifest=[waiting]), waiting)).severity is Severity.INFO
    done = workload("web")
    assert only(told(release("pending-upgrade", young, manifest=[done]), done)).severity is Severity.WARNING


def test_a_failed_hook_is_the_cause_of_a_failed_release() -> None:
    spec = {"backoffLimit": 0, "template": template({"app": "migrate"}, restartPolicy="Never")}
    why = condition("Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    hook = made(
        "Job", "app-migrate", spec, {"failed": 1, "conditions": [why]}, annotations={"helm.sh/hook": "pre-upgrade"}
    )
    first = told(release("failed"), hook)[0]
    assert first.subject.kind == "Job"
    assert any("hook Job app-migrate failed" in line for line in first.symptoms)
    assert "failed: Upgrade failed" in only(told(release("failed", description="Upgrade failed"))).cause


def test_a_release_that_gave_up_waiting_for_broken_pods_is_their_symptom() -> None:
    broken = failing_workload("web")
    finding = only(told(release("failed", manifest=[workload("web")], description="timed out"), node(), *broken))
    assert finding.mode.number != 15
    assert any("Release app revision 2 failed: timed out" in line for line in finding.symptoms)


def test_a_selector_a_release_wants_to_change() -> None:
    wanted = workload("web", {"app": "store"})
    finding = only(told(release("failed", manifest=[wanted]), workload("web", {"app": "shop"})))
    assert finding.mode.number == 14
    assert "changes selector of Deployment web from app=shop to app=store" in finding.cause
    assert "cascade=orphan" in command(finding)


def test_claims_of_a_statefulset_and_what_the_server_filled_in() -> None:
    size = {"resources": {"requests": {"storage": "1Gi"}}}
    filled = size | {"volumeMode": "Filesystem", "accessModes": ["ReadWriteOnce"]}
    live = workload(
        "db", kind="StatefulSet", serviceName="db", volumeClaimTemplates=[{"metadata": {"name": "d"}, "spec": filled}]
    )
    same = workload(
        "db", kind="StatefulSet", serviceName="db", volumeClaimTemplates=[{"metadata": {"name": "d"}, "spec": size}]
    )
    assert 14 not in modes(told(release("failed", manifest=[same]), live))
    larger = {"resources": {"requests": {"storage": "9Gi"}}}
    other = workload("db", kind="StatefulSet", volumeClaimTemplates=[{"metadata": {"name": "d"}, "spec": larger}])
    assert 14 in modes(told(release("failed", manifest=[other]), live))


def test_helm_s_own_word_for_an_immutable_field() -> None:
    text = 'Upgrade "app" failed: cannot patch "x" with kind Job: spec.template: Invalid value: field is immutable'
    assert only(told(release("failed", description=text))).mode.number == 14


def test_an_api_version_the_cluster_no_longer_serves() -> None:
    budget = made("PodDisruptionBudget", "web") | {"apiVersion": "policy/v1beta1"}
    finding = only(told(release(manifest=[budget])))
    assert (finding.mode.number, finding.severity) == (16, Severity.WARNING)
    assert "not served since Kubernetes 1.25" in finding.cause
    assert "policy/v1 in the chart" in finding.fix.summary
    assert told(release(manifest=[budget]), version="v1.24.9") == []
    assert told(release(manifest=[budget | {"apiVersion": "policy/v1"}])) == []


def test_a_kind_nobody_defined() -> None:
    text = 'no matches for kind "ServiceMonitor" in version "monitoring.coreos.com/v1"'
    assert only(told(release("failed", description=f"Release failed: {text}"))).mode.number == 16
    operator = pod("operator-1", {"app": "operator"}, [ended()])
    assert 16 in modes(found(operator, node(), logs={"operator-1/web/previous": f"error: {text}"}))


def small(status: Raw, memory: str = "24Mi", kind: str = "ReplicaSet", **meta: Any) -> list[Raw]:
    """Return a workload that asks for 256Mi and its pod, which has something else."""
    asks = container(resources={"limits": {"memory": "256Mi"}, "requests": {"memory": "64Mi"}})
    has = container(resources={"limits": {"memory": memory}, "requests": {"memory": "64Mi"}})
    owner = workload("web", kind=kind)
    owner["spec"]["template"]["spec"]["containers"] = [asks]
    item = owned(pod("web-1", {"app": "web", **meta.pop("labels", {})}, [status], containers=[has]), owner)
    item["metadata"] |= meta
    return [node(), owner, item]


def killed() -> Raw:
    status = ended(137)
    status["lastState"]["terminated"]["reason"] = "OOMKilled"
    return status


def test_a_limit_lowered_at_admission_is_what_the_container_dies_of() -> None:
    finding = found(*small(killed()))[0]
    assert (finding.mode.number, finding.severity) == (12, Severity.ERROR)
    assert "asks for a memory limit of 256Mi for container web" in finding.cause
    assert "makes it 24Mi" in finding.cause
    assert (changes(finding), finding.fix.concerns) == ([], ("containers[].resources.limits.memory",))


def test_an_autoscaler_of_requests_is_called_by_its_name() -> None:
    assert "Vertical Pod Autoscaler" in found(*small(killed(), annotations={"vpaUpdates": "x"}))[0].cause


def test_changes_that_hurt_nobody_or_came_later_are_no_finding() -> None:
    assert 12 not in modes(found(*small(running())))
    assert 12 not in modes(found(*small(killed(), "1Gi")))
    assert 12 not in modes(found(*small(killed(), generation=2))), "resized in place"
    assert 12 not in modes(found(*small(killed(), "0.25Gi"))), "the same amount in other words"


def test_a_pod_of_an_older_revision_is_not_compared() -> None:
    older = small(killed(), kind="StatefulSet", labels={"controller-revision-hash": "web-1"})
    older[1]["status"]["updateRevision"] = "web-2"
    assert 12 not in modes(found(*older))
    older[1]["status"]["updateRevision"] = "web-1"
    assert 12 in modes(found(*older))


def test_requests_raised_and_images_replaced_at_admission() -> None:
    owner, item = workload("web", kind="ReplicaSet"), pod("web-1", {"app": "web"})
    owner["spec"]["template"]["spec"]["containers"] = [container(resources={"requests": {"cpu": "100m"}})]
    item["spec"]["containers"] = [container(resources={"requests": {"cpu": "64"}})]
    waits = unscheduled(owned(item, owner), "0/1 nodes are available: 1 Insufficient cpu.")
    assert modes(found(node(), owner, waits)) == [12]
    pulling = running(False, state={"waiting": {"reason": "ImagePullBackOff", "message": "not found"}})
    mirrored = owned(pod("web-1", {"app": "web"}, [pulling], containers=[container(image="mirror.local/web:1")]), owner)
    owner["spec"]["template"]["spec"]["containers"] = [container()]
    assert found(node(), owner, mirrored)[0].mode.number == 12
