"""Claims nothing is bound to, volumes that do not get to their pod, and storage that merely waits."""

from typing import Any

import pytest

from agent.diagnose.finding import Finding, Severity
from tests.fakes.made import (
    NOW,
    RECENTLY,
    Raw,
    ago,
    condition,
    container,
    ended,
    event,
    found,
    made,
    modes,
    node,
    pod,
    unscheduled,
)
from tests.fakes.remedies import changes

UNBOUND = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"


def everywhere(item: Raw) -> Raw:
    """Return an object of no namespace."""
    item["metadata"].pop("namespace", None)
    return item


def claim(name: str = "data", phase: str = "Pending", size: str = "10Gi", created: str = "", **spec: Any) -> Raw:
    wants = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, "storageClassName": "disk"}
    found = made("PersistentVolumeClaim", name, wants | spec, {"phase": phase})
    if created:
        found["metadata"]["creationTimestamp"] = created
    return found


def volume(
    name: str = "pv-1", size: str = "10Gi", phase: str = "Available", labels: Raw | None = None, **spec: Any
) -> Raw:
    has = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": size}, "storageClassName": "disk"}
    return everywhere(made("PersistentVolume", name, has | spec, {"phase": phase}, labels=labels or {}))


def storage_class(provisioner: str = "kubernetes.io/no-provisioner", mode: str = "Immediate") -> Raw:
    return everywhere(made("StorageClass", "disk")) | {"provisioner": provisioner, "volumeBindingMode": mode}


def mounting(name: str = "data", message: str = UNBOUND) -> Raw:
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": name}}]
    return unscheduled(pod("db-0", {"app": "db"}, volumes=volumes), message)


