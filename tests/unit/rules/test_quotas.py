"""Quotas and LimitRanges that refuse pods and claims, and those that refused once."""

from agent.diagnose.finding import Confidence, Finding
from agent.snapshot.record import State
from tests.fakes.made import Raw, condition, container, event, found, made, modes, owned, service, template, workload
from tests.fakes.remedies import changes

CPU = (
    'pods "web-7d9f-x" is forbidden: exceeded quota: team, requested: requests.cpu=500m, used: requests.cpu=800m, '
    "limited: requests.cpu=1"
)
PODS = 'pods "web-7d9f-x" is forbidden: exceeded quota: team, requested: pods=1, used: pods=2, limited: pods=2'
UNSAID = 'pods "web-7d9f-x" is forbidden: failed quota: team: must specify limits.cpu for: web; limits.memory for: web'
OLD_UNSAID = 'pods "web-7d9f-x" is forbidden: failed quota: team: must specify limits.cpu,limits.memory'


def quota(hard: Raw, used: Raw) -> Raw:
    return made("ResourceQuota", "team", {"hard": hard}, {"hard": hard, "used": used})


def refused(message: str, *, resources: Raw | None = None, kind: str = "ReplicaSet") -> list[Raw]:
    """Return a Deployment one of whose two pods is refused with that message."""
    top = workload("web", replicas=2)
    below = owned(workload("web-7d9f", {"app": "web"}, kind, 2), top)
    below["spec"]["template"] = template({"app": "web"}, containers=[container(resources=resources or {})])
    below["status"] = {"replicas": 1, "conditions": [condition("ReplicaFailure", "True", "FailedCreate", message)]}
    return [top, below]


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_a_cpu_quota_is_said_with_its_numbers() -> None:
    full = quota({"requests.cpu": "1"}, {"requests.cpu": "800m"})
    finding = only(found(*refused(CPU, resources={"requests": {"cpu": "500m"}}), full))
    assert (finding.mode.number, finding.confidence) == (1, Confidence.CERTAIN)
    assert "allows 1 of requests.cpu and 800m is used" in finding.cause
    assert "takes 500m" in finding.cause
    assert changes(finding)[0][0] == "containers[].resources.requests.cpu"


def test_a_pod_quota_is_mended_by_fewer_replicas() -> None:
    finding = only(found(*refused(PODS), quota({"pods": "2"}, {"pods": "2"})))
    assert (finding.mode.number, changes(finding)[0][0]) == (3, "replicas")
    assert "allows 2 pods and 2 are used" in finding.cause


def test_a_quota_raised_since_makes_its_refusal_history() -> None:
    assert modes(found(*refused(CPU), quota({"requests.cpu": "8"}, {"requests.cpu": "1"}))) == [0]


def test_a_full_quota_and_content_workloads_are_well() -> None:
    assert found(workload("web", replicas=2), quota({"pods": "2"}, {"pods": "2"})) == []


def test_quotas_that_could_not_be_read_leave_the_message() -> None:
    finding = only(found(*refused(PODS), incomplete={"ResourceQuota": State.DENIED}))
    assert (finding.mode.number, finding.confidence) == (3, Confidence.LIKELY)


def test_a_quota_that_counts_what_nobody_set_in_both_wordings() -> None:
    counts = quota({"limits.cpu": "4", "limits.memory": "4Gi"}, {})
    for message in (UNSAID, OLD_UNSAID):
        finding = only(found(*refused(message), counts))
        assert finding.mode.number == 6
        assert "counts limits.cpu and limits.memory, which container web" in finding.cause
        assert [name for name, _, _ in changes(finding)] == [
            "containers[].resources.limits.cpu",
            "containers[].resources.limits.memory",
        ]


def test_a_limit_range_with_defaults_made_since_says_enough() -> None:
    defaults = {"type": "Container", "default": {"cpu": "1", "memory": "1Gi"}}
    counts, limits = (
        quota({"limits.cpu": "4", "limits.memory": "4Gi"}, {}),
        made("LimitRange", "d", {"limits": [defaults]}),
    )
    assert modes(found(*refused(UNSAID), counts, limits)) == [0]


def test_a_limit_above_the_maximum_of_its_limit_range() -> None:
    message = 'pods "web-7d9f-x" is forbidden: maximum cpu usage per Container is 500m, but limit is 2'
    bounds = made("LimitRange", "bounds", {"limits": [{"type": "Container", "max": {"cpu": "500m"}}]})
    finding = only(found(*refused(message, resources={"limits": {"cpu": "2"}}), bounds))
    assert (finding.mode.number, finding.container) == (7, "web")
    assert "LimitRange bounds allows at most 500m of cpu per Container and container web" in finding.cause
    assert changes(finding)[0][2] == "500m"


def test_several_bounds_at_once_and_ratios() -> None:
    message = (
        'pods "x" is forbidden: [minimum memory usage per Container is 64Mi.  No request is specified, '
        "cpu max limit to request ratio per Container is 2, but provided ratio is 4.000000]"
    )
    lower = made("LimitRange", "low", {"limits": [{"type": "Container", "min": {"memory": "64Mi"}}]})
    ratio = made("LimitRange", "ratio", {"limits": [{"type": "Container", "maxLimitRequestRatio": {"cpu": "2"}}]})
    assert "demands at least 64Mi of memory" in only(found(*refused(message), lower)).cause
    assert "limit-to-request ratio" in only(found(*refused(message), ratio)).cause


def test_a_limit_range_without_that_bound_any_more_is_history() -> None:
    message = 'pods "web-7d9f-x" is forbidden: maximum cpu usage per Container is 500m, but limit is 2'
    wider = made("LimitRange", "bounds", {"limits": [{"type": "Container", "max": {"cpu": "4"}}]})
    assert modes(found(*refused(message), wider)) == [0]


CLAIM = (
    'Create Claim data-db-0 for Pod db-0 in StatefulSet db failed error: persistentvolumeclaims "data-db-0" is '
    "forbidden: exceeded quota: team, requested: requests.storage=2Gi, used: requests.storage=0, limited: "
    "requests.storage=1Gi"
)


def database() -> Raw:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}
    top = workload(
        "db", kind="StatefulSet", serviceName="db", volumeClaimTemplates=[{"metadata": {"name": "data"}, "spec": spec}]
    )
    top["status"] = {"replicas": 0}
    return top


def test_a_storage_quota_refuses_the_claims_of_a_statefulset() -> None:
    top, full = database(), quota({"requests.storage": "1Gi"}, {"requests.storage": "0"})
    finding = only(found(top, event(top, "FailedCreate", CLAIM), full, service("db")))
    assert (finding.mode.number, changes(finding)[0][0]) == (5, "persistentVolumeClaim.resources.requests.storage")
    assert "allows 1Gi of requests.storage and 0 is used" in finding.cause


def test_a_storage_quota_with_room_again_is_history() -> None:
    top, wide = database(), quota({"requests.storage": "10Gi"}, {"requests.storage": "0"})
    assert 5 not in modes(found(top, event(top, "FailedCreate", CLAIM), wide, service("db")))


def test_a_service_quota_that_is_full_matters_where_a_service_is_missing() -> None:
    full = quota({"services": "1"}, {"services": "1"})
    assert 4 in modes(found(database(), full, service("other")))
    assert 4 not in modes(found(database(), full, service("db")))
    assert 4 not in modes(found(database(), quota({"services": "5"}, {"services": "1"})))
