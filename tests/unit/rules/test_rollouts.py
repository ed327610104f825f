"""Rollouts that block themselves, StatefulSets that wait for one pod, DaemonSets that run nowhere; and healthy ones."""

from typing import Any

from agent.diagnose.finding import Severity
from tests.fakes.made import (
    BEFORE,
    RECENTLY,
    Raw,
    condition,
    container,
    endpoints,
    found,
    made,
    modes,
    node,
    owned,
    pod,
    running,
    service,
    template,
    unscheduled,
    workload,
)
from tests.fakes.remedies import changes, command

QUOTA = 'pods "web-2-x" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=2, limited: pods=2'
PORT = container(ports=[{"name": "http", "containerPort": 8000, "hostPort": 8443}])


def rolling(unavailable: str = "25%", surge: str = "25%") -> Raw:
    return {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": unavailable, "maxSurge": surge}}


def sets(top: Raw, replicas: int) -> tuple[Raw, Raw]:
    """Return the old ReplicaSet and the new one, which lacks its first pod."""
    old = owned(workload(f"{top['metadata']['name']}-1", {"app": "web"}, "ReplicaSet", replicas), top)
    new = owned(workload(f"{top['metadata']['name']}-2", {"app": "web"}, "ReplicaSet"), top)
    for one, revision in ((old, "1"), (new, "2")):
        one["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": revision}
    return old, new


def by_quota(strategy: Raw, replicas: int = 2) -> list[Raw]:
    top = workload("web", replicas=replicas, strategy=strategy)
    old, new = sets(top, replicas)
    new["status"] = {
        "observedGeneration": 1,
        "conditions": [condition("ReplicaFailure", "True", "FailedCreate", QUOTA)],
    }
    return [top, old, new, *(owned(pod(f"web-1-{index}", {"app": "web"}), old) for index in range(replicas))]


def test_a_quota_without_a_pod_to_spare_blocks_a_rollout_that_must_add_one() -> None:
    (finding,) = found(*by_quota(rolling()))
    assert (finding.mode.number, finding.subject.name) == (94, "web")
    assert "maxUnavailable 25% of 2 is 0" in finding.cause
    assert "ResourceQuota pods has no room for it (requested: pods=1, used: pods=2, limited: pods=2)" in finding.cause
    assert [new for _, _, new in changes(finding)] == [1, 0], "numbers stay numbers"


def test_a_rollout_that_may_stop_an_old_pod_is_not_blocked_by_its_strategy() -> None:
    assert 94 not in modes(found(*by_quota(rolling("1"))))
    assert 94 not in modes(found(*by_quota(rolling(), replicas=4))), "25 % of 4 is one"
    assert 94 not in modes(found(*by_quota({"type": "Recreate"})))


def waiting(old_spec: Raw, new_spec: Raw, message: str, *nodes: Raw) -> list[Raw]:
    top = workload("web", strategy=rolling())
    old, new = sets(top, 1)
    before = owned(pod("web-1-a", {"app": "web"}, **old_spec), old)
    after = owned(unscheduled(pod("web-2-a", {"app": "web"}, [], **new_spec), message), new)
    return [*(nodes or (node(),)), top, old, new, before, after]


def test_a_host_port_the_old_pod_holds() -> None:
    world = waiting({"containers": [PORT]}, {"containers": [PORT]}, "0/1 nodes: didn't have free ports")
    (finding,) = found(*world)
    assert finding.mode.number == 94
    assert "the old pod holds host port 8443 on every node that could take it" in finding.cause


def test_a_free_node_is_not_blocked_by_the_old_pod() -> None:
    world = waiting({"containers": [PORT]}, {"containers": [PORT]}, "", node(), node("node-2"))
    assert 94 not in modes(found(*world))


def test_anti_affinity_against_its_own_pods() -> None:
    term = {"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/hostname"}
    apart = {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}
    (finding,) = found(*waiting(apart, apart, "0/1 nodes: didn't match pod anti-affinity rules"))
    assert "its own anti-affinity" in finding.cause


def big(cpu: str) -> Raw:
    return {"containers": [container(resources={"requests": {"cpu": cpu}})]}


def test_a_node_full_of_the_old_pod() -> None:
    (finding,) = found(*waiting(big("1500m"), big("1500m"), "0/1 nodes: Insufficient cpu"))
    assert finding.mode.number == 94
    assert "while the old pod on node-1 holds its cpu" in finding.cause


def test_a_new_pod_that_asks_for_more_than_the_old_one_leaves() -> None:
    assert 94 not in modes(found(*waiting(big("500m"), big("3"), "0/1 nodes: Insufficient cpu")))


def test_a_daemonset_that_surges_onto_its_own_host_port() -> None:
    spec = {
        "updateStrategy": {"rollingUpdate": {"maxSurge": 1}},
        "template": template({"app": "agent"}, containers=[PORT]),
    }
    behind = {"observedGeneration": 1, "desiredNumberScheduled": 1, "updatedNumberScheduled": 0}
    (finding,) = found(node(), made("DaemonSet", "agent", spec, behind))
    assert finding.mode.code == "daemonset-surge-with-host-port"
    assert found(node(), made("DaemonSet", "agent", spec, behind | {"updatedNumberScheduled": 1})) == []


def statefulset(replicas: int = 3, status: Raw | None = None, **spec: Any) -> Raw:
    top = workload("db", kind="StatefulSet", replicas=replicas, serviceName="db", **spec)
    return top | {"status": top["status"] | (status or {})}


def member(top: Raw, place: int, *, ready: bool, since: str = BEFORE, revision: str = "db-1", **spec: Any) -> Raw:
    item = owned(pod(f"db-{place}", {"app": "db", "controller-revision-hash": revision}, [running(ready)], **spec), top)
    item["status"]["conditions"] = [condition("Ready", str(ready), "ContainersNotReady", "web unready", since)]
    return item


HEADLESS = [service("db", clusterIP="None"), endpoints("db")]


def test_a_statefulset_without_its_service() -> None:
    top = statefulset(2)
    made = (
        top,
        member(top, 0, ready=True),
        member(top, 1, ready=True),
        service("db-client", {"app": "db"}),
        endpoints("db-client"),
    )
    (finding,) = found(*made)
    assert (finding.mode.number, finding.severity) == (96, Severity.WARNING)
    assert "names Service db as the one that governs its pods, which does not exist" in finding.cause
    assert found(top, member(top, 0, ready=True), member(top, 1, ready=True), *HEADLESS) == []
    alone = statefulset(1)
    assert [item.severity for item in found(alone, member(alone, 0, ready=True))] == [Severity.INFO]
    several = found(top, member(top, 0, ready=True), member(top, 1, ready=True))
    assert [item.severity for item in several] == [Severity.INFO]  # nobody uses the names
    user = workload("web")
    user["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "PEERS", "value": "db-0.db,db-1.db"}]
    assert [item.severity for item in found(alone, member(alone, 0, ready=True), user)] == [Severity.WARNING]
    assert found(statefulset(0)) == []


def test_the_pod_that_holds_back_the_others() -> None:
    top = statefulset()
    (finding,) = found(*HEADLESS, top, member(top, 0, ready=True), member(top, 1, ready=False))
    assert finding.mode.number == 97
    assert "lacks 1 pod because db-1 has not been ready for 3600 s" in finding.cause


def test_a_pod_that_just_started_holds_nobody_back() -> None:
    top = statefulset()
    assert found(*HEADLESS, top, member(top, 0, ready=False, since=RECENTLY)) == []


def test_pods_made_together_wait_for_nobody() -> None:
    top = statefulset(podManagementPolicy="Parallel")
    assert 97 not in modes(found(*HEADLESS, top, member(top, 0, ready=False)))


def test_a_pod_that_needs_the_one_after_it() -> None:
    top = statefulset()
    probe = {"exec": {"command": ["sh", "-c", "nc -z db-1.db 5432"]}}
    first = member(top, 0, ready=False, since=RECENTLY, containers=[container(readinessProbe=probe)])
    (finding,) = found(*HEADLESS, top, first)
    assert finding.mode.code == "statefulset-deadlock"
    itself = {"exec": {"command": ["sh", "-c", "nc -z db-0.db 5432"]}}
    assert (
        found(
            *HEADLESS, top, member(top, 0, ready=False, since=RECENTLY, containers=[container(readinessProbe=itself)])
        )
        == []
    )


def test_a_fix_that_never_reaches_the_broken_pod() -> None:
    top = statefulset(2, {"currentRevision": "db-1", "updateRevision": "db-3"})
    pods = [member(top, 0, ready=True), member(top, 1, ready=False, revision="db-2")]
    (finding,) = found(*HEADLESS, top, *pods)
    assert finding.mode.code == "statefulset-fix-not-applied"
    assert command(finding) == "kubectl delete pod db-1 -n shop"
    newest = [member(top, 0, ready=True), member(top, 1, ready=False, since=RECENTLY, revision="db-3")]
    assert found(*HEADLESS, top, *newest) == []


def daemonset(desired: int, **spec: Any) -> Raw:
    status = {"observedGeneration": 1, "desiredNumberScheduled": desired, "currentNumberScheduled": desired}
    return made("DaemonSet", "agent", {"template": template({"app": "agent"}, **spec)}, status)


def test_a_node_label_misspelt_is_a_warning_and_an_absent_one_no_more_than_a_note() -> None:
    (wrong,) = found(node(), daemonset(0, nodeSelector={"kubernetes.io/os": "linus"}))
    assert (wrong.mode.number, wrong.severity) == (98, Severity.WARNING)
    assert "nodes carry kubernetes.io/os=linux" in wrong.cause
    (absent,) = found(node(), daemonset(0, nodeSelector={"nvidia.com/gpu.present": "true"}))
    assert absent.severity is Severity.INFO


def test_a_taint_somebody_set_is_a_note_and_a_control_planes_is_nothing() -> None:
    gpu = node("node-2", taints=[{"key": "gpu", "value": "true", "effect": "NoSchedule"}])
    (finding,) = found(node(), gpu, daemonset(1))
    assert finding.severity is Severity.INFO
    plane = node("node-2", taints=[{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}])
    assert found(node(), plane, daemonset(1)) == []
