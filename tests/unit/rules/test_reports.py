"""Faults as people report them in public: what programs, kubelets, plugins and controllers say, and what it means.

Each case has a near miss beside it: a wrong name sends somebody the wrong way at three in the morning.
"""

from typing import Any

import pytest

from agent.diagnose.finding import Finding
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
    ended,
    endpoints,
    event,
    failing_workload,
    found,
    made,
    node,
    owned,
    pod,
    running,
    running_workload,
    service,
    unscheduled,
    workload,
)


def codes(findings: list[Finding]) -> list[str]:
    return [finding.mode.code for finding in findings if finding.severity != "info"]


def crashing(log: str, *more: Raw, code: int = 1, **spec: Any) -> list[Finding]:
    """Return what is said of a program that keeps ending with these last words."""
    objects = failing_workload("app", ended(code), **spec)
    return found(*objects, node(), *more, logs={"app-7d9f-x/web": log, "app-7d9f-x/web/previous": log})


def starting(reason: str, message: str = "", *events: tuple[str, str], age: float = 600, **spec: Any) -> list[Raw]:
    """Return a Deployment whose pod has not started, with what the kubelet says of it."""
    waits = {
        "name": "web",
        "ready": False,
        "restartCount": 0,
        "state": {"waiting": {"reason": reason, "message": message}},
    }
    objects = failing_workload("app", waits, **spec)
    objects[2]["status"]["phase"] = "Pending"
    objects[2]["metadata"]["creationTimestamp"] = ago(age)
    return [*objects, *(event(objects[2], why, text) for why, text in events)]


NO_KIND = (
    '{"level":"error","logger":"source","msg":"if kind is a CRD, install it first","error":"no matches for kind '
    '\\"HTTPChaos\\" in version \\"chaos-mesh.org/v1alpha1\\""}\n'
    '{"level":"error","msg":"problem running manager","error":"timed out waiting for cache to be synced"}\n'
)
IN_CLUSTER = (
    "panic: unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be "
    "defined\n"
)
AVX = (
    "WARNING: MongoDB 5.0+ requires a CPU with AVX support, and your current system does not appear to have that!\n"
    "  see https://jira.mongodb.org/browse/SERVER-54407\n"
)
JVM = (
    "Unrecognized VM option 'UseConcMarkSweepGC'\nError: Could not create the Java Virtual Machine.\n"
    "Error: A fatal exception has occurred. Program will exit.\n"
)


@pytest.mark.parametrize(
    ("log", "code", "mode", "words"),
    [
        (NO_KIND, 1, "kind-undefined", "kind HTTPChaos of chaos-mesh.org/v1alpha1"),
        ("timed out waiting for cache to be synced\n", 1, "exception", "timed out waiting"),
        (IN_CLUSTER, 2, "exception", "must be defined"),
        ("panic: DATABASE_HOST must be defined\n", 2, "setting-missing", "DATABASE_HOST is not set"),
        ("Fatal glibc error: CPU does not support x86-64-v2\n", 127, "foreign-program", "instructions that the node's"),
        ("sh: 1: serve: not found\n", 127, "command-not-found", "serve"),
        (AVX, 132, "foreign-program", "requires a CPU with AVX support"),
        (JVM, 1, "configuration-unreadable", "Unrecognized VM option"),
        ("=> Booting Puma\nA server is already running. Check /app/tmp/pids/server.pid.\nExiting\n", 1, "exception",
         "A server is already running"),
    ],
)  # fmt: skip
def test_the_line_that_says_it_is_found_and_means_what_it_says(log: str, code: int, mode: str, words: str) -> None:
    first = crashing(log, code=code)[0]
    assert first.mode.code == mode
    assert words in first.cause


def test_a_client_that_has_no_broker_is_not_said_to_be_refused() -> None:
    (finding,) = crashing("org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node assignment.\n")
    assert finding.mode.code == "dependency-unreachable"
    assert "refused" not in finding.cause
    (refused,) = crashing("dial tcp 10.9.9.9:5432: connect: connection refused\n")
    assert "connection refused" in refused.cause


