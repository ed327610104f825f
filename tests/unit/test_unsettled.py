"""What is said in the first minute: what a person reads as `nothing is wrong` then is what they act on."""

from typing import Any

import pytest

from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.unsettled import Unsettled
from agent.snapshot.record import Ref
from tests.fakes.made import (
    BEFORE,
    SPACE,
    ago,
    condition,
    container,
    diagnosed,
    ended,
    event,
    made,
    modes,
    node,
    owned,
    pod,
    running,
    running_workload,
    unscheduled,
    workload,
)

AGES = (0, 5, 15, 30, 55)
WEB = {"app": "web"}


def deployed(status: dict[str, Any], age: float, **pod_spec: Any) -> list[dict[str, Any]]:
    """Return Deployment web, made and rolled out `age` seconds ago, whose one pod has this container status."""
    top, below = workload("web"), workload("web-7d9f", WEB, "ReplicaSet")
    ready = int(status["ready"])
    top["status"] |= {"readyReplicas": ready, "availableReplicas": ready}
    top["status"]["conditions"] = [condition("Progressing", "True", since=ago(age), lastUpdateTime=ago(age))]
    item = owned(pod("web-7d9f-x", WEB, [status], **pod_spec), owned(below, top))
    for obj in (top, below, item):
        obj["metadata"]["creationTimestamp"] = ago(age)
    for found in item["status"]["conditions"]:
        found["lastTransitionTime"] = ago(age)
    return [node(), top, below, item]


def started(age: float, ready: bool = False, **more: Any) -> dict[str, Any]:
    return running(ready, started=True, state={"running": {"startedAt": ago(age)}}, **more)


def terminated(code: int, age: float, lived: float = 1) -> dict[str, Any]:
    reason = "Error" if code else "Completed"
    return {"terminated": {"exitCode": code, "reason": reason, "startedAt": ago(age + lived), "finishedAt": ago(age)}}


def crashed(code: int, age: float) -> dict[str, Any]:
    return {"name": "web", "ready": False, "restartCount": 0, "state": terminated(code, age)}


def unhealthy(about: dict[str, Any], message: str, age: float, probe: str = "Readiness") -> dict[str, Any]:
    return event(about, "Unhealthy", f"{probe} probe failed: {message}") | {"lastTimestamp": ago(age)}


def only(diagnosis: Diagnosis) -> Unsettled:
    assert diagnosis.findings == ()
    (item,) = diagnosis.unsettled
    return item


ASKS = {"httpGet": {"path": "/health", "port": 8000}}
NOT_FOUND = "HTTP probe failed with statuscode: 404"
TLS = 'Get "https://10.244.0.7:8000/": http: server gave HTTP response to HTTPS client'


@pytest.mark.parametrize("age", AGES)
def test_the_first_crash_is_a_finding_at_once(age: float) -> None:
    items = deployed(crashed(1, age), age + 1)
    said = diagnosed(*items, logs={"web-7d9f-x/web": "ValueError: negative price"})
    assert modes(said.findings) == [73]
    assert said.unsettled == ()
    silent = diagnosed(*deployed(crashed(3, age), age + 1)).findings
    assert "ended with exit code 3; no known cause fits" in silent[0].cause


@pytest.mark.parametrize("age", AGES)
def test_a_program_that_finishes_where_it_should_serve_is_a_finding_at_once(age: float) -> None:
    assert modes(diagnosed(*deployed(crashed(0, age), age + 1)).findings) == [71]


@pytest.mark.parametrize("age", [1, 8])
def test_one_restart_is_waited_for_and_says_what_ended_the_first_run(age: float) -> None:
    again = started(age, ready=True, restartCount=1, lastState=terminated(1, age + 1))
    logs = {"web-7d9f-x/web/previous": "cannot connect to db"}
    item = only(diagnosed(*deployed(again, age + 3), logs=logs))
    assert "container web runs again after it ended (Error, exit code 1): cannot connect to db" in item.says
    assert item.until is not None
    assert (item.until.isoformat()) > ago(0)


