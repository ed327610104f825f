"""How well a cluster is. Lost, a cluster is called healthy while what it stands on is about to end."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.blueprint.control import Blueprints
from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.health.alerts import Alerts
from agent.health.concern import COSTS, Area, Concern
from agent.health.engine import Health, examine
from agent.health.score import score
from agent.health.trend import as_data, from_data, record, trend
from agent.kube.lifecycle import going, minor
from agent.severity import Severity
from agent.snapshot.graph import Graph
from agent.snapshot.record import Cluster, NodeUsage, Ref, Release, Requested, Serving, Shown, Snapshot
from tests.fakes.made import (
    NOW,
    SPACE,
    Raw,
    container,
    ended,
    event,
    failing_workload,
    made,
    node,
    pod,
    running_workload,
)
from tests.fakes.objects import snapshot

AT = datetime.fromisoformat(NOW)
NONE = Blueprints((), (), (), ())


def world(*items: Raw, serving: Serving | None = None, releases: Sequence[Release] = ()) -> Snapshot:
    taken = snapshot(items, taken_at=NOW)
    return replace(taken, cluster=Cluster("test", "", "v1.36.3"), serving=serving, releases=releases)


def examined(*items: Raw, serving: Serving | None = None, releases: Sequence[Release] = ()) -> Health:
    seen = world(*items, serving=serving, releases=releases)
    found = diagnose(seen)
    assert isinstance(found, Diagnosis)
    return examine(found, Alerts(), (), Graph(seen))


def codes(health: Health) -> list[str]:
    return [item.code for item in health.concerns]


def test_a_cluster_in_which_nothing_is_wrong_has_all_its_points() -> None:
    health = examined(node(), *running_workload("web"))
    assert health.score.points == 100
    assert codes(health) == []
    assert health.workloads.counts == {"Deployment": (1, 1)}


def test_what_the_diagnosis_finds_costs_and_says_what_to_do() -> None:
    health = examined(node(), *failing_workload("web"))
    (concern,) = health.concerns
    assert (concern.area, concern.severity) == (Area.WORKLOADS, Severity.ERROR)
    assert health.score.points == 100 - COSTS[Area.WORKLOADS].error
    assert concern.advice


def test_a_workload_of_the_system_costs_as_the_system_does() -> None:
    parts = [{**item, "metadata": {**item["metadata"], "namespace": "kube-system"}} for item in failing_workload("dns")]
    (concern,) = examined(node(), *parts).concerns
    assert concern.area is Area.CONTROL_PLANE


ERRORS = st.builds(
    Concern,
    st.sampled_from(Area),
    st.just("x"),
    st.just(Ref("Pod", "a", "b")),
    st.just("it"),
    st.sampled_from(Severity),
)


@given(st.lists(ERRORS, max_size=60), ERRORS)
def test_the_score_is_what_is_said_to_cost_and_never_rises_with_what_is_wrong(
    told: list[Concern], more: Concern
) -> None:
    found = score(told)
    assert found.points == max(100 - sum(item.points for item in found.deductions), 0)
    assert all(item.points <= COSTS[item.area].most for item in found.deductions)
    assert score([*told, more]).points <= found.points
    assert score([item for item in told if item.severity is Severity.INFO]).points == 100


def certificate(subject: Ref, begins: float, ends: float) -> Shown:
    """Return one that began and ends so many days from the look."""
    return Shown(subject, "10.0.0.1:443", AT + timedelta(days=begins), AT + timedelta(days=ends))


NODE = Ref("Node", "", "n1")


@pytest.mark.parametrize(
    ("begins", "ends", "severity"),
    [
        (-365, -1, Severity.ERROR),
        (-364, 1, Severity.ERROR),
        (-355, 10, Severity.WARNING),
        (-300, 65, None),
        (-85, 5, Severity.WARNING),  # Let's Encrypt's, which cert-manager renews at thirty days
        (-70, 20, None),
        (-0.8, 0.2, None),  # one that lives for a day, a fifth of it left: whoever renews it has time
        (-0.95, 0.05, Severity.WARNING),
    ],
)
def test_a_certificate_is_told_of_when_whoever_renews_it_should_have(
    begins: float, ends: float, severity: Severity | None
) -> None:
    health = examined(node(), serving=Serving(certificates=[certificate(NODE, begins, ends)]))
    found = [item.severity for item in health.concerns if item.area is Area.CERTIFICATES]
    assert found == ([severity] if severity else [])


def test_a_certificate_nobody_could_see_is_not_fine() -> None:
    health = examined(node(), serving=Serving(certificates=[Shown(NODE, "10.0.0.1:10250", None, None, "no answer")]))
    assert [item.reason for item in health.certificates] == ["no answer"]


def test_a_check_of_the_api_server_that_fails_is_the_control_planes() -> None:
    health = examined(node(), serving=Serving(checks={"ping": True, "etcd": False}))
    (concern,) = health.concerns
    assert concern.area is Area.CONTROL_PLANE
    assert "etcd" in concern.says


def lease(name: str, silent: float) -> Raw:
    renewed = (AT - timedelta(seconds=silent)).isoformat()
    spec = {"holderIdentity": "a", "leaseDurationSeconds": 15, "renewTime": renewed}
    item = made("Lease", name, spec)
    return {**item, "metadata": {**item["metadata"], "namespace": "kube-system"}}


def test_a_scheduler_that_renews_no_lease_is_not_there() -> None:
    """Nothing fails of it: pods only stay pending, and new ones alone."""
    health = examined(node(), lease("kube-scheduler", 300), lease("kube-controller-manager", 8))
    (concern,) = health.concerns
    assert "kube-scheduler" in concern.says
    assert [part.well for part in health.control_plane if part.name == "kube-controller-manager"] == [True]


def asking(request: str, name: str, **limits: str) -> Raw:
    return pod(
        name, {"app": name}, containers=[container(resources={"requests": {"memory": request}, "limits": limits})]
    )


def test_little_room_is_told_before_a_rollout_needs_it() -> None:
    assert codes(examined(node(), asking("3800Mi", "big"))) == ["requests-near-memory"]
    assert codes(examined(node(), asking("2Gi", "big"))) == []


def test_what_nodes_use_is_held_against_what_they_have() -> None:
    full = Serving(nodes=[NodeUsage("node-1", 1.0, 3900 << 20)])
    health = examined(node(), serving=full)
    assert codes(health) == ["memory-near-full"]
    assert health.nodes[0].share(health.nodes[0].used, "cpu") == Decimal("0.5")


def test_limits_far_above_a_node_are_told() -> None:
    assert codes(examined(node(), asking("1Gi", "a", memory="12Gi"))) == ["memory-overcommitted"]


def quota(used: str, hard: str) -> Raw:
    return made("ResourceQuota", "compute", {"hard": {"pods": hard}}, {"hard": {"pods": hard}, "used": {"pods": used}})


@pytest.mark.parametrize(
    ("used", "hard", "told"), [("9", "10", True), ("10", "10", True), ("8", "10", False), ("0", "0", False)]
)
def test_a_quota_is_told_of_when_a_rollouts_extra_pod_may_not_fit(used: str, hard: str, told: bool) -> None:
    assert (codes(examined(node(), quota(used, hard))) == ["quota-near-pods"]) is told


def release(api_version: str, kind: str) -> Release:
    manifest: Mapping[str, Any] = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}}
    return Release("shop", SPACE, 3, "deployed", "shop-1.0.0", manifest=[manifest])


@pytest.mark.parametrize(
    ("api_version", "kind", "code"),
    [
        ("policy/v1beta1", "PodDisruptionBudget", "api-removed"),
        ("networking.k8s.io/v1beta1", "IPAddress", "api-goes"),
        ("resource.k8s.io/v1beta1", "ResourceClaim", None),
        ("apps/v1", "Deployment", None),
    ],
)
def test_an_api_version_is_told_of_when_the_next_minor_version_is_without_it(
    api_version: str, kind: str, code: str | None
) -> None:
    health = examined(node(), releases=[release(api_version, kind)])
    assert [item.code for item in health.concerns if item.area is Area.APIS] == ([code] if code else [])


def test_what_somebody_asks_the_server_for_counts_when_it_goes() -> None:
    asked = [
        Requested("storage.k8s.io", "v1beta1", "volumeattributesclasses", "1.37"),
        Requested("", "v1", "endpoints", ""),
    ]
    health = examined(node(), serving=Serving(requested=asked))
    assert codes(health) == ["api-goes"]


def test_versions_are_read_as_the_server_says_them() -> None:
    assert (minor("v1.36.3"), minor("1.28"), minor("v1.29.1-eks-5e0fdde"), minor("")) == (36, 28, 29, None)
    known = going("autoscaling/v2beta2", "HorizontalPodAutoscaler")
    assert known is not None
    assert known.instead == "autoscaling/v2"


def test_warnings_stand_with_the_cause_that_explains_them() -> None:
    failing = failing_workload("web")
    calm = running_workload("cart")
    health = examined(
        node(),
        *failing,
        *calm,
        event(failing[2], "BackOff", "Back-off restarting"),
        event(calm[2], "Unhealthy", "slow"),
    )
    assert [(item.reason, item.cause, item.subject.name) for item in health.warnings] == [
        ("Unhealthy", None, "cart"),
        ("BackOff", 1, "web"),
    ]


def test_restarts_of_the_last_day_are_told_when_they_came() -> None:
    (restart,) = examined(node(), *failing_workload("web", ended(1))).workloads.restarts
    assert (restart.workload.name, restart.count) == ("web", 4)


def test_what_changed_since_is_by_cause_and_object() -> None:
    before = examined(node(), *failing_workload("web"))
    kept = from_data(as_data(record(before, world())))
    after = examined(node(), *running_workload("web"), *failing_workload("cart"))
    found = trend(kept, after, record(after, world()))
    assert [item.subject.name for item in found.gone] == ["web"]
    assert [item.subject.name for item in found.new] == ["cart"]
    same = trend(kept, before, record(before, world()))
    assert (same.new, same.gone) == ((), ())
