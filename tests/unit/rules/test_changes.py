"""What changed before it broke, on captures of a real cluster, and what only looks like it."""

from typing import Any

from agent.diagnose.finding import Severity
from agent.kube.templates import differences
from tests.fakes.captures import edited, found, modes, world
from tests.fakes.remedies import changes, command


def container(deployment: dict[str, Any]) -> dict[str, Any]:
    first: dict[str, Any] = deployment["spec"]["template"]["spec"]["containers"][0]
    return first


def test_a_bad_revision_is_told_by_what_it_changed_and_the_way_back() -> None:
    (finding,) = found(world("rollout-breaks-what-worked"))
    assert finding.mode.number == 140
    assert "variable CRASH of container api is 3, was not set" in finding.cause
    assert any("RuntimeError" in line for line in finding.symptoms)
    assert command(finding).endswith("--to-revision=1")


def test_without_pods_of_the_old_revision_nobody_knows_that_it_worked() -> None:
    def gone(replicaset: dict[str, Any]) -> None:
        if replicaset["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "1":
            replicaset["status"].pop("readyReplicas")

    assert modes(edited(world("rollout-breaks-what-worked"), "ReplicaSet", gone)) == [73]


def test_a_cause_of_the_new_pods_own_goes_before_what_changed() -> None:
    """An image that is not there explains itself; that the revision is new is beside the point."""

    def absent(pod: dict[str, Any]) -> None:
        status = pod["status"]["containerStatuses"][0]
        if status["restartCount"]:
            status |= {"state": {"waiting": {"reason": "ErrImageNeverPull", "message": "not present"}}, "lastState": {}}

    assert modes(edited(world("rollout-breaks-what-worked"), "Pod", absent)) == [52]


def test_between_two_crashes_it_is_a_crash_too() -> None:
    snapshot = world("rollout-breaks-what-worked")

    def running(pod: dict[str, Any]) -> None:
        status = pod["status"]["containerStatuses"][0]
        if status["restartCount"]:
            ended = status["state"].get("terminated") or status["lastState"]["terminated"]
            status |= {"state": {"running": {"startedAt": snapshot.taken_at.isoformat()}}}
            status |= {"lastState": {"terminated": ended}}

    assert modes(edited(snapshot, "Pod", running)) == [140]


def test_a_rollout_in_progress_broke_nothing() -> None:
    assert modes(world("rollout-in-progress")) == []


def test_a_limit_lowered_by_hand_goes_before_the_kill_it_brings_about() -> None:
    (finding,) = found(world("limit-lowered-by-hand"))
    assert (finding.mode.number, changes(finding)[0][1], changes(finding)[0][2]) == (141, "48Mi", "256Mi")
    assert any("killed for memory" in line for line in finding.symptoms)


def test_drift_of_another_field_explains_no_kill() -> None:
    """The limit is the release's own here, and only the image's tag was changed by hand."""

    def other(deployment: dict[str, Any]) -> None:
        container(deployment)["resources"]["limits"]["memory"] = "256Mi"
        container(deployment)["image"] = "todo-backend:hotfix"

    assert modes(edited(world("limit-lowered-by-hand"), "Deployment", other)) == [65]


def test_one_amount_in_two_spellings_is_no_drift() -> None:
    def spelled(deployment: dict[str, Any]) -> None:
        container(deployment)["resources"]["limits"]["memory"] = "262144Ki"

    assert modes(edited(world("limit-lowered-by-hand"), "Deployment", spelled)) == [65]


def test_a_changed_configmap_names_the_keys_and_the_pods_that_do_not_know() -> None:
    (finding,) = found(world("configuration-changed-under-running-pods"))
    assert (finding.mode.number, finding.severity, len(finding.affected)) == (142, Severity.WARNING, 2)
    assert "LOG_LEVEL" in finding.cause
    assert "CACHE" not in finding.cause


def test_a_key_no_container_reads_may_change() -> None:
    def by_key(item: dict[str, Any]) -> None:
        for first in item["spec"].get("containers") or [container(item)]:
            first.pop("envFrom", None)
            chosen = {"configMapKeyRef": {"name": "settings", "key": "CACHE"}}
            first["env"] = [{"name": "CACHE", "valueFrom": chosen}]

    snapshot = world("configuration-changed-under-running-pods")
    assert modes(edited(edited(snapshot, "Pod", by_key), "Deployment", by_key)) == []


def test_containers_started_since_know_it() -> None:
    def restarted(pod: dict[str, Any]) -> None:
        pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"] = "2099-01-01T00:00:00Z"

    assert modes(edited(world("configuration-changed-under-running-pods"), "Pod", restarted)) == []


def test_mounted_files_follow_by_themselves() -> None:
    assert modes(world("mounted-configuration-changed")) == []


def test_without_notes_of_when_it_was_written_nothing_is_said() -> None:
    def bare(config: dict[str, Any]) -> None:
        config["metadata"].pop("managedFields", None)

    assert modes(edited(world("configuration-changed-under-running-pods"), "ConfigMap", bare)) == []


def test_templates_differ_leaf_by_leaf_the_image_first() -> None:
    def template(**first: object) -> dict[str, Any]:
        return {"metadata": {"labels": {"pod-template-hash": str(first)}}, "spec": {"containers": [first]}}

    before = template(name="api", image="api:1", env=[{"name": "A", "value": "1"}], command=["run"])
    after = template(name="api", image="api:2", env=[{"name": "B", "value": "x" * 99}], command=["run"])
    assert [str(item) for item in differences(before, after)] == [
        "image of container api is api:2, was api:1",
        "variable A of container api is not set, was 1",
        f"variable B of container api is {'x' * 60}…, was not set",
    ]
    assert differences(before, before) == []
