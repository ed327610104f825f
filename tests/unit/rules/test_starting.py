"""Containers that cannot start, images that cannot be fetched, pods that leave or stay, and their near misses."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.fakes.captures import Edit, edited, found, modes, world
from tests.fakes.remedies import changes


def waiting(reason: str, message: str) -> Edit:
    def edit(pod: dict[str, Any]) -> None:
        pod["status"]["containerStatuses"][0]["state"] = {"waiting": {"reason": reason, "message": message}}

    return edit


PULLS = [
    (50, "failed to pull: 429 Too Many Requests - toomanyrequests: You have reached your pull rate limit", "too often"),
    (49, "dial tcp: lookup registry.corp.invalid on 10.0.0.2:53: no such host", "in no DNS"),
    (49, "tls: failed to verify certificate: x509: certificate signed by unknown authority", "does not trust"),
    (49, "http: server gave HTTP response to HTTPS client", "plain HTTP"),
    (49, "dial tcp 10.0.0.9:443: connect: connection refused", "nothing listens"),
    (49, "unexpected status from HEAD request: 503 Service Unavailable", "fails itself"),
    (49, "net/http: request canceled while waiting for connection: i/o timeout", "no answer"),
    (53, "no match for platform in manifest: not found", "not built for the amd64"),
]


@pytest.mark.parametrize(("mode", "message", "words"), PULLS)
def test_why_an_image_cannot_be_fetched(mode: int, message: str, words: str) -> None:
    """Each asks for another person: who pays the registry, who runs its DNS, who builds the image."""
    base = replace(world("registry-without-a-name"), logs={})
    base = replace(base, objects={**base.objects, "Event": []})
    (finding,) = found(edited(base, "Pod", waiting("ImagePullBackOff", message)))
    assert finding.mode.number == mode
    assert words in finding.cause


def test_an_image_in_capitals_is_proposed_in_small_letters() -> None:
    (finding,) = found(world("image-name-invalid"))
    assert changes(finding) == [
        ("containers[].image", "registry.local/Shop/Catalog:1", "registry.local/shop/catalog:1")
    ]


def test_a_user_said_only_by_name_is_told_from_root() -> None:
    said = "container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root"
    (finding,) = found(edited(world("must-not-run-as-root"), "Pod", waiting("CreateContainerConfigError", said)))
    assert finding.mode.number == 59
    assert "only by name" in finding.cause


def test_a_start_hook_that_failed_once_and_works_now_is_over() -> None:
    def well(pod: dict[str, Any]) -> None:
        (status,) = pod["status"]["containerStatuses"]
        status |= {"state": {"running": {"startedAt": "2026-11-23T00:00:00Z"}}, "lastState": {}, "restartCount": 1}
        status |= {"ready": True, "started": True}
        for condition in pod["status"]["conditions"]:
            condition["status"] = "True"

    assert 61 not in modes(edited(world("start-hook-fails"), "Pod", well))


WAITS = "waits-for-a-service-nobody-made"


def test_a_service_that_is_there_is_not_missed() -> None:
    base = world(WAITS)
    made = {"kind": "Service", "metadata": {"name": "ledger", "namespace": base.namespace}, "spec": {}}
    assert 63 not in modes(replace(base, objects={**base.objects, "Service": [made]}))


def test_a_service_may_come_a_moment_later() -> None:
    """Helm makes the objects of a release one after the other."""
    base = world(WAITS)
    assert 63 in modes(base)
    assert 63 not in modes(replace(base, taken_at=base.taken_at - timedelta(seconds=50)))


@pytest.mark.parametrize(
    "command",
    [
        "until nc -z -w 2 ledger 5432; do sleep 1; done",
        "/wait-for-it.sh ledger:5432 -t 60",
        "until wget -q -O - http://ledger:8080/health; do sleep 1; done",
        "until pg_isready -h ledger -p 5432; do sleep 1; done",
        "getent hosts ledger",
    ],
)
def test_whom_an_init_container_asks_for_is_read_from_its_command(command: str) -> None:
    def asks(pod: dict[str, Any]) -> None:
        pod["spec"]["initContainers"][0]["command"] = ["sh", "-c", command]

    (finding,) = found(edited(world(WAITS), "Pod", asks))
    assert (finding.mode.number, "there is no Service ledger" in finding.cause) == (63, True)


@pytest.mark.parametrize("command", ["until wget -q https://example.org; do sleep 1; done", "sleep 3600", "nc -z -w 2"])
def test_what_is_no_service_of_the_cluster_is_not_missed(command: str) -> None:
    def asks(pod: dict[str, Any]) -> None:
        pod["spec"]["initContainers"][0]["command"] = ["sh", "-c", command]

    assert 63 not in modes(edited(world(WAITS), "Pod", asks))


FINALIZER = "finalizer-nobody-removes"


def test_a_pod_without_finalizers_is_not_held_by_one() -> None:
    assert modes(world(FINALIZER)) == [91]
    assert 91 not in modes(edited(world(FINALIZER), "Pod", lambda pod: pod["metadata"].pop("finalizers", None)))


def test_a_pod_that_has_just_ended_may_still_be_let_go() -> None:
    base = world(FINALIZER)
    assert modes(replace(base, taken_at=base.taken_at - timedelta(seconds=15))) == []


LOW = (
    "The node was low on resource: memory. Threshold quantity: 100Mi, available: 44Mi. Container app was using 2Gi,"
    " request is 64Mi, has larger consumption of memory. "
)


def evicted(message: str) -> Edit:
    def edit(pod: dict[str, Any]) -> None:
        if pod["status"].get("reason") == "Evicted":
            pod["status"]["message"] = message

    return edit


def unreplaced(owner: dict[str, Any]) -> None:
    owner["status"]["readyReplicas"] = 0


def test_an_eviction_says_what_the_node_lacked_and_who_used_it() -> None:
    base = edited(world("local-disk-allowance-exceeded"), "ReplicaSet", unreplaced)
    finding = next(item for item in found(edited(base, "Pod", evicted(LOW))) if item.mode.number == 67)
    assert "low on memory; app used 2Gi of a request of 64Mi" in finding.cause


FULL = 'Usage of EmptyDir volume "scratch" exceeds the limit "8Mi". '


def test_a_scratch_volume_that_was_written_too_full_is_named_with_its_limit() -> None:
    """Each new pod looks well for a moment; the limit that ends it is the volume's, and no container's."""
    volume = {"name": "scratch", "emptyDir": {"sizeLimit": "8Mi"}}

    def mounting(spec: dict[str, Any]) -> None:
        spec["volumes"] = [volume]
        spec["containers"][0]["volumeMounts"] = [{"name": "scratch", "mountPath": "/scratch"}]

    base = edited(world("local-disk-allowance-exceeded"), "Pod", evicted(FULL))
    base = edited(base, "Pod", lambda pod: mounting(pod["spec"]))
    base = edited(base, "Deployment", lambda obj: mounting(obj["spec"]["template"]["spec"]))
    finding = next(item for item in found(base) if item.mode.number == 68)
    assert "wrote more than the limit of 8Mi to volume scratch (emptyDir)" in finding.cause
    (edit,) = changes(finding)
    assert "sizeLimit" in str(edit)


def test_one_eviction_counts_until_its_replacement_has_lived_longer() -> None:
    """Each pod lives for a minute until it has written too much: a look in between would find all well."""
    kept: list[dict[str, Any]] = []

    def lived(seconds: int) -> Edit:
        def edit(pod: dict[str, Any]) -> None:
            if pod["status"].get("reason") == "Evicted":
                kept.append(pod)
                start = datetime.fromisoformat(pod["status"]["startTime"])
                went = {
                    "type": "Ready",
                    "status": "False",
                    "lastTransitionTime": (start + timedelta(seconds=seconds)).isoformat(),
                }
                pod["status"]["conditions"] = [went]
                pod["status"]["message"] = pod["status"]["message"] if len(kept) == 1 else ""

        return edit

    base = world("local-disk-allowance-exceeded")
    assert 68 in modes(edited(base, "Pod", lived(86400)))
    kept.clear()
    assert 68 not in modes(edited(base, "Pod", lived(1)))


def test_one_eviction_that_was_replaced_is_history() -> None:
    def one(pod: dict[str, Any]) -> None:
        if pod["status"].get("reason") == "Evicted" and not kept:
            kept.append(pod)
        elif pod["status"].get("reason") == "Evicted":
            pod["status"]["message"] = ""

    kept: list[dict[str, Any]] = []
    assert modes(edited(world("local-disk-allowance-exceeded"), "Pod", one)) == []


def test_a_program_for_another_processor_names_the_node_s() -> None:
    (finding,) = found(world("program-for-another-machine"))
    assert (finding.mode.number, "the node's amd64" in finding.cause) == (53, True)
