"""Which failing control mends which cause, which workloads fail, and what is no regression."""

from typing import Any

import pytest

from agent.audit.inputs import Objects
from agent.blueprint.control import Profile
from agent.change.failing import held_back, is_failing
from agent.change.reach import Pair, effects
from agent.change.regressions import regressions
from agent.change.spots import Spot, is_given, is_meant, reaches
from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.snapshot.evidence import Evidence
from agent.snapshot.record import Ref, Snapshot
from tests.fakes.objects import snapshot

WEB = Ref("Deployment", "shop", "web")
IMAGE = "/spec/template/spec/containers/[name=web]/image"


@pytest.mark.parametrize(
    ("pointer", "spot", "is_reached"),
    [
        (IMAGE, Spot(WEB, "containers[].image", "web"), True),
        (IMAGE, Spot(WEB, "containers[].image", "proxy"), False),
        (IMAGE, Spot(WEB._replace(name="api"), "containers[].image"), False),
        ("/spec/template/spec/nodeSelector/kubernetes.io~1os", Spot(WEB, "nodeSelector"), True),
        ("/spec/template/spec/containers/[name=web]/command", Spot(WEB, "containers[].command[]"), True),
        ("/spec/replicas", Spot(WEB, "containers[].image"), False),
        ("/spec/replicas", Spot(WEB, ""), True),
    ],
)
def test_a_change_reaches_a_cause_by_object_field_and_container(pointer: str, spot: Spot, *, is_reached: bool) -> None:
    """A row of the container beside it, or of another field, would be planned for a fault that it cannot mend."""
    assert reaches(WEB, pointer, [spot]) is is_reached


@pytest.mark.parametrize(
    ("pointer", "given"),
    [
        ("/spec/template/spec/containers/[name=web]/env/[name=MODE]/value", True),
        ("/spec/template/spec/containers/[name=proxy]/env/[name=MODE]/value", False),
        ("/spec/template/spec/volumes/[name=data]/emptyDir", True),
        ("/data/web.conf", True),
        ("/spec/template/spec/containers/[name=web]/readinessProbe/periodSeconds", False),
        ("/spec/template/spec/containers/[name=web]/imagePullPolicy", False),
        ("/spec/template/spec/terminationGracePeriodSeconds", False),
    ],
)
def test_a_program_ends_by_what_it_is_given_and_by_nothing_else(pointer: str, *, given: bool) -> None:
    """A row of how often it is probed, or of the container beside it, would be planned for a crash."""
    assert is_given(pointer, "web") is given


ENV = "/spec/template/spec/containers/[name=web]/env/[name={}]/value"


@pytest.mark.parametrize(
    ("line", "name", "now", "meant"),
    [
        ("unsupported format: yaml", "FORMAT", "yaml", True),
        ("unsupported format: yaml", "LOG_LEVEL", "debug", False),
        ("", "LOG_LEVEL", "debug", True),
        ("ConnectionRefusedError: [Errno 111] Connection refused", "CACHE_PORT", "6380", True),
        ("ConnectionRefusedError: [Errno 111] Connection refused", "LOG_LEVEL", "debug", False),
    ],
)
def test_what_a_program_said_leads_to_what_it_speaks_of(line: str, name: str, now: str, *, meant: bool) -> None:
    """A row of some other variable would be planned for the crash, and would not mend it."""
    mode = modes.DEPENDENCY_UNREACHABLE if "Connection" in line else modes.EXCEPTION
    shown = (Evidence(WEB, "log", line),) if line else ()
    found = Finding(mode, WEB, "it ends", Severity.ERROR, Confidence.LIKELY, shown, Fix("mend it"))
    assert is_meant(found, ENV.format(name), now) is meant


def deployment(ready: int, wanted: int = 1) -> dict[str, Any]:
    return {
        "kind": "Deployment",
        "metadata": {"namespace": "shop", "name": "web"},
        "spec": {"replicas": wanted},
        "status": {"readyReplicas": ready},
    }


def pod(restarts: int, *, owner: str = "Deployment/web", **more: Any) -> dict[str, Any]:
    kind, _, name = owner.partition("/")
    return {
        "kind": "Pod",
        "metadata": {
            "namespace": "shop",
            "name": f"{name}-0",
            "ownerReferences": [{"kind": kind, "name": name}],
            **more,
        },
        "status": {"containerStatuses": [{"name": "web", "restartCount": restarts}]},
    }


def seen(*objects: dict[str, Any]) -> Snapshot:
    return snapshot(objects)


def test_a_workload_that_failed_before_is_no_worse_for_one_more_restart() -> None:
    """The old pod crashes once more while it is replaced: the mend would be taken back for the fault it mends."""
    before, after = seen(deployment(0), pod(4)), seen(deployment(1), pod(5))
    assert is_failing(before.objects["Deployment"][0], before)
    assert not regressions(before, after, "shop")
    calm = seen(deployment(1), pod(0))
    assert regressions(calm, after, "shop") == ["a container of Pod/shop/web-0 restarted 5 times since"]


def test_what_a_plan_takes_back_may_be_worse_again() -> None:
    """Nobody could undo a change of something that failed before."""
    before, after = seen(deployment(1)), seen(deployment(0, 0))
    assert regressions(before, after, "shop")
    assert not regressions(before, after, "shop", spared=("Deployment/shop/web",))


def test_a_broken_pod_that_its_statefulset_waits_for_is_named_with_the_command() -> None:
    """Kubernetes would wait for it for ever, and helm until its time is up, with the right template in place."""
    store: dict[str, Any] = {
        "kind": "StatefulSet",
        "metadata": {"namespace": "shop", "name": "store"},
        "spec": {"replicas": 1},
        "status": {"updateRevision": "store-2"},
    }
    old = pod(0, owner="StatefulSet/store", labels={"controller-revision-hash": "store-1"})
    (said,) = held_back(["StatefulSet/shop/store"], seen(store, old), begun=True)
    assert "kubectl delete pod store-0 -n shop" in said
    parallel = {**store, "spec": {"podManagementPolicy": "Parallel"}}
    assert not list(held_back(["StatefulSet/shop/store"], seen(parallel, old)))
    new = pod(0, owner="StatefulSet/store", labels={"controller-revision-hash": "store-2"})
    assert not list(held_back(["StatefulSet/shop/store"], seen(store, new), begun=True))


@pytest.mark.parametrize(
    ("kind", "field", "is_fixed"),
    [("Deployment", "selector", True), ("Job", "template", True), ("Deployment", "strategy", False)],
)
def test_what_kubernetes_changes_in_no_object_is_in_no_plan(kind: str, field: str, *, is_fixed: bool) -> None:
    """helm's dry run accepts it, and the upgrade fails in the middle."""
    one, other = ({"kind": kind, "spec": {field: {"a": value}}} for value in ("b", "c"))
    found = effects([Pair(Ref(kind, "shop", "web"), one, other)], Objects([], "shop"), Profile.DEV)
    assert any("immutable" in text for text in found.forbidden) is is_fixed
