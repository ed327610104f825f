"""Pods a real scheduler left pending."""

import copy
from typing import Any

import pytest

from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.diagnose.finding import Confidence, Finding
from agent.kube.scheduling import satisfies_affinity, tolerates
from agent.snapshot.record import Ref, Snapshot, State
from tests.fakes.objects import changed, load, snapshot, without
from tests.fakes.remedies import changes, command

REAL, GPU = Ref("Node", "", "bluehelm-node"), Ref("Node", "", "ra-gpu-1")


def found(world: Snapshot, *modes: int) -> list[Finding]:
    diagnosis = diagnose(world)
    assert isinstance(diagnosis, Diagnosis)
    return [finding for finding in diagnosis.findings if finding.mode.number in (modes or range(17, 33))]


def test_a_request_no_node_could_ever_serve_is_told_from_a_full_cluster() -> None:
    (never,), (full,) = found(load("17-cpu-impossible"), 17), found(load("17-cpu-full"), 17)
    assert "it can never be scheduled" in never.cause
    assert "64.01 CPU" in never.cause
    assert len(never.affected) == 2
    assert "at most 1740m of 2 on bluehelm-node" in full.cause
    assert never.confidence is full.confidence is Confidence.CERTAIN
    assert changes(never)[0][1] == "64"


def test_a_node_kept_back_by_its_taint_is_mentioned_and_not_blamed() -> None:
    world = load("17-cpu-full")
    (finding,) = found(world)
    assert finding.mode.number == 17
    assert "ra-gpu-1 would have room: dedicated=gpu:NoSchedule" in finding.cause


def test_room_that_came_free_is_no_shortage() -> None:
    """The scheduler has not retried yet: objects say it fits, so nothing is called certain."""
    world = changed(load("17-cpu-full"), REAL, status__allocatable__cpu="64")
    assert [finding.confidence for finding in found(world, 17)] == [Confidence.LIKELY]


def test_one_namespace_alone_proves_no_full_node() -> None:
    """Pods of other namespaces were not listed, so free capacity is not known; the scheduler's word is."""
    whole = load("17-cpu-full")
    items = [item for items in whole.objects.values() for item in items]
    (finding,) = found(snapshot(items, namespace="ra-17-cpu-full"), 17)
    assert finding.confidence is Confidence.LIKELY


def test_a_selector_no_node_answers_to_names_the_missing_label() -> None:
    (finding,) = found(load("21-node-selector"))
    assert finding.mode.number == 21
    assert "none of the 2 nodes is labelled disktype=ssd (none has disktype)" in finding.cause


def test_a_selector_some_node_answers_to_is_not_the_cause() -> None:
    labelled = changed(load("21-node-selector"), REAL, **{"metadata__labels__disktype": "ssd"})
    assert found(labelled, 21) == []


def test_another_value_of_the_label_is_shown() -> None:
    world = changed(load("21-node-selector"), REAL, **{"metadata__labels__disktype": "hdd"})
    assert "the nodes carry disktype=hdd" in found(world, 21)[0].cause


def test_the_taint_on_the_only_node_it_may_use_is_named() -> None:
    findings = found(load("24-taint"), 24)
    assert [finding.subject for finding in findings] == [Ref("StatefulSet", "ra-24-taint", "trainer")]
    assert "dedicated=gpu:NoSchedule" in findings[0].cause
    assert command(findings[0]) == "kubectl taint nodes ra-gpu-1 dedicated=gpu:NoSchedule-"


def test_a_cordon_is_no_taint_to_tolerate() -> None:
    cordon = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    world = changed(load("24-taint"), GPU, spec__taints=[cordon], spec__unschedulable=True)
    assert found(world, 24) == []


def test_a_node_that_is_lost_is_no_taint_to_tolerate() -> None:
    lost = {"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"}
    assert found(changed(load("24-taint"), GPU, spec__taints=[lost]), 24) == []


def test_without_nodes_the_message_is_all_there_is() -> None:
    world = load("21-node-selector")
    items = [item for items in without(world, REAL, GPU).objects.values() for item in items]
    findings = found(snapshot(items, incomplete={"Node": State.DENIED}))
    assert [(finding.mode.number, finding.confidence) for finding in findings] == [(21, Confidence.LIKELY)]


def test_a_pod_the_scheduler_has_not_seen_yet_is_starting() -> None:
    world = load("21-node-selector")
    items = [item for kind, items in world.objects.items() for item in items if kind not in ("Pod", "Event")]
    fresh = copy.deepcopy(dict(world.objects["Pod"][0]))
    fresh["status"] = {"phase": "Pending"}
    fresh["metadata"]["creationTimestamp"] = world.taken_at.isoformat()
    assert found(snapshot([*items, fresh], taken_at=world.taken_at.isoformat())) == []


@pytest.mark.parametrize(
    ("toleration", "tolerated"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "dedicated", "operator": "Exists"}, True),
        ({"key": "dedicated", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "dedicated", "value": "gpu"}, True),
        ({"key": "dedicated", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}, True),
        ({"key": "dedicated", "value": "cpu"}, False),
        ({"key": "other", "operator": "Exists"}, False),
        ({"operator": "Equal", "value": "gpu"}, False),
    ],
)
def test_tolerations_mean_what_the_api_says(toleration: dict[str, str], tolerated: bool) -> None:
    taint = {"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}
    assert tolerates(toleration, taint) is tolerated


@pytest.mark.parametrize(
    ("expression", "satisfied"),
    [
        ({"key": "zone", "operator": "In", "values": ["a", "b"]}, True),
        ({"key": "zone", "operator": "NotIn", "values": ["a"]}, False),
        ({"key": "disk", "operator": "NotIn", "values": ["hdd"]}, True),
        ({"key": "zone", "operator": "Exists"}, True),
        ({"key": "disk", "operator": "DoesNotExist"}, True),
        ({"key": "cores", "operator": "Gt", "values": ["4"]}, True),
        ({"key": "cores", "operator": "Lt", "values": ["4"]}, False),
        ({"key": "zone", "operator": "Gt", "values": ["4"]}, False),
        ({"key": "zone", "operator": "Like", "values": ["a"]}, False),
    ],
)
def test_node_affinity_operators(expression: dict[str, Any], satisfied: bool) -> None:
    node = {"kind": "Node", "metadata": {"name": "n", "labels": {"zone": "a", "cores": "8"}}}
    assert satisfies_affinity(_pod([{"matchExpressions": [expression]}]), node) is satisfied


def test_node_affinity_is_one_of_its_terms_and_an_empty_term_is_none() -> None:
    node = {"kind": "Node", "metadata": {"name": "n", "labels": {"zone": "a"}}}
    by_name = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]}
    other = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["b"]}]}
    assert satisfies_affinity(_pod([other, by_name]), node)
    assert not satisfies_affinity(_pod([{}]), node)


def _pod(terms: list[dict[str, Any]]) -> dict[str, Any]:
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    return {"kind": "Pod", "metadata": {}, "spec": {"affinity": {"nodeAffinity": required}}}