def test_a_lease_that_may_not_be_read_is_a_matter_of_rights_alone() -> None:
    log = (
        'error retrieving resource lock shop/op: leases.coordination.k8s.io "op" is forbidden: User '
        '"system:serviceaccount:shop:op" cannot get resource "leases" in API group "coordination.k8s.io" in the '
        'namespace "shop"\nleader election lost\n'
    )
    assert codes(crashing(log, made("ServiceAccount", "op"), serviceAccountName="op")) == ["rbac-forbidden"]
    assert codes(crashing("leader election lost\n"))[:1] == ["lease-lost"]


LINK = 'parse REDIS_PORT: strconv.Atoi: parsing "tcp://10.96.3.4:6379": invalid syntax\n'


def test_a_setting_that_is_a_service_link_is_named_and_can_be_switched_off() -> None:
    redis = [service("redis", port=6379), endpoints("redis"), *running_workload("redis")]
    finding = crashing(LINK, *redis)[0]
    assert finding.mode.code == "configuration-unreadable"
    assert "Kubernetes sets REDIS_PORT for Service redis" in finding.cause
    assert [(str(change.path[-1]), change.value) for change in finding.fix.edits] == [("enableServiceLinks", False)]
    off = crashing(LINK, *redis, enableServiceLinks=False)[0]
    assert "service link" not in off.cause
    own = [container(env=[{"name": "REDIS_PORT", "value": "tcp://10.96.3.4:6379"}])]
    assert "its variable REDIS_PORT is" in crashing(LINK, *redis, containers=own)[0].cause


# What a kubelet refuses


def refused(reason: str, message: str, **spec: Any) -> Raw:
    item = pod("train", {"app": "train"}, [], **spec)
    item["status"] = {"phase": "Failed", "reason": reason, "message": f"Pod was rejected: {message}"}
    return item


@pytest.mark.parametrize(
    ("reason", "message", "mode"),
    [
        ("UnexpectedAdmissionError", "Allocate failed due to no healthy devices present", "insufficient-device"),
        ("OutOfnvidia.com/gpu", "Node didn't have enough resource: nvidia.com/gpu", "insufficient-device"),
        ("OutOfcpu", "Node didn't have enough resource: cpu, requested: 4000", "insufficient-cpu"),
        ("OutOfpods", "Node didn't have enough resource: pods", "too-many-pods"),
        ("NodePorts", "Predicate NodePorts failed: node(s) didn't have free ports", "host-port-taken"),
        ("NodeAffinity", "Predicate NodeAffinity failed", "node-selector-unmatched"),
    ],
)
def test_a_pod_its_kubelet_refused_says_what_the_node_lacked(reason: str, message: str, mode: str) -> None:
    (finding,) = found(refused(reason, message), node())
    assert finding.mode.code == mode
    assert f"the kubelet of node-1 refused a pod ({reason}): {message}" in finding.cause


def test_a_refusal_no_rule_knows_is_quoted_and_one_that_was_replaced_is_history() -> None:
    (finding,) = found(refused("SysctlForbidden", 'forbidden sysctl: "net.core.somaxconn" not allowlisted'), node())
    assert finding.mode.code == "unexplained"
    assert 'forbidden sysctl: "net.core.somaxconn" not allowlisted' in finding.cause
    whole = running_workload("web")
    left = owned(refused("UnexpectedAdmissionError", "Allocate failed"), whole[1])
    assert found(*whole, left, node()) == []


# What a node that is ready cannot do

UNAUTHORIZED = (
    "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "
    '"d9f4c9": plugin type="calico" failed (add): error getting ClusterInformation: connection is unauthorized'
)
NO_ADDRESS = (
    'Failed to create pod sandbox: failed to setup network for sandbox "d9f4": plugin type="aws-cni" name="aws-cni" '
    "failed (add): add cmd: failed to assign an IP address to container"
)


def test_a_network_plugin_that_fails_is_the_nodes_fault_and_named() -> None:
    (finding,) = found(*starting("ContainerCreating", "", ("FailedCreatePodSandBox", UNAUTHORIZED)), node())
    assert (finding.mode.code, finding.subject) == ("network-not-ready", Ref("Node", "", "node-1"))
    assert "plugin calico fails with error getting ClusterInformation" in finding.cause
    (full,) = found(*starting("ContainerCreating", "", ("FailedCreatePodSandBox", NO_ADDRESS)), node())
    assert "has no address left for another pod" in full.cause