def test_a_container_nothing_vouches_for_is_not_called_healthy_the_moment_it_starts() -> None:
    """A program that ends after four seconds is running and ready for three."""
    assert "has only just started" in only(diagnosed(*deployed(started(2, ready=True), 3))).says
    vouched = [container(readinessProbe=ASKS)]
    for well in (deployed(started(20, ready=True), 21), deployed(started(2, ready=True), 3, containers=vouched)):
        said = diagnosed(*well)
        assert (said.findings, said.unsettled) == ((), ())


def test_one_restart_and_fine_since_is_as_asked() -> None:
    again = started(60, ready=True, restartCount=1, lastState=terminated(1, 61))
    said = diagnosed(*deployed(again, 63))
    assert (said.findings, said.unsettled) == ((), ())


@pytest.mark.parametrize("age", AGES[:4])
def test_a_probe_answered_404_is_said_while_it_may_still_become_well(age: float) -> None:
    items = deployed(started(age), age, containers=[container(readinessProbe=ASKS)])
    item = only(diagnosed(*items, unhealthy(items[-1], NOT_FOUND, min(age, 2))))
    assert NOT_FOUND in item.says
    assert str(item.subject) == "Deployment/shop/web"
    assert item.until is not None
    assert item.until.isoformat() == ago(age - 50).replace("Z", "+00:00")


def test_a_probe_answered_404_beside_one_that_is_answered_is_a_finding_at_once() -> None:
    alive = {"httpGet": {"path": "/", "port": 8000}, "periodSeconds": 2}
    items = deployed(started(5), 5, containers=[container(readinessProbe=ASKS, livenessProbe=alive)])
    said = diagnosed(*items, unhealthy(items[-1], NOT_FOUND, 1))
    assert modes(said.findings) == [79]
    assert said.unsettled == ()


@pytest.mark.parametrize("age", [1, *AGES[1:]])
def test_tls_on_a_plain_port_never_gets_better_so_it_is_a_finding_at_once(age: float) -> None:
    probe = {"httpGet": {"path": "/", "port": 8000, "scheme": "HTTPS"}}
    items = deployed(started(age), age, containers=[container(readinessProbe=probe)])
    assert modes(diagnosed(*items, unhealthy(items[-1], TLS, 0)).findings) == [79]


def test_a_liveness_probe_that_speaks_another_protocol_is_a_finding_before_the_first_kill() -> None:
    probe = {"httpGet": {"path": "/", "port": 8000, "scheme": "HTTPS"}}
    items = deployed(started(12, ready=True), 12, containers=[container(livenessProbe=probe)])
    assert modes(diagnosed(*items, unhealthy(items[-1], TLS, 2, "Liveness")).findings) == [75]


def test_a_liveness_probe_that_fails_now_is_said_though_its_pod_is_ready() -> None:
    items = deployed(started(12, ready=True), 12, containers=[container(livenessProbe=ASKS)])
    item = only(diagnosed(*items, unhealthy(items[-1], NOT_FOUND, 2, "Liveness")))
    assert NOT_FOUND in item.says
    assert "killed after 3 failures" in item.says


def test_a_liveness_probe_that_failed_at_the_start_and_is_answered_since_is_history() -> None:
    items = deployed(started(90, ready=True), 90, containers=[container(livenessProbe=ASKS)])
    said = diagnosed(*items, unhealthy(items[-1], "connection refused", 85, "Liveness"))
    assert (said.findings, said.unsettled) == ((), ())


@pytest.mark.parametrize("age", AGES)
def test_a_slow_starter_is_waited_for_and_its_log_is_told(age: float) -> None:
    items = deployed(started(age), age, containers=[container(readinessProbe=ASKS | {"failureThreshold": 20})])
    item = only(diagnosed(*items, logs={"web-7d9f-x/web": "warming the cache\n"}))
    assert "the last line of its log: warming the cache" in item.says
    assert item.until is not None
    assert item.since is not None
    assert (item.until - item.since).total_seconds() == 200


def test_a_pod_whose_image_is_pulled_is_waited_for() -> None:
    items = deployed({"name": "web", "ready": False, "restartCount": 0}, 20)
    items[-1]["status"] |= {"phase": "Pending"}
    items[-1]["status"]["containerStatuses"][0]["state"] = {"waiting": {"reason": "ContainerCreating"}}
    item = only(diagnosed(*items, event(items[-1], "Pulling", 'Pulling image "web:1"', "Normal")))
    assert "container web is not started yet (ContainerCreating): Pulling image" in item.says


