"""Worlds in which nothing is wrong, as operators, clouds and queues leave them: a false alarm is as bad as a miss."""

from collections.abc import Iterable

import pytest

from agent.snapshot.record import Ref
from tests.fakes.made import (
    BEFORE,
    RECENTLY,
    SPACE,
    Raw,
    ago,
    condition,
    container,
    diagnosed,
    endpoints,
    event,
    made,
    node,
    owned,
    pod,
    running,
    running_workload,
    service,
    workload,
)

LONG_AGO = "2026-11-10T09:00:00Z"


def custom(kind: str, name: str) -> Raw:
    return made(kind, name) | {"apiVersion": "example.io/v1"}


def single_postgres() -> Iterable[Raw]:
    """CloudNativePG with one instance: nobody is a replica, and its budget is the operator's own wish."""
    cluster = custom("Cluster", "pg")
    carried = {"cnpg.io/cluster": "pg", "cnpg.io/instanceRole": "primary"}
    yield owned(pod("pg-1", carried), cluster)
    for name, role in (("pg-rw", "primary"), ("pg-ro", "replica")):
        yield owned(service(name, {"cnpg.io/cluster": "pg", "cnpg.io/instanceRole": role}), cluster)
    yield endpoints("pg-rw")
    status = {"expectedPods": 1, "currentHealthy": 1, "desiredHealthy": 1, "disruptionsAllowed": 0}
    wanted = {"minAvailable": 1, "selector": {"matchLabels": carried}}
    yield owned(made("PodDisruptionBudget", "pg-primary", wanted, status), cluster)


def asleep() -> Iterable[Raw]:
    """KEDA: nothing to do, so nothing runs, and its autoscaler says so."""
    aim = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "worker"}
    told = "scaling is disabled since the replica count of the target is zero"
    conditions = [condition("ScalingActive", "False", "ScalingDisabled", told)]
    scaled = custom("ScaledObject", "worker")
    wanted = {"scaleTargetRef": aim, "maxReplicas": 5}
    yield workload("worker", replicas=0)
    yield owned(made("HorizontalPodAutoscaler", "keda-hpa-worker", wanted, {"conditions": conditions}), scaled)


def ended_long_ago(code: int, reason: str) -> Iterable[Raw]:
    """It was killed, or its node was started again, two weeks ago, and has run well since."""
    objects = running_workload("web")
    last = {"exitCode": code, "reason": reason, "startedAt": "2026-11-01T09:00:00Z", "finishedAt": LONG_AGO}
    state = {"running": {"startedAt": LONG_AGO}}
    status = running(restartCount=3, lastState={"terminated": last}, state=state)
    objects[2]["status"]["containerStatuses"] = [status]
    for item in objects:
        item["metadata"]["creationTimestamp"] = "2026-10-01T09:00:00Z"
    return objects


def new_balancer() -> Iterable[Raw]:
    """A cloud that has begun to make one needs a minute or two."""
    wanted = service("web", type="LoadBalancer")
    wanted["status"], wanted["metadata"]["creationTimestamp"] = {"loadBalancer": {}}, ago(20)
    told = event(wanted, "EnsuringLoadBalancer", "Ensuring load balancer", "Normal")
    return [*running_workload("web"), wanted, endpoints("web"), told]


def step(name: str, kind: str, phase: str, code: int) -> Raw:
    state = {"terminated": {"exitCode": code, "startedAt": BEFORE, "finishedAt": RECENTLY}}
    item = pod(name, {}, [{"name": "web", "ready": False, "restartCount": 0, "state": state}], restartPolicy="Never")
    item["status"]["phase"] = phase
    return owned(item, custom(kind, "build"))


def standby() -> Iterable[Raw]:
    """The replica that does not lead is not ready, and waits for its turn."""
    top = workload("ctl", replicas=2)
    below = owned(workload("ctl-7d9f", {"app": "ctl"}, "ReplicaSet", 2), top)
    ready = {"readinessProbe": {"exec": {"command": ["is-leader"]}}}
    spec = {"containers": [container() | ready]}
    first = owned(pod("ctl-7d9f-a", {"app": "ctl"}, **spec), below)
    second = owned(pod("ctl-7d9f-b", {"app": "ctl"}, [running(ready=False)], **spec), below)
    top["status"] |= {"readyReplicas": 1, "availableReplicas": 1, "unavailableReplicas": 1}
    lease = made("Lease", "ctl", {"holderIdentity": "ctl-7d9f-a_1", "leaseDurationSeconds": 15, "renewTime": ago(3)})
    told = "Readiness probe failed: not the leader"
    return [top, below, first, second, lease, event(second, "Unhealthy", told)]


def resolved() -> Iterable[Raw]:
    """The kubelet warns of too many name servers, and of a cache that was slow once."""
    objects = running_workload("web")
    late = 'MountVolume.SetUp failed for volume "kube-api-access" : failed to sync configmap cache: timed out'
    names = "Nameserver limits were exceeded, some nameservers have been omitted"
    return [*objects, event(objects[2], "DNSConfigForming", names), event(objects[2], "FailedMount", late)]


def spare_claim() -> Iterable[Raw]:
    """Its volume is made with the first pod that mounts it."""
    late = made("StorageClass", "late", namespace="") | {"volumeBindingMode": "WaitForFirstConsumer"}
    claim = made("PersistentVolumeClaim", "spare", {"storageClassName": "late"}, {"phase": "Pending"})
    return [late | {"provisioner": "csi.local"}, claim]


WORLDS = {
    "an operator's budget and no replica": single_postgres,
    "scaled to zero by KEDA": asleep,
    "out of memory two weeks ago": lambda: ended_long_ago(137, "OOMKilled"),
    "node started again two weeks ago": lambda: ended_long_ago(255, "Unknown"),
    "a step of a workflow that is tried again": lambda: [
        step("build-1", "Workflow", "Failed", 1),
        step("build-2", "Workflow", "Succeeded", 0),
    ],
    "a standby that is not ready by its command": standby,
    "warnings of the kubelet without a consequence": resolved,
    "a claim nobody mounts yet": spare_claim,
}


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_what_is_well_raises_no_alarm_and_keeps_nobody_waiting(world: object) -> None:
    assert callable(world)
    diagnosis = diagnosed(*world(), node())
    assert [finding.cause for finding in diagnosis.findings if finding.severity != "info"] == []
    assert [item.says for item in diagnosis.unsettled] == []


def test_a_balancer_that_is_being_made_is_waited_for_and_no_fault_yet() -> None:
    diagnosis = diagnosed(*new_balancer(), node())
    assert diagnosis.findings == ()
    assert [item.subject for item in diagnosis.unsettled] == [Ref("Service", SPACE, "web")]


def test_near_misses_of_those_worlds_are_said() -> None:
    """The same objects a little otherwise: killed an hour ago, a failed Job's pod, a person's own budget."""
    objects = list(ended_long_ago(137, "OOMKilled"))
    objects[2]["status"]["containerStatuses"][0]["lastState"]["terminated"]["finishedAt"] = BEFORE
    assert [finding.mode.code for finding in diagnosed(*objects, node()).findings] == ["oom-killed"]
    alone = step("once", "Job", "Failed", 1)
    alone["metadata"].pop("ownerReferences")
    assert [finding.severity for finding in diagnosed(alone, node()).findings] == ["error"]
    mine = list(single_postgres())
    mine[-1]["metadata"].pop("ownerReferences")
    assert [finding.mode.code for finding in diagnosed(*mine, node()).findings] == ["budget-blocks-eviction"]