def test_a_sandbox_that_fails_at_first_or_for_something_else_is_not_the_network() -> None:
    young = starting("ContainerCreating", "", ("FailedCreatePodSandBox", UNAUTHORIZED), age=20)
    young[2]["status"]["conditions"] = [condition("Ready", "False", since=ago(20))]
    assert found(*young, node()) == []
    other = "Failed to create pod sandbox: failed to reserve sandbox name"
    assert "network-not-ready" not in codes(
        found(*starting("ContainerCreating", "", ("FailedCreatePodSandBox", other)))
    )


FULL = 'Failed to pull image "registry.local/web:1": failed to extract layer: write /var/lib/x: no space left on device'


def test_an_image_that_does_not_fit_on_the_node_is_a_matter_of_its_disk() -> None:
    (finding,) = found(*starting("ErrImagePull", "pull failed", ("Failed", FULL)), node())
    assert finding.mode.code == "node-under-pressure"
    assert "no room on its disk for image registry.local/web:1" in finding.cause
    absent = FULL.replace("no space left on device", "manifest unknown")
    assert codes(found(*starting("ErrImagePull", "pull failed", ("Failed", absent)), node())) == ["image-not-found"]


def test_an_image_the_nodes_policy_refuses_is_refused_by_a_policy() -> None:
    message = "image pull failed because the signature validation failed: A signature was required"
    (finding,) = found(*starting("SignatureValidationFailed", message), node())
    assert finding.mode.code == "policy-denied"


# What the scheduler and its controllers say


def test_a_node_its_cloud_controller_never_set_up_is_said_to_wait_for_it() -> None:
    taint = {"key": "node.cloudprovider.kubernetes.io/uninitialized", "value": "true", "effect": "NoSchedule"}
    waiting = starting("x")
    unscheduled(waiting[2], "0/1 nodes are available: 1 node(s) had untolerated taint {" + taint["key"] + ": true}.")
    (finding,) = found(*waiting, node(taints=[taint]))
    assert finding.mode.code == "untolerated-taint"
    assert "cloud controller manager takes off" in finding.cause
    young = node(taints=[taint])
    young["metadata"]["creationTimestamp"] = ago(30)
    assert "untolerated-taint" not in codes(found(*waiting, young))


def test_nodes_full_of_volumes_are_not_full_of_pods() -> None:
    waiting = starting("x")
    unscheduled(waiting[2], "0/2 nodes are available: 2 node(s) exceed max volume count.")
    (finding,) = found(*waiting, node(), node("node-2"))
    assert finding.mode.code == "too-many-volumes"
    assert "2 nodes it may use have as many volumes attached" in finding.cause


def test_what_the_scheduler_says_stands_in_the_sentence_where_no_rule_knows_it() -> None:
    waiting = starting("x")
    unscheduled(waiting[2], 'waiting for resource claim "gpu" to be created')
    (finding,) = found(*waiting, node())
    assert 'no node takes its pods: waiting for resource claim "gpu" to be created' in finding.cause


def test_openshifts_constraints_are_a_policy() -> None:
    told = (
        'pods "app-7d9f-" is forbidden: unable to validate against any security context constraint: [provider '
        '"anyuid": Forbidden: not usable by user or serviceaccount]'
    )
    top = workload("app")
    top["status"] = {"observedGeneration": 1, "unavailableReplicas": 1}
    below = owned(workload("app-7d9f", {"app": "app"}, "ReplicaSet"), top)
    failure = condition("ReplicaFailure", "True", "FailedCreate", told)
    below["status"] = {"replicas": 0, "observedGeneration": 1, "conditions": [failure]}
    (finding,) = found(top, below, event(below, "FailedCreate", f"Error creating: {told}"))
    assert finding.mode.code == "policy-denied"
    assert "refused by every SecurityContextConstraint" in finding.cause


# Probes by command

NO_FILE = "Liveness probe failed: cat: can't open '/tmp/healthy': No such file or directory\n"


def probed(kind: str, **status: Any) -> list[Raw]:
    probe: Any = {"exec": {"command": ["cat", "/tmp/healthy"]}, "periodSeconds": 3}
    objects = failing_workload("app", running(ready=False, **status), containers=[container() | {kind: probe}])
    return [*objects, node()]


