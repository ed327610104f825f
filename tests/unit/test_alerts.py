"""What people are to be told of. Lost: memory fills until the kernel ends a pod, or a rollout waits unseen."""

from dataclasses import replace
from typing import Any

from agent.blueprint.control import Profile
from agent.blueprint.load import parse
from agent.health.alerts import Alerts, alerts
from agent.resources import blueprint_files
from agent.snapshot.graph import Graph
from agent.snapshot.record import Usage
from tests.fakes.made import SPACE, Raw, container, owned, pod, running, workload
from tests.fakes.objects import snapshot

BLUEPRINTS = parse(blueprint_files("")[1])
LABELS = {"app": "todo-backend"}
REQUESTS = {"requests": {"memory": "256Mi"}, "limits": {"memory": "512Mi"}}
MI = 1 << 20


def _shop(*pods: Raw, name: str = "todo-backend") -> list[Raw]:
    top = workload(name, LABELS)
    below = owned(workload(f"{name}-1", LABELS, "ReplicaSet"), top)
    return [top, below, *(owned(item, below) for item in pods)]


def _backend(name: str, resources: Raw = REQUESTS, **status: Any) -> Raw:
    return pod(name, LABELS, [running(**status)], containers=[container(resources=resources)])


def _told(items: list[Raw], used: dict[str, int], profile: Profile | None = None) -> Alerts:
    usage = [Usage(SPACE, name, "web", 0.1, amount * MI) for name, amount in used.items()]
    return alerts(Graph(replace(snapshot(items), usage=usage)), BLUEPRINTS, profile)


def test_a_pod_above_the_target_is_told_though_the_mean_of_all_is_below() -> None:
    found = _told(_shop(_backend("a"), _backend("b"), _backend("c")), {"a": 250, "b": 20, "c": 20})
    (alert,) = found.raised
    assert (alert.code, alert.subject.name) == ("memory", "todo-backend")
    assert "1 of 3 pods" in alert.says
    assert "98 %" in alert.says
    assert [cited.control for cited in alert.citations] == ["SCL-BE-MEM"]
    assert alert.evidence[0].text == "uses 250Mi of 256Mi requested, limit 512Mi"


def test_exactly_the_target_is_not_above_it() -> None:
    items = _shop(_backend("a", {"requests": {"memory": "100Mi"}}))
    assert _told(items, {"a": 80}).raised == ()
    assert len(_told(items, {"a": 81}).raised) == 1


def test_without_metrics_or_a_request_nobody_claims_that_memory_is_fine() -> None:
    unread = _told(_shop(_backend("a")), {})
    assert unread.raised == ()
    assert "metrics were not read" in unread.unknown[0]
    unasked = _told(_shop(_backend("a", {})), {"a": 400})
    assert "no memory is requested" in unasked.unknown[0]


def test_a_workload_the_blueprint_does_not_speak_of_is_not_held_to_it() -> None:
    found = _told(_shop(_backend("a"), name="cart"), {"a": 250})
    assert found == Alerts()


def test_an_image_that_cannot_be_pulled_is_told_once_for_all_pods_of_a_workload() -> None:
    waits: Raw = {"ready": False, "state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling"}}}
    found = _told(_shop(_backend("a", **waits), _backend("b", **waits)), {"a": 1, "b": 1})
    (alert,) = found.raised
    assert alert.code == "image"
    assert "2 pods" in alert.says
    assert [cited.control for cited in alert.citations] == ["RES-SCN-IMAGE"]