def test_an_image_that_cannot_be_pulled_is_a_finding_at_once() -> None:
    items = deployed({"name": "web", "ready": False, "restartCount": 0}, 2)
    items[-1]["status"] |= {"phase": "Pending"}
    waiting = {"reason": "ErrImagePull", "message": "registry.local/web:1: not found"}
    items[-1]["status"]["containerStatuses"][0]["state"] = {"waiting": waiting}
    assert modes(diagnosed(*items).findings) == [47]


def test_a_configmap_that_is_not_there_is_a_finding_at_once() -> None:
    items = deployed(
        {"name": "web", "ready": False, "restartCount": 0},
        2,
        containers=[container(envFrom=[{"configMapRef": {"name": "absent"}}])],
    )
    waiting = {"reason": "CreateContainerConfigError", "message": 'configmap "absent" not found'}
    items[-1]["status"] |= {"phase": "Pending"}
    items[-1]["status"]["containerStatuses"][0]["state"] = {"waiting": waiting}
    assert modes(diagnosed(*items).findings) == [54]


def test_a_container_killed_for_memory_is_a_finding_at_once() -> None:
    status = crashed(137, 0)
    status["state"]["terminated"]["reason"] = "OOMKilled"
    assert modes(diagnosed(*deployed(status, 3)).findings) == [65]