def test_a_probe_whose_command_fails_is_named_with_what_the_command_says() -> None:
    before = {"exitCode": 137, "reason": "Error", "startedAt": ago(40), "finishedAt": ago(20)}
    started = {"running": {"startedAt": ago(15)}}
    objects = probed("livenessProbe", restartCount=4, state=started, lastState={"terminated": before})
    killed = event(objects[2], "Killing", "Container web failed liveness probe, will be restarted", "Normal")
    (finding,) = found(*objects, event(objects[2], "Unhealthy", NO_FILE), killed)
    assert finding.mode.code == "probe-command"
    assert (
        "(cat /tmp/healthy: cat: can't open '/tmp/healthy': No such file or directory); so it is killed"
        in finding.cause
    )


def test_a_readiness_command_that_speaks_of_a_refused_connection_asks_no_port() -> None:
    """The kubelet connects to nothing there: the words are the command's."""
    objects = probed("readinessProbe")
    told = "Readiness probe failed: wget: can't connect to remote host (127.0.0.1): Connection refused"
    (finding,) = found(*objects, event(objects[2], "Unhealthy", told))
    assert finding.mode.code == "probe-command"
    assert "asks port" not in finding.cause


# Services, autoscalers, namespaces, volumes


def balancer(*events: tuple[str, str, str], age: float = 3600) -> list[Raw]:
    wanted = service("web", type="LoadBalancer")
    wanted["status"], wanted["metadata"]["creationTimestamp"] = {"loadBalancer": {}}, ago(age)
    return [*running_workload("web"), wanted, endpoints("web"), node(), *(event(wanted, *told) for told in events)]


def test_a_load_balancer_is_missing_for_the_reason_its_provider_gives() -> None:
    no_address = 'Failed to allocate IP for "shop/web": no available IPs'
    (finding,) = found(*balancer(("AllocationFailed", no_address, "Warning")))
    assert no_address in finding.cause
    assert "Install" not in finding.fix.summary
    assert found(*balancer(("EnsuringLoadBalancer", "Ensuring load balancer", "Normal"), age=30)) == []
    (nobody,) = found(*balancer())
    assert "for 60 min: nothing in this cluster provides load balancers" in nobody.cause


def test_endpoints_without_the_port_the_service_names_are_none() -> None:
    """`has 1 ready endpoint` beside `so it has no endpoint` makes somebody trust neither."""
    wanted = service("web") | {"spec": service("web")["spec"] | {"ports": [{"port": 80, "targetPort": "http2"}]}}
    slice_ = endpoints("web") | {"ports": []}
    diagnosis = diagnosed(*running_workload("web"), wanted, slice_, subject=Ref("Deployment", SPACE, "web"))
    assert diagnosis.about is not None
    assert "Service web has 0 ready endpoints" in diagnosis.about.sentences


def scaler(reason: str, message: str, status: str = "False", **spec: Any) -> Raw:
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
    }
    aim = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    conditions = [condition("AbleToScale", "True"), condition("ScalingActive", status, reason, message)]
    wanted = {"scaleTargetRef": aim, "minReplicas": 1, "maxReplicas": 5, "metrics": [metric], **spec}
    return made("HorizontalPodAutoscaler", "web", wanted, {"currentReplicas": 1, "conditions": conditions})


def requesting() -> list[Raw]:
    objects = running_workload("web", containers=[container(resources={"requests": {"cpu": "100m"}})])
    objects[0]["spec"]["template"]["spec"]["containers"] = objects[2]["spec"]["containers"]
    return [*objects, node()]


def test_an_autoscaler_that_stumbles_over_somebody_elses_pod_names_that_pod() -> None:
    told = "missing request for cpu in container wget of Pod web-test"
    other = pod("web-test", {"app": "web"}, [running(name="wget")], containers=[{"name": "wget", "image": "busybox"}])
    (finding,) = found(*requesting(), other, scaler("FailedGetResourceMetric", told))
    assert finding.mode.code == "autoscaler-without-requests"
    assert "the selector of Deployment web also selects Pod web-test" in finding.cause