def world(*more: Raw) -> list[Finding]:
    return found(mounting(), node(), *more)


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_no_class_and_no_default_one() -> None:
    finding = only(world(claim(storageClassName=None), storage_class()))
    assert (finding.mode.number, finding.severity) == (35, Severity.ERROR)
    assert changes(finding)[0][2] == "disk"
    default = storage_class("x.csi.example.com")
    default["metadata"]["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
    assert 35 not in modes(world(claim(storageClassName=None), default))
    assert 35 not in modes(world(claim(storageClassName=""), volume(storageClassName="")))


@pytest.mark.parametrize(
    ("wants", "has", "mode", "words"),
    [
        ({"accessModes": ["ReadWriteMany"]}, {}, 36, "asks for ReadWriteMany, and PersistentVolume pv-1 offers"),
        ({"volumeMode": "Block"}, {}, 36, "asks for Block, and PersistentVolume pv-1 offers Filesystem"),
        ({}, {"size": "5Gi"}, 37, "asks for 10Gi, and PersistentVolume pv-1 has 5Gi"),
        ({"selector": {"matchLabels": {"tier": "fast"}}}, {"labels": {"tier": "slow"}}, 38, "carries tier=slow"),
        ({}, {"claimRef": {"name": "other", "namespace": "shop"}, "phase": "Bound"}, 39, "bound to claim other"),
        ({}, {"claimRef": {"name": "data", "namespace": "shop", "uid": "old"}, "phase": "Released"}, 40, "Released"),
        ({"volumeName": "pv-9"}, {}, 39, "names PersistentVolume pv-9, which does not exist"),
        ({"volumeName": "pv-1"}, {"storageClassName": "gold"}, 34, "and the volume is of class gold"),
    ],
)
def test_volumes_that_do_not_fit_say_why(wants: Raw, has: Raw, mode: int, words: str) -> None:
    finding = only(world(claim(**wants), volume(**has)))
    assert finding.mode.number == mode
    assert words in finding.cause
    assert finding.affected[0].name == "db-0"


def test_the_nearest_of_several_volumes_is_the_one_to_speak_of() -> None:
    taken = volume("a", claimRef={"name": "other", "namespace": "shop"}, phase="Bound", size="1Gi")
    assert only(world(claim(), taken, volume("b", size="5Gi"))).mode.number == 37


def test_a_volume_that_fits_or_is_reserved_for_the_claim_will_be_bound() -> None:
    assert modes(world(claim(), volume())) in ([], [0])
    reserved = volume(claimRef={"name": "data", "namespace": "shop"})
    assert modes(world(claim(), reserved)) in ([], [0])


def test_claims_that_wait_for_their_first_consumer_are_well() -> None:
    late = storage_class(mode="WaitForFirstConsumer")
    assert found(claim(), late, volume(size="1Gi")) == []
    assert found(claim(), storage_class("x.csi.example.com", "WaitForFirstConsumer")) == []


def test_a_misfit_nobody_mounts_is_a_warning() -> None:
    assert only(found(claim(), volume(size="5Gi"))).severity is Severity.WARNING


def test_a_lost_claim_and_a_volume_that_cannot_be_given_back() -> None:
    finding = only(world(claim(phase="Lost", volumeName="pv-7")))
    assert finding.mode.number == 40
    assert "is Lost: its PersistentVolume pv-7 no longer exists" in finding.cause
    failed = volume(phase="Failed", claimRef={"name": "gone", "namespace": "shop"})
    assert [item.severity for item in found(failed)] == [Severity.WARNING]
    assert found(volume(phase="Released", claimRef={"name": "gone", "namespace": "shop"})) == []


WAITS = (
    "Waiting for a volume to be created either by the external provisioner 'disk.csi.example.com' or manually by the "
    "system administrator."
)
OLD_WAITS = 'waiting for a volume to be created, either by external provisioner "disk.csi.example.com" or manually'


def test_a_provisioner_that_is_silent_for_a_minute_in_both_wordings() -> None:
    for text in (WAITS, OLD_WAITS):
        asks = claim()
        finding = only(world(asks, storage_class("disk.csi.example.com"), event(asks, "ExternalProvisioning", text)))
        assert finding.mode.number == 41
        assert "whose provisioner disk.csi.example.com has not answered for 60 min" in finding.cause


def test_a_provisioner_that_works_on_it_is_given_time() -> None:
    asks = claim(created=RECENTLY)
    world_of = (asks, storage_class("disk.csi.example.com"), event(asks, "ExternalProvisioning", WAITS))
    assert 41 not in modes(world(*world_of))


def test_a_provisioner_s_own_words_need_no_patience() -> None:
    asks = claim(created=NOW)
    text = 'failed to provision volume with StorageClass "disk": rpc error: code = ResourceExhausted desc = quota'
    finding = only(world(asks, storage_class("disk.csi.example.com"), event(asks, "ProvisioningFailed", text)))
    assert "says: failed to provision volume" in finding.cause


def test_a_class_that_makes_nothing_and_nobody_else_does() -> None:
    assert "makes no volumes itself, and there is none" in only(world(claim(), storage_class())).cause


def test_a_resize_that_failed_and_one_that_is_done() -> None:
    grown = claim(phase="Bound", size="20Gi", volumeName="pv-1")
    grown["status"] |= {"capacity": {"storage": "10Gi"}}
    assert found(grown, volume()) == []
    grown["status"]["conditions"] = [condition("ControllerResizeError", "True", "", "quota exceeded")]
    finding = only(found(grown, volume()))
    assert (finding.mode.number, finding.severity) == (45, Severity.WARNING)
    assert "asks for 20Gi and stays at 10Gi: quota exceeded" in finding.cause
    grown["status"]["capacity"] = {"storage": "20Gi"}
    assert found(grown, volume()) == []


ZONAL = {
    "required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]}
}


def bound(**spec: Any) -> list[Raw]:
    owner = {"name": "data", "namespace": "shop"}
    return [claim(phase="Bound", volumeName="pv-1"), volume(phase="Bound", claimRef=owner, **spec)]


@pytest.mark.parametrize("words", ["volume node affinity conflict", "didn't match PersistentVolume's node affinity"])
def test_a_volume_in_a_zone_without_nodes_in_both_wordings(words: str) -> None:
    waits = mounting(message=f"0/1 nodes are available: 1 node(s) {words}.")
    finding = only(found(waits, node("node-1", {"zone": "b"}), *bound(nodeAffinity=ZONAL)))
    assert finding.mode.number == 32
    assert "can only be used where zone is in a, and no node it may use is" in finding.cause
    held = node("node-2", {"zone": "a"}, unschedulable=True)
    assert (
        "node-2 is cordoned"
        in only(found(waits, node("node-1", {"zone": "b"}), held, *bound(nodeAffinity=ZONAL))).cause
    )


def test_a_volume_where_a_node_is_keeps_nobody_away() -> None:
    waits = mounting(message="0/1 nodes are available: 1 Insufficient cpu.")
    assert 32 not in modes(found(waits, node("node-1", {"zone": "a"}), *bound(nodeAffinity=ZONAL)))


CREATING = {"name": "web", "ready": False, "restartCount": 0, "state": {"waiting": {"reason": "ContainerCreating"}}}


def starting(*volumes: Raw, name: str = "web-2", on: str = "node-1") -> Raw:
    item = pod(name, {"app": "web"}, [CREATING], volumes=list(volumes), nodeName=on)
    item["status"]["phase"] = "Pending"
    return item


NFS = 'MountVolume.SetUp failed for volume "v" : mount failed: exit status 32\nOutput: mount.nfs:'
MOUNTED = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
MULTI = 'Multi-Attach error for volume "pv-1" Volume is already used by pod(s) web-1'


def test_a_disk_that_is_still_with_another_node() -> None:
    old, new = pod("web-1", {"app": "web"}, volumes=[MOUNTED], nodeName="node-2"), starting(MOUNTED)
    finding = only(found(old, new, node(), node("node-2"), *bound(), event(new, "FailedAttachVolume", MULTI)))
    assert finding.mode.number == 43
    assert "claim data is ReadWriteOnce and still with Pod web-1 on node node-2" in finding.cause


def test_a_disk_that_came_free_or_is_shared_is_no_multi_attach() -> None:
    new = starting(MOUNTED)
    new["metadata"]["creationTimestamp"] = ago(200)
    assert 43 not in modes(found(new, node(), *bound(), event(new, "FailedAttachVolume", MULTI)))
    old = pod("web-1", {"app": "web"}, volumes=[MOUNTED], nodeName="node-2")
    shared = bound(accessModes=["ReadWriteMany"])
    shared[0]["spec"]["accessModes"] = ["ReadWriteMany"]
    assert 43 not in modes(found(old, new, node(), node("node-2"), *shared, event(new, "FailedAttachVolume", MULTI)))


@pytest.mark.parametrize(
    ("source", "message", "mode", "words"),
    [
        (
            {"hostPath": {"path": "/srv/x", "type": "Directory"}},
            'MountVolume.SetUp failed for volume "v" : hostPath type check failed: /srv/x is not a directory',
            44,
            "volume v (hostPath /srv/x) cannot be mounted, the node has no directory /srv/x",
        ),
        (
            {"nfs": {"server": "10.0.0.9", "path": "/e"}},
            f"{NFS} access denied by server while mounting 10.0.0.9:/e",
            44,
            "(NFS 10.0.0.9:/e) cannot be mounted, the server refuses this node",
        ),
        (
            {"csi": {"driver": "efs.csi.aws.com"}},
            'MountVolume.MountDevice failed for volume "v" : driver name efs.csi.aws.com not found in the list of '
            "registered CSI drivers",
            41,
            "CSI driver efs.csi.aws.com does not run on node node-1",
        ),
        (
            {"nfs": {"server": "10.0.0.9", "path": "/e"}},
            f"{NFS} Connection timed out",
            44,
            "its server does not answer",
        ),
    ],
)
def test_mounts_that_fail_say_what_they_mean(source: Raw, message: str, mode: int, words: str) -> None:
    item = starting({"name": "v", **source})
    finding = only(found(item, node(), event(item, "FailedMount", message)))
    assert finding.mode.number == mode
    assert words in finding.cause


@pytest.mark.parametrize(
    "message",
    [
        'MountVolume.SetUp failed for volume "v" : failed to sync configmap cache: timed out waiting for the condition',
        'MountVolume.SetUp failed for volume "v" : object "shop"/"kube-root-ca.crt" not registered',
        'MountVolume.SetUp failed for volume "v" : configmap "settings" not found',
    ],
)
def test_mounts_that_pass_or_are_about_something_else(message: str) -> None:
    item = starting({"name": "v", "emptyDir": {}})
    assert 44 not in modes(found(item, node(), event(item, "FailedMount", message)))


def test_a_mount_that_worked_in_the_end_is_history() -> None:
    item = pod("web-1", {"app": "web"}, volumes=[{"name": "v", "nfs": {"server": "s", "path": "/"}}])
    assert found(item, node(), event(item, "FailedMount", 'MountVolume.SetUp failed for volume "v" : timed out')) == []


def crashing(line: str, source: Raw, mount: Raw | None = None, **spec: Any) -> list[Finding]:
    at = {"name": "v", "mountPath": "/data", **(mount or {})}
    item = pod("web-1", {"app": "web"}, [ended()], containers=[container(volumeMounts=[at])], **spec)
    item["spec"]["volumes"] = [{"name": "v", **source}]
    return found(item, node(), logs={"web-1/web/previous": line, "web-1/web": line})


def test_a_full_volume_is_named_with_its_size() -> None:
    findings = crashing("write /data/cache.db: no space left on device", {"emptyDir": {"sizeLimit": "64Mi"}})
    assert findings[0].mode.number == 45
    assert "volume v at /data (64Mi) is full" in findings[0].cause
    assert changes(findings[0])[0][0] == "volumes[].emptyDir.sizeLimit"


def test_no_space_for_watches_or_elsewhere_is_no_full_volume() -> None:
    for line in ("inotify_add_watch /data: no space left on device", "write /tmp/x: no space left on device"):
        assert 45 not in modes(crashing(line, {"emptyDir": {}}))


def test_a_volume_that_is_somebody_else_s() -> None:
    findings = crashing(
        "PermissionError: [Errno 13] Permission denied: '/data/db'",
        {"hostPath": {"path": "/x"}},
        securityContext={"runAsUser": 1000},
    )
    assert 46 in modes(findings)
    finding = next(item for item in findings if item.mode.number == 46)
    assert "runs as user 1000 and may not write to its volume at /data (no fsGroup is set)" in finding.cause
    assert changes(finding) == [("securityContext.fsGroup", None, 1000)]


def test_read_only_mounts_and_what_no_volume_is_about() -> None:
    findings = crashing("open /data/x: read-only file system", {"emptyDir": {}}, {"readOnly": True})
    assert (
        "writes to /data, which is mounted readOnly" in next(item for item in findings if item.mode.number == 46).cause
    )
    assert 46 not in modes(crashing("open /etc/shadow: permission denied", {"emptyDir": {}}))
    root = {"runAsUser": 0}
    assert 46 not in modes(crashing("open /data/x: permission denied", {"emptyDir": {}}, securityContext=root))
