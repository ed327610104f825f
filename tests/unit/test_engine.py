"""The engine over recorded namespaces: what is asked, what is guarded, what is not known."""

import copy
import random
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.diagnose.finding import Finding
from agent.snapshot.record import Part, Ref, Snapshot, State
from agent.snapshot.shape import oddity, sound
from tests.fakes.objects import FIXTURES, adding, changed, load, recorded, snapshot
from tools.failure import Failure, FailureKind

RECORDED = ("2-memory-quota", "8-service-account", "24-taint", "34-storage-class", "93-rollout-stuck", "108-selector")


def diagnosed(world: Snapshot, subject: Ref | None = None) -> Diagnosis:
    found = diagnose(world, subject)
    assert isinstance(found, Diagnosis)
    return found


def causes(world: Snapshot, subject: Ref | None = None) -> list[tuple[int, str]]:
    return [(finding.mode.number, finding.subject.name) for finding in diagnosed(world, subject).findings]


def test_a_healthy_namespace_gives_no_finding() -> None:
    """Running, ready, suspended, paused, finished, scaled to zero, waiting for a consumer: all as it should be."""
    found = diagnosed(load("healthy"))
    assert found.findings == ()
    assert found.unknown == ()
    assert found.examined["Pod"] >= 5


def test_an_empty_look_is_healthy_and_says_that_nothing_was_seen() -> None:
    found = diagnosed(snapshot([]))
    assert (found.findings, dict(found.examined)) == ((), {})


def test_parts_that_were_not_read_are_named() -> None:
    found = diagnosed(snapshot([], incomplete={"Event": State.DENIED}))
    assert found.unknown == ("Event: denied",)


def test_asking_about_one_object_leaves_the_others_out() -> None:
    world = load("8-service-account")
    assert causes(world, Ref("Job", "ra-8-service-account", "migrate")) == [(8, "migrate")]
    assert causes(world, Ref("Deployment", "ra-8-service-account", "web")) == [(8, "web")]


def test_asking_about_a_pod_finds_what_is_said_of_its_workload() -> None:
    world = load("17-cpu-impossible")
    pod = next(pod for pod in world.objects["Pod"] if pod["metadata"]["namespace"] == "ra-17-cpu-impossible")
    assert causes(world, Ref("Pod", "ra-17-cpu-impossible", pod["metadata"]["name"])) == [(17, "web")]


def test_asking_about_an_ingress_leads_through_its_service() -> None:
    assert (108, "web") in causes(load("108-selector"), Ref("Ingress", "ra-108-selector", "shop"))


def test_asking_about_what_does_not_exist_is_a_failure_and_not_health() -> None:
    found = diagnose(load("healthy"), Ref("Deployment", "ra-healthy", "wbe"))
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.NOT_FOUND
    assert "Deployment/wbe" in str(found)


def test_asking_about_a_kind_that_was_not_readable_is_not_called_absent() -> None:
    found = diagnose(snapshot([], incomplete={"Pod": State.DENIED}), Ref("Pod", "a", "b"))
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.FORBIDDEN


def test_one_odd_object_does_not_silence_the_rest() -> None:
    odd: dict[str, Any] = {
        "kind": "Service",
        "metadata": {"name": "odd", "namespace": "x"},
        "spec": {"selector": "web"},
    }
    world = load("33-claim-missing")
    kept, part = sound(Part("Service", "test", State.COMPLETE), [*world.objects.get("Service", ()), odd])
    parts = [part if item.name == "Service" else item for item in world.parts]
    found = diagnosed(replace(world, objects={**world.objects, "Service": kept}, parts=parts))
    assert any(finding.mode.number == 33 for finding in found.findings)
    (said,) = found.unknown
    assert said.endswith("Service/x/odd (/spec/selector)")


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.json*")), ids=lambda path: path.name)
def test_no_object_a_real_api_server_wrote_is_called_odd(path: Path) -> None:
    items = recorded(path.name.partition(".json")[0])["items"]
    assert [(item["kind"], where) for item in items if (where := oddity(item, item["kind"])) is not None] == []


@pytest.mark.parametrize("name", RECORDED)
def test_no_input_makes_it_raise(name: str) -> None:
    """Every leaf may be null, absent or of another type: a broken object costs a line, never the run."""
    items = recorded(name)["items"]
    for seed in range(40):
        chance = random.Random(seed)
        damaged = copy.deepcopy(items)
        for item in chance.sample(damaged, 12):
            _damage(item, chance)
        diagnosed(snapshot(damaged, taken_at="2026-11-23T22:20:00+00:00"))


def _damage(node: Any, chance: random.Random) -> None:
    """Replace one value somewhere below by something no API would say, kind and metadata aside."""
    while True:
        keys = [key for key in node if key not in ("kind", "metadata")] if isinstance(node, dict) else range(len(node))
        if not keys:
            return
        key = chance.choice(list(keys))
        if isinstance(node[key], dict | list) and node[key] and chance.random() < 0.8:
            node = node[key]
            continue
        node[key] = chance.choice([None, "text", 7, [], {}, ["text"], {"a": None}, True])
        return


