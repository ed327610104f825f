"""Pods kept from a node by affinity, a name, a cordon, a gate, a scheduler or a rival; and pods that only look so."""

from typing import Any

from agent.diagnose.finding import Confidence, Finding, Severity
from tests.fakes.made import (
    NOW,
    RECENTLY,
    Raw,
    container,
    event,
    found,
    made,
    modes,
    node,
    owned,
    pod,
    unscheduled,
    workload,
)
from tests.fakes.remedies import changes, command

NONE = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
ZONE = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["eu-1a", "eu-1b"]}
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def waiting(message: str = NONE, name: str = "web-7d9f-x", **spec: Any) -> list[Raw]:
    """Return a Deployment, its ReplicaSet and the pod no node takes."""
    top = workload("web")
    below = owned(workload("web-7d9f", {"app": "web"}, "ReplicaSet"), top)
    for item in (top, below):
        item["spec"]["template"]["spec"] |= spec
        item["status"] |= {"readyReplicas": 0, "availableReplicas": 0}
    return [top, below, owned(unscheduled(pod(name, {"app": "web"}, **spec), message), below)]


def affinity(*expressions: Raw) -> Raw:
    return {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": list(expressions)}]}}}


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_an_affinity_no_node_satisfies_is_said_with_what_nodes_carry() -> None:
    nodes = [node("node-1", {"topology.kubernetes.io/zone": "eu-2a"})]
    finding = only(found(*waiting(affinity=affinity(ZONE)), *nodes))
    assert (finding.mode.number, finding.confidence) == (22, Confidence.CERTAIN)
    assert "topology.kubernetes.io/zone is in eu-1a, eu-1b" in finding.cause
    assert "(topology.kubernetes.io/zone=eu-2a)" in finding.cause


def test_an_affinity_one_node_satisfies_is_not_the_cause() -> None:
    nodes = [node("node-1", {"topology.kubernetes.io/zone": "eu-1a"}), node("node-2")]
    assert 22 not in modes(found(*waiting(affinity=affinity(ZONE)), *nodes))


def test_a_preferred_affinity_is_a_wish() -> None:
    wish = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": {}}]}}
    assert 22 not in modes(found(*waiting(affinity=wish), node()))


def test_a_node_that_is_gone_starts_nothing() -> None:
    top, below, lone = waiting(nodeName="worker-7")
    lone["spec"]["nodeName"], lone["status"] = "worker-7", {"phase": "Pending"}
    finding = only(found(top, below, lone, node("worker-8")))
    assert finding.mode.number == 23
    assert "names node worker-7, which is not in the cluster (there is worker-8)" in finding.cause
    lone["spec"]["nodeName"] = "worker-8"
    assert 23 not in modes(found(top, below, lone, node("worker-8")))


def test_a_cordon_is_the_cause_only_where_nothing_else_is() -> None:
    held = node("node-1", unschedulable=True)
    finding = only(found(*waiting(), held))
    assert (finding.mode.number, command(finding)) == (25, "kubectl uncordon node-1")
    tainted = node("node-2", taints=[{"key": "gpu", "effect": "NoSchedule"}])
    assert "the other 1 node it may use carry taints (gpu:NoSchedule)" in only(found(*waiting(), held, tainted)).cause
    assert 25 not in modes(found(*waiting(), held, node("node-2")))
    full = node("node-1", unschedulable=True)
    full["status"]["allocatable"]["cpu"] = "0"
    big = container(resources={"requests": {"cpu": "1"}})
    assert 25 not in modes(found(*waiting(containers=[big]), full))


def test_a_cordoned_node_whose_pods_run_is_well() -> None:
    assert found(pod("web-x", {"app": "web"}), node("node-1", unschedulable=True)) == []


def preemption(when: str = RECENTLY, victim: str = "web-7d9f-old") -> list[Raw]:
    rival = pod("urgent-1", {"app": "urgent"}, priorityClassName="urgent", priority=1000)
    gone = made("Pod", victim)
    said = event(gone, "Preempted", f"Preempted by pod {rival['metadata']['uid']} on node node-1", "Normal")
    return [rival, said | {"lastTimestamp": when}]


def test_a_pod_that_had_to_go_is_a_cause_of_its_own() -> None:
    full = "0/1 nodes are available: 1 Insufficient cpu."
    big = container(resources={"requests": {"cpu": "9"}})
    finding = only(found(*waiting(full, containers=[big]), *preemption(), node()))
    assert finding.mode.number == 29
    assert "had to make room on node node-1 for Pod urgent-1 (PriorityClass urgent)" in finding.cause
    assert any("requests 9 CPU" in line for line in finding.symptoms)


def test_preemptions_of_others_and_of_long_ago_are_no_cause() -> None:
    assert 29 not in modes(found(*waiting(), *preemption(victim="api-5c8-x"), node()))
    assert 29 not in modes(found(*waiting(), *preemption("2026-11-24T01:00:00Z"), node()))


def test_a_gate_is_a_note_first_and_a_warning_when_it_lasts() -> None:
    top, below, held = waiting("", schedulingGates=[{"name": "queue.example.com/admission"}])
    held["status"] = {"phase": "Pending"}
    finding = only(found(top, below, held, node()))
    assert (finding.mode.number, finding.severity) == (30, Severity.WARNING)
    held["metadata"]["creationTimestamp"] = NOW
    assert only(found(top, below, held, node())).severity is Severity.INFO


def test_a_scheduler_nobody_runs_and_one_that_is_down() -> None:
    top, below, unseen = waiting(schedulerName="volcano")
    unseen["status"] = {"phase": "Pending"}
    finding = only(found(top, below, unseen, node()))
    assert (finding.mode.number, finding.confidence) == (31, Confidence.CERTAIN)
    assert changes(finding)[0][2] == "default-scheduler"
    unseen["spec"]["schedulerName"] = "default-scheduler"
    assert [(item.mode.number, item.confidence) for item in found(top, below, unseen, node())] == [
        (31, Confidence.LIKELY)
    ]


def test_a_pod_a_scheduler_spoke_of_or_a_fresh_one_was_seen() -> None:
    assert 31 not in modes(found(*waiting(schedulerName="volcano"), node()))
    top, below, fresh = waiting(schedulerName="volcano")
    fresh["status"], fresh["metadata"]["creationTimestamp"] = (
        {"phase": "Pending"},
        RECENTLY.replace("09:59:30", "09:59:50"),
    )
    assert 31 not in modes(found(top, below, fresh, node()))


def test_devices_scratch_space_and_full_nodes() -> None:
    gpu = container(resources={"limits": {"nvidia.com/gpu": "1"}})
    finding = only(found(*waiting("0/1 nodes are available: 1 Insufficient nvidia.com/gpu.", containers=[gpu]), node()))
    assert finding.mode.number == 19
    assert "no node it may use offers any" in finding.cause
    assert changes(finding)[0][0] == "containers[].resources.limits.nvidia.com/gpu"
    scratch = container(resources={"requests": {"ephemeral-storage": "1Ti"}})
    assert modes(found(*waiting("Insufficient ephemeral-storage", containers=[scratch]), node())) == [20]
    small = node()
    small["status"]["allocatable"]["pods"] = "1"
    crowded = found(*waiting("0/1 nodes are available: 1 Too many pods."), pod("a", {"app": "a"}), small)
    assert "node-1 holds at most 1 pods" in only(crowded).cause


def test_a_node_with_room_is_not_full() -> None:
    assert 20 not in modes(found(*waiting(), pod("a", {"app": "a"}), node()))