def test_a_rollout_under_way_is_told_with_its_deadline_and_is_no_finding() -> None:
    top, below, item = running_workload("web", WEB)
    newer = owned(workload("web-8e0a", WEB, "ReplicaSet"), top)
    newer["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.local/web:2"
    newer["status"] |= {"readyReplicas": 0, "availableReplicas": 0}
    for number, one in enumerate((below, newer), 1):
        one["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": str(number)}
    fresh = owned(pod("web-8e0a-y", WEB, [started(6)]), newer)
    fresh["status"]["conditions"][1]["lastTransitionTime"] = ago(6)
    top["status"] |= {"replicas": 2, "conditions": [condition("Progressing", "True", lastUpdateTime=ago(6))]}
    said = only(diagnosed(top, below, item, newer, fresh))
    assert said.says.startswith("pod web-8e0a-y: container web runs and is not ready yet")
    assert "1 replica more than asked" in said.says


def test_pods_that_wait_alike_are_counted() -> None:
    """Thirty lines that say the same hide the one that says something else."""
    top, below, item = deployed(started(5), 5)[1:]
    more = [owned(pod(f"web-7d9f-{name}", WEB, [started(5)]), below) for name in "yz"]
    for one in more:
        one["status"]["conditions"][1]["lastTransitionTime"] = ago(5)
    assert only(diagnosed(node(), top, below, item, *more)).says.startswith("3 pods: container web runs")


def test_a_workload_of_an_operator_nobody_reads_speaks_for_itself() -> None:
    top = owned(workload("db", {"app": "db"}, "StatefulSet"), made("Postgres", "db"))
    top["status"] |= {"readyReplicas": 0, "availableReplicas": 0}
    assert only(diagnosed(top)).says == "0 of 1 replica ready"


def test_a_finished_rollout_is_as_asked() -> None:
    said = diagnosed(*running_workload("web", WEB))
    assert (said.findings, said.unsettled) == ((), ())


def going(replicas: int) -> list[dict[str, Any]]:
    """Return Deployment web that wants so many pods, has one, and a second one that terminates."""
    top, below, item = running_workload("web", WEB)
    top["spec"]["replicas"] = below["spec"]["replicas"] = replicas
    gone = owned(pod("web-7d9f-y", WEB, [ended(143)]), below)
    gone["metadata"] |= {"deletionTimestamp": ago(-20), "deletionGracePeriodSeconds": 30}
    return [top, below, item, gone]


def test_a_pod_that_terminates_is_told_while_its_workload_lacks_it_whatever_its_containers_end_with() -> None:
    item = only(diagnosed(*going(2)))
    assert "it terminates, within its grace period of 30 s; 1 of 2 replicas updated" in item.says
    assert item.since is not None
    assert item.since.isoformat() == ago(10).replace("Z", "+00:00")


def test_a_pod_that_terminates_and_is_needed_no_more_leaves_its_workload_as_asked() -> None:
    """Every scale-down would read as not settled otherwise."""
    said = diagnosed(*going(1))
    assert (said.findings, said.unsettled) == ((), ())
    asked = diagnosed(*going(1), subject=Ref("Pod", SPACE, "web-7d9f-y"))
    assert asked.about is not None
    assert "terminates, within its grace period of 30 s" in asked.about.sentences[0]


def job(**status: Any) -> dict[str, Any]:
    wanted = {"completions": 1, "activeDeadlineSeconds": 600, "template": {"spec": {"containers": [container()]}}}
    return made("Job", "load", wanted, {"startTime": ago(30), **status})


def test_a_job_that_runs_is_told_with_its_deadline_and_a_finished_one_is_not() -> None:
    item = only(diagnosed(job(active=1)))
    assert item.says == "it runs with 1 active pod, 0 of 1 completed"
    assert item.until is not None
    assert item.until.isoformat() == ago(-570).replace("Z", "+00:00")
    done = diagnosed(job(succeeded=1, conditions=[condition("Complete", "True")]))
    assert (done.findings, done.unsettled) == ((), ())


def test_a_jobs_pod_that_failed_is_a_finding_at_once() -> None:
    item = owned(pod("load-x", {}, [crashed(1, 1)], restartPolicy="Never"), job(active=1))
    item["status"]["phase"] = "Failed"
    logs = {"load-x/web": "ValueError: no such table"}
    assert modes(diagnosed(job(active=0, failed=1), item, logs=logs).findings) == [73]


def test_a_claim_that_waits_for_its_first_consumer_is_as_asked_until_a_pod_mounts_it() -> None:
    """A spare claim would keep the whole namespace from ever being called well."""
    late = made("StorageClass", "late", namespace="")
    late |= {"provisioner": "csi.local", "volumeBindingMode": "WaitForFirstConsumer"}
    claim = made("PersistentVolumeClaim", "data", {"storageClassName": "late"}, {"phase": "Pending"})
    told = event(claim, "WaitForFirstConsumer", "waiting for first consumer", "Normal")
    diagnosis = diagnosed(late, claim, told, subject=Ref("PersistentVolumeClaim", SPACE, "data"))
    assert diagnosis.unsettled == ()
    assert diagnosis.about is not None
    assert "waits, as its class asks, for the first pod that mounts it" in diagnosis.about.sentences[0]
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    waiting = unscheduled(pod("db", {"app": "db"}, volumes=volumes), "")
    assert any(item.subject.name == "data" for item in diagnosed(late, claim, told, waiting).unsettled)


def test_a_pod_is_not_unschedulable_while_its_volume_is_being_made() -> None:
    quick = made("StorageClass", "quick", namespace="") | {"provisioner": "csi.local", "volumeBindingMode": "Immediate"}
    claim = made("PersistentVolumeClaim", "data", {"storageClassName": "quick"}, {"phase": "Pending"})
    claim["metadata"]["creationTimestamp"] = ago(4)
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    item = pod("db", {"app": "db"}, volumes=volumes)
    item["spec"].pop("nodeName")
    told = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."
    item["status"] = {"phase": "Pending", "conditions": [condition("PodScheduled", "False", "Unschedulable", told)]}
    item["metadata"]["creationTimestamp"] = ago(4)
    said = diagnosed(quick, claim, item)
    assert said.findings == ()
    assert {str(one.subject) for one in said.unsettled} == {f"Pod/{SPACE}/db", f"PersistentVolumeClaim/{SPACE}/data"}


def test_an_autoscaler_without_metrics_yet_and_a_balancer_without_an_address_are_waited_for() -> None:
    reference = {"kind": "Deployment", "name": "web"}
    scaler = made("HorizontalPodAutoscaler", "web", {"scaleTargetRef": reference, "maxReplicas": 3})
    told = condition("ScalingActive", "False", "FailedGetResourceMetric", "no metrics returned", since=ago(20))
    scaler["status"]["conditions"] = [told]
    scaler["metadata"]["creationTimestamp"] = ago(20)
    balancer = made("Service", "web", {"type": "LoadBalancer", "selector": WEB, "ports": [{"port": 8000}]})
    balancer["metadata"]["creationTimestamp"] = ago(5)
    slice_ = made("EndpointSlice", "web-1", labels={"kubernetes.io/service-name": "web"})
    slice_ |= {"endpoints": [{"conditions": {"ready": True}}], "ports": [{"port": 8000}]}
    items = running_workload("web", WEB)
    for wanted in (items[0]["spec"]["template"]["spec"], items[-1]["spec"]):
        wanted["containers"][0]["resources"] = {"requests": {"cpu": "100m"}}
    said = diagnosed(*items, scaler, balancer, slice_)
    assert modes(said.findings) == []
    assert [one.subject.kind for one in said.unsettled] == ["Service", "HorizontalPodAutoscaler"]


def standby(holder: str) -> list[dict[str, Any]]:
    top, below, leader = running_workload("web", WEB)
    top["status"] |= {"replicas": 2, "updatedReplicas": 2}
    top["spec"]["replicas"] = 2
    other = owned(pod("web-7d9f-y", WEB, [started(3000)]), below)
    lease = made("Lease", "web-leader", {"holderIdentity": f"{holder}_6f0c", "renewTime": ago(2)})
    return [top, below, leader, other, lease]


def test_a_replica_that_stands_by_is_as_asked_and_one_without_a_leader_is_not() -> None:
    said = diagnosed(*standby("web-7d9f-x"))
    assert (said.findings, said.unsettled) == ((), ())
    assert modes(diagnosed(*standby("api-1")).findings) == [0]


def test_what_is_in_a_finding_is_not_unsettled_as_well_and_another_workload_still_is() -> None:
    broken = deployed(ended(1), 40)
    waiting = running_workload("api", {"app": "api"})
    waiting[0]["status"] |= {"readyReplicas": 0, "availableReplicas": 0}
    waiting[-1]["status"]["conditions"][1] |= {"status": "False", "lastTransitionTime": ago(5)}
    waiting[-1]["status"]["containerStatuses"] = [started(5)]
    said = diagnosed(*broken, *waiting)
    assert [finding.subject.name for finding in said.findings] == ["web"]
    assert [item.subject.name for item in said.unsettled] == ["api"]


def test_a_workload_that_lacks_pods_nobody_speaks_of_is_never_called_healthy() -> None:
    top = workload("web", replicas=3)
    top["status"] |= {"readyReplicas": 2, "availableReplicas": 2}
    assert only(diagnosed(top)).says == "2 of 3 replicas ready"


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("Deployment", {"paused": True}),
        ("StatefulSet", {"updateStrategy": {"type": "OnDelete"}}),
        ("StatefulSet", {"updateStrategy": {"rollingUpdate": {"partition": 1}}}),
    ],
)
def test_a_rollout_somebody_holds_back_on_purpose_is_as_asked(kind: str, change: dict[str, Any]) -> None:
    top = workload("web", WEB, kind, 2, **change)
    top["status"]["updatedReplicas"] = 1
    assert diagnosed(top).unsettled == ()


def test_a_debug_container_that_ended_with_an_error_breaks_nothing() -> None:
    items = running_workload("web", WEB)
    debug = {"name": "debugger", "ready": False, "restartCount": 0, "state": terminated(1, 5)}
    items[-1]["status"]["ephemeralContainerStatuses"] = [debug]
    items[-1]["status"]["containerStatuses"][0]["restartCount"] = 1
    items[-1]["status"]["containerStatuses"][0]["lastState"] = terminated(1, 3000)
    assert diagnosed(*items).findings == ()


def test_a_sidecar_that_is_ended_after_the_work_is_done_breaks_nothing() -> None:
    sidecar = {"name": "proxy", "image": "registry.local/proxy:1", "restartPolicy": "Always"}
    item = pod("load", {}, [crashed(0, 2)], restartPolicy="Never", initContainers=[sidecar])
    item["status"]["initContainerStatuses"] = [
        {"name": "proxy", "ready": False, "restartCount": 0, "state": terminated(143, 1)}
    ]
    item["metadata"]["creationTimestamp"] = BEFORE
    assert diagnosed(item).findings == ()