def test_a_record_without_uids_reads_the_same() -> None:
    """Captures made by others are trimmed: owners and events are then matched by kind, namespace and name."""
    for name in RECORDED:
        items = recorded(name)["items"]
        trimmed = [item | {"metadata": {k: v for k, v in item["metadata"].items() if k != "uid"}} for item in items]
        assert causes(snapshot(trimmed)) == causes(snapshot(items))


def test_a_dead_backend_explains_its_frontend_and_not_a_stranger() -> None:
    found = diagnosed(load("cascade")).findings
    assert [(finding.mode.number, finding.subject.name) for finding in found] == [(18, "backend"), (0, "other")]
    assert any("frontend" in line for line in found[0].symptoms)
    assert any(line.startswith("Ingress/") for line in found[0].symptoms)


def test_what_nothing_explains_is_said_as_it_is() -> None:
    other = _of(diagnosed(load("cascade")), "other")
    assert other.cause.endswith("no known cause fits")
    assert any("HTTP probe failed with statuscode: 503" in item.text for item in other.evidence)


def test_a_pod_that_only_just_started_is_not_unwell() -> None:
    world = load("cascade")
    pod = next(pod for pod in world.objects["Pod"] if pod["metadata"]["name"].startswith("other"))
    name = Ref("Pod", "ra-cascade", pod["metadata"]["name"])
    conditions = [{"type": "Ready", "status": "False", "lastTransitionTime": world.taken_at.isoformat()}]
    fresh = changed(world, name, status__conditions=conditions)
    assert "other" not in {finding.subject.name for finding in diagnosed(fresh).findings}


def test_a_pod_within_its_startup_probe_s_budget_is_starting() -> None:
    world = load("cascade")
    pod = next(pod for pod in world.objects["Pod"] if pod["metadata"]["name"].startswith("other"))
    probe = {"httpGet": {"path": "/health", "port": "http"}, "periodSeconds": 5, "failureThreshold": 300}
    name = Ref("Pod", "ra-cascade", pod["metadata"]["name"])
    slow = changed(world, name, spec__containers__0__startupProbe=probe)
    assert "other" not in {finding.subject.name for finding in diagnosed(slow).findings}


def test_a_pod_that_works_towards_its_end_need_not_be_ready() -> None:
    """A Job's pod with one container done and one at work is unready for hours, and well."""
    world = load("cascade")
    pod = next(pod for pod in world.objects["Pod"] if pod["metadata"]["name"].startswith("other"))
    name = Ref("Pod", "ra-cascade", pod["metadata"]["name"])
    job = changed(world, name, spec__restartPolicy="Never")
    assert "other" not in {finding.subject.name for finding in diagnosed(job).findings}


def test_a_lost_node_is_the_cause_of_its_unready_pods() -> None:
    world = changed(
        load("cascade"),
        Ref("Node", "", "bluehelm-node"),
        status__conditions=[
            {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown", "message": "stopped"}
        ],
    )
    node = _of(diagnosed(world), "bluehelm-node")
    assert any("other" in line for line in node.symptoms)


def test_an_evicted_pod_whose_place_was_taken_is_history() -> None:
    world = load("healthy")
    pod = next(pod for pod in world.objects["Pod"] if pod["metadata"]["name"].startswith("web"))
    gone = copy.deepcopy(dict(pod))
    gone["metadata"] |= {"name": "web-evicted", "uid": "gone"}
    gone["status"] = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}
    assert diagnosed(adding(world, gone)).findings == ()


def test_a_diagnosis_grows_with_the_cluster_and_not_with_its_square() -> None:
    """A rule that looks at every pod for every pod is felt by those alone who have thousands of them."""
    small, large = (_healthy_world(pods) for pods in (500, 5000))
    diagnosed(small)  # what is compiled and cached at the first call is no part of it
    assert _seconds(large) < 30 * _seconds(small)


def _seconds(world: Snapshot) -> float:
    started = time.process_time()
    assert diagnosed(world).findings == ()
    return time.process_time() - started


def _healthy_world(pods: int) -> Snapshot:
    every = recorded("healthy")["items"]
    base = [item for item in every if item["metadata"].get("namespace") == "ra-healthy" and item["kind"] != "Event"]
    pod = next(item for item in base if item["kind"] == "Pod" and item["metadata"]["name"].startswith("web"))
    items = [item for item in every if not item["metadata"].get("namespace")]
    namespaces = pods // 10
    items += [_moved(item, f"n{number}", 0) for number in range(namespaces) for item in base if item["kind"] != "Pod"]
    items += [_moved(pod, f"n{number % namespaces}", number) for number in range(pods)]
    return snapshot(items, taken_at="2026-11-23T22:20:00+00:00")


def _moved(item: dict[str, Any], namespace: str, number: int) -> dict[str, Any]:
    """Return a copy of the object in another namespace, with uids of its own."""
    meta = item["metadata"]
    owners = [owner | {"uid": f"{owner['uid']}-{namespace}"} for owner in meta.get("ownerReferences", ())]
    uid = f"{meta['uid']}-{namespace}" + (f"-{number}" if number else "")
    name = f"{meta['name']}-{number}" if number else meta["name"]
    return item | {"metadata": meta | {"namespace": namespace, "name": name, "uid": uid, "ownerReferences": owners}}


def _of(diagnosis: Diagnosis, name: str) -> Finding:
    return next(finding for finding in diagnosis.findings if finding.subject.name == name)
