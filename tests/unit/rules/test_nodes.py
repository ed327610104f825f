"""Nodes that are lost, unwell or cut off, who suffers from it, and nodes that are as they should be."""

from typing import Any

import pytest

from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.diagnose.finding import Finding, Severity
from tests.fakes.made import (
    NOW,
    Raw,
    condition,
    container,
    ended,
    event,
    found,
    modes,
    node,
    pod,
    running,
    unscheduled,
)
from tests.fakes.objects import snapshot

LOST = "Kubelet stopped posting node status."


def unwell(*conditions: Raw, name: str = "node-1", **spec: Any) -> Raw:
    item = node(name, **spec)
    kinds = {found["type"] for found in conditions}
    kept = [found for found in item["status"]["conditions"] if found["type"] not in kinds]
    item["status"]["conditions"] = [*kept, *conditions]
    return item


def unready() -> Raw:
    """Return a pod as the node controller leaves it: its containers are not known to have stopped."""
    item = pod("web-1", {"app": "web"}, [running()])
    item["status"]["conditions"] = [condition("Ready", "False"), condition("ContainersReady", "True")]
    return item


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_a_lost_node_is_an_error_where_pods_are_on_it() -> None:
    lost = unwell(condition("Ready", "Unknown", "NodeStatusUnknown", LOST))
    finding = only(found(lost, unready()))
    assert (finding.mode.number, finding.severity) == (131, Severity.ERROR)
    assert "(1 pod of this look is there)" in finding.cause
    assert any("web-1" in line for line in finding.symptoms)


def test_a_lost_node_of_somebody_else_is_a_note_in_one_s_own_namespace() -> None:
    lost = unwell(condition("Ready", "Unknown", "NodeStatusUnknown", LOST))
    assert only(found(lost)).severity is Severity.WARNING
    narrow = diagnose(snapshot([lost], taken_at=NOW, namespace="shop"))
    assert isinstance(narrow, Diagnosis)
    assert [finding.severity for finding in narrow.findings] == [Severity.INFO]


@pytest.mark.parametrize(
    ("message", "mode"),
    [
        ("[container runtime is down, PLEG is not healthy: pleg was last seen active 5m ago]", 132),
        (
            "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady cni plugin not ready",
            135,
        ),
        ("failed to get system container stats", 0),
    ],
)
def test_a_node_that_says_itself_that_it_is_not_ready(message: str, mode: int) -> None:
    assert only(found(unwell(condition("Ready", "False", "KubeletNotReady", message)))).mode.number == mode


def test_a_runtime_that_fails_behind_a_ready_node() -> None:
    item = node()
    text = "rpc error: code = Unavailable desc = dial unix /run/containerd/containerd.sock: connect: no such file"
    assert modes(found(item, event(item, "ContainerGCFailed", text))) == [132]
    old = event(item, "ContainerGCFailed", text) | {"lastTimestamp": "2026-11-24T02:00:00Z"}
    assert found(item, old) == []


@pytest.mark.parametrize(
    ("kind", "noun"), [("MemoryPressure", "memory"), ("DiskPressure", "disk space"), ("PIDPressure", "process ids")]
)
def test_pressure_that_keeps_a_pod_waiting(kind: str, noun: str) -> None:
    taint = {"key": "node.kubernetes.io/memory-pressure", "effect": "NoSchedule"}
    pressed = unwell(condition(kind, "True", "KubeletHasInsufficient", "short"), taints=[taint])
    waits = unscheduled(pod("web-1", {"app": "web"}), "0/1 nodes are available: 1 node(s) had untolerated taint(s).")
    finding = only(found(pressed, waits))
    assert (finding.mode.number, finding.severity) == (133, Severity.ERROR)
    assert f"is short of {noun}" in finding.cause
    assert "web-1 waits for it" in finding.cause


def test_conditions_that_are_false_by_design_are_well() -> None:
    well = unwell(
        *(
            condition(kind, "False")
            for kind in ("MemoryPressure", "DiskPressure", "NetworkUnavailable", "KernelDeadlock")
        )
    )
    assert found(well) == []


def test_a_network_no_route_was_made_for() -> None:
    cut = unwell(condition("NetworkUnavailable", "True", "NoRouteCreated", "Node created without a route"))
    finding = only(found(cut, pod("web-1", {"app": "web"})))
    assert (finding.mode.number, finding.severity) == (135, Severity.WARNING)
    assert "NoRouteCreated: Node created without a route" in finding.cause


def evicted(bound: str, left: str) -> list[Raw]:
    gone = pod("web-1", {"app": "web"}, [])
    text = f"The node was low on resource: ephemeral-storage. Threshold quantity: {bound}, available: {left}. "
    gone["status"] = {"phase": "Failed", "reason": "Evicted", "message": text}
    home = node()
    home["status"]["capacity"] = {"ephemeral-storage": "100Gi", "memory": "4Gi"}
    return [home, gone]


def test_an_eviction_threshold_far_above_what_is_usual() -> None:
    finding = next(item for item in found(*evicted("60Gi", "50Gi")) if item.mode.number == 134)
    assert "with 50Gi of 100Gi free: its kubelet's eviction threshold is 60Gi" in finding.cause
    assert 134 not in modes(found(*evicted("10Gi", "9Gi")))


def test_a_node_that_promised_more_memory_than_it_has_and_ran_out() -> None:
    home = node()
    greedy = pod("web-1", {"app": "web"}, containers=[container(resources={"limits": {"memory": "7Gi"}})])
    assert found(home, greedy) == []
    finding = next(
        item
        for item in found(home, greedy, event(home, "SystemOOM", "System OOM encountered"))
        if item.mode.number == 136
    )
    assert "may use 7Gi" in finding.cause


def test_a_problem_detector_s_word_counts() -> None:
    broken = unwell(condition("ReadonlyFilesystem", "True", "FilesystemIsReadOnly", "Remounting filesystem read-only"))
    assert only(found(broken)).mode.number == 137
    item = node()
    assert modes(found(item, event(item, "Ext4Error", "EXT4-fs error (device sda1)"))) == [137]
    assert found(unwell(condition("GoodWeather", "True"))) == []


def test_an_autoscaler_says_why_it_adds_no_node() -> None:
    waits = unscheduled(pod("web-1", {"app": "web"}), "0/1 nodes are available: 1 Insufficient cpu.")
    text = "pod didn't trigger scale-up: 1 max node group size reached, 2 Insufficient cpu"
    told = found(waits, node(), event(waits, "NotTriggerScaleUp", text, "Normal"))
    finding = next(item for item in told if item.mode.number == 139)
    assert "adds no node for Pod web-1: 1 max node group size reached" in finding.cause
    assert finding.severity is Severity.WARNING
    assert 139 not in modes(
        found(pod("web-1", {"app": "web"}), node(), event(waits, "NotTriggerScaleUp", text, "Normal"))
    )


def test_a_controller_that_lost_its_lease_points_at_the_api_server() -> None:
    item = pod("operator-1", {"app": "operator"}, [ended()])
    line = (
        "E1 leaderelection.go:340] Failed to update lock: context deadline exceeded\nF1 main.go:1] leaderelection lost"
    )
    assert 138 in modes(found(item, node(), logs={"operator-1/web/previous": line}))
    assert 138 not in modes(found(item, node(), logs={"operator-1/web/previous": "became leader"}))


def test_nobody_minds_a_healthy_node() -> None:
    assert found(node(), pod("web-1", {"app": "web"})) == []