def test_a_metrics_api_that_is_registered_and_silent_is_not_one_that_is_absent() -> None:
    external = [{"type": "External", "external": {"metric": {"name": "queue"}, "target": {"type": "AverageValue"}}}]
    told = "unable to fetch metrics from external metrics API: the server {}"
    silent = told.format("is currently unable to handle the request")
    (finding,) = found(*requesting(), scaler("FailedGetExternalMetric", silent, metrics=external))
    assert "what serves external.metrics.k8s.io does not answer" in finding.cause
    assert "Install" not in finding.fix.summary
    absent = told.format("could not find the requested resource")
    (nobody,) = found(*requesting(), scaler("FailedGetExternalMetric", absent, metrics=external))
    assert "nothing in the cluster serves external.metrics.k8s.io" in nobody.cause


def test_an_autoscaler_whose_workload_rests_at_zero_lacks_nothing() -> None:
    rests = scaler(
        "ScalingDisabled", "scaling is disabled since the replica count of the target is zero", minReplicas=0
    )
    assert codes(found(workload("web", replicas=0), rests)) == []


def leaving(seconds: float, *conditions: Raw) -> Raw:
    status = {"phase": "Terminating", "conditions": list(conditions)}
    return made("Namespace", "old", {"finalizers": ["kubernetes"]}, status, deletionTimestamp=ago(seconds))


def test_a_namespace_that_does_not_go_says_what_keeps_it() -> None:
    told = "Discovery failed for some groups, 1 failing: metrics.k8s.io/v1beta1: stale GroupVersion discovery"
    kept = condition("NamespaceDeletionDiscoveryFailure", "True", "DiscoveryFailed", told)
    (finding,) = found(leaving(7200, condition("NamespaceContentRemaining", "True", message="pods. has 1"), kept))
    assert finding.cause == f"Namespace old was deleted 2 h ago and stays: {told}"
    assert "APIService" in finding.fix.summary
    assert found(leaving(20, kept)) == []


def test_a_file_that_is_no_key_of_its_configmap_is_a_directory_in_the_container() -> None:
    volumes = [{"name": "cfg", "configMap": {"name": "app"}}]
    config = made("ConfigMap", "app") | {"data": {"app.yaml": "a: 1"}}
    for file, expected in (("app.yml", "key-missing"), ("app.yaml", "exception")):
        mount = {"name": "cfg", "mountPath": "/etc/app.yaml", "subPath": file}
        log = "panic: read /etc/app.yaml: is a directory\n"
        first = crashing(log, config, containers=[container(volumeMounts=[mount])], volumes=volumes)[0]
        assert first.mode.code == expected, file


def test_a_claim_a_statefulset_makes_is_mended_in_its_template() -> None:
    """Deleting the claim alone brings back the same one."""
    wanted = {"storageClassName": "fast", "accessModes": ["ReadWriteOnce"]}
    item = {"metadata": {"name": "data"}, "spec": wanted}
    top = workload("db", kind="StatefulSet", serviceName="db", volumeClaimTemplates=[item])
    claims = [made("PersistentVolumeClaim", name, wanted, {"phase": "Pending"}) for name in ("data-db-0", "spare")]
    said = {finding.subject.name: finding for finding in found(top, *claims)}
    assert said["data-db-0"].fix.edits[0].object == Ref("StatefulSet", SPACE, "db")
    assert said["spare"].fix.edits[0].object == Ref("PersistentVolumeClaim", SPACE, "spare")


def test_a_disk_that_nobody_here_uses_and_is_not_given_up_is_attached_elsewhere() -> None:
    told = 'Multi-Attach error for volume "pv-1" Volume is already exclusively attached to one node'
    volumes = [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]
    claim = made("PersistentVolumeClaim", "data", {"volumeName": "pv-1"}, {"phase": "Bound"})
    waiting = starting("ContainerCreating", "", ("FailedAttachVolume", told), volumes=volumes)
    (finding,) = found(*waiting, claim, node())
    assert finding.mode.code == "attached-elsewhere"
    assert "no pod seen here uses it there" in finding.cause


def test_the_times_are_in_units_a_person_counts_in() -> None:
    assert BEFORE < RECENTLY
    (finding,) = found(*balancer(age=3 * 86400))
    assert "for 3 d" in finding.cause
