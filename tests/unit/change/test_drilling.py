"""Drills: which row tries what, what is broken for it, and what the looks of it are taken to show."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.audit.inputs import Inputs
from agent.audit.mechanisms import Scenario
from agent.blueprint.load import parse as read
from agent.blueprint.values import parse
from agent.change.drills import NO_ADDRESS, NO_DRILL, broken, overlay, promises, rows, untried, workloads
from agent.change.measure import PodSight, Reading, Run, Sight, is_whole, measured, reading, sight
from agent.change.plan import Drill, Promise
from agent.change.request import Asks
from agent.snapshot.record import Ref, Release
from tests.fakes.objects import snapshot
from tests.unit.change.rows import gate

SHELL = """# A

## Verification

| ID | Check | Command | Kind |
|----|-------|---------|------|
| A-CHK-SHELL | A shell can be had | `kubectl exec -it pod/a -- sh` | interactive |
"""
ROOT = Path(__file__).parents[3]
BACKEND = Ref("Deployment", "shop", "todo-backend")
BEGAN = datetime(2026, 11, 26, 7, tzinfo=UTC)


def shipped() -> Inputs:
    """Return what the repository's own blueprints and chart say."""
    found = gate([], {"v": (ROOT / "charts/todo-app/values.yaml").read_bytes()}).inputs
    blueprints = read({f"blueprints/{path.name}": path.read_bytes() for path in (ROOT / "blueprints").glob("*.md")})
    values = parse("values.yaml", (ROOT / "charts/todo-app/values.yaml").read_bytes())
    return replace(found, blueprints=blueprints, values=values, release=Release("todo", "shop", 1, "deployed", "todo"))


def test_every_line_that_tries_something_has_a_drill_or_says_what_there_is_instead() -> None:
    """A checklist of which some lines are silently left out looks done and is not."""
    tried = {row.id: scenario for row, scenario in rows(shipped())}
    assert tried == {
        "RES-SCN-CRASH": Scenario.CRASH,
        "RES-SCN-HEALTH": Scenario.HANG,
        "RES-SCN-OOM": Scenario.MEMORY,
        "RES-SCN-NODE": Scenario.NODE,
        "RES-SCN-IMAGE": Scenario.IMAGE,
        "RES-SCN-CONFIG": Scenario.UNREADY,
        "RES-CHK-KILL": Scenario.CRASH,
        "RES-CHK-UNREADY": Scenario.UNREADY,
        "SVC-CHK-HEALTH": Asks.ONCE,
        "SVC-CHK-FRONTEND": Asks.ONCE,
        "SCL-CHK-LOAD": Asks.LOAD,
    }
    assert Scenario.NODE in NO_DRILL
    assert not dict(untried(shipped()))
    other = replace(shipped(), blueprints=read({"blueprints/a.md": SHELL.encode()}))
    assert [(row.id, why) for row, why in untried(other)] == [("A-CHK-SHELL", NO_ADDRESS)]


def test_a_drill_answers_the_lines_that_follow_from_it_with_their_times() -> None:
    """A line measured against another one's promise passes or fails by accident."""
    crash = {row.control: row.seconds for row in promises(Scenario.CRASH, shipped())}
    assert crash == {"RES-SCN-CRASH": 30, "RES-CHK-KILL": 0, "RES-CHK-RESTART": 30, "RES-CHK-TRAFFIC": 0}
    unready = {row.control: row.seconds for row in promises(Scenario.UNREADY, shipped())}
    assert unready == {"RES-SCN-CONFIG": 0, "RES-CHK-UNREADY": 0, "RES-CHK-RECOVER": 0}
    assert {row.control: row.seconds for row in promises(Scenario.HANG, shipped())} == {"RES-SCN-HEALTH": 120}


BROKEN: dict[Scenario, dict[str, Any]] = {
    Scenario.HANG: {"backend.probes.liveness.path": "/bluehelm-drill"},
    Scenario.UNREADY: {"backend.probes.readiness.path": "/bluehelm-drill"},
    Scenario.IMAGE: {"backend.image.tag": "bluehelm-drill"},
    Scenario.MEMORY: {"backend.resources.limits.memory": "12Mi", "backend.resources.requests.memory": "12Mi"},
}


@pytest.mark.parametrize("tried", BROKEN)
def test_what_is_broken_is_the_one_workloads_own_value(tried: Scenario) -> None:
    """The frontend's probe broken for a drill of the backend takes down what nobody agreed to."""
    values = broken(tried, BACKEND, shipped())
    assert values == BROKEN[tried]
    said = parse("drill.yaml", overlay(Drill(tried, str(BACKEND), values, ())))
    assert {path: leaf.value for path, leaf in said.leaves.items()} == values


def test_what_no_row_decides_is_not_guessed() -> None:
    """Of a workload that the blueprints do not bind nothing may be broken."""
    assert not broken(Scenario.IMAGE, BACKEND._replace(name="other"), shipped())
    assert overlay(Drill(Scenario.CRASH, str(BACKEND), {}, ())) == b""
    assert BACKEND in workloads(shipped())


# What the looks show


def pod(name: str = "new", *, ready: bool = True, after: int = 9, **more: Any) -> PodSight:
    usual: dict[str, Any] = {"is_leaving": False, "is_running": True, "waits": ("None",), "restarted": ()}
    return PodSight(name, ready, BEGAN + timedelta(seconds=after), **{**usual, **more})


def at(*pods: PodSight, serving: int = 1) -> Sight:
    return Sight(BEGAN, pods, serving)


def life(reason: str = "Error", *, died: int = 30, started: int = 33) -> Run:
    return Run(BEGAN + timedelta(seconds=started), BEGAN + timedelta(seconds=died), BEGAN, reason)


OLD = pod("old", after=-99)
BEFORE = at(OLD)
SHOWS: tuple[tuple[Scenario, list[Sight], bool, float | None], ...] = (
    (Scenario.CRASH, [at(serving=0), at(pod())], True, 9),
    (Scenario.CRASH, [at(OLD)], False, None),
    (Scenario.CRASH, [at(pod(), pod("x", ready=False))], False, None),
    (Scenario.HANG, [at(OLD, pod(restarted=(life(),)))], True, 33),
    (Scenario.HANG, [at(replace(OLD, restarted=(life(),)))], False, None),
    (Scenario.MEMORY, [at(OLD, pod(restarted=(life("OOMKilled"),)))], True, 3),
    (Scenario.MEMORY, [at(OLD, pod(restarted=(life("Error"),)))], False, None),
    (Scenario.IMAGE, [at(OLD, pod(ready=False, waits=("ErrImagePull",)))], True, None),
    (Scenario.IMAGE, [at(OLD, pod(ready=False, waits=("CrashLoopBackOff",)))], False, None),
    (Scenario.IMAGE, [at(pod(ready=False, waits=("ErrImagePull",)), serving=0)], False, None),
    (Scenario.UNREADY, [at(OLD, pod(ready=False))], True, None),
    (Scenario.UNREADY, [at(OLD, pod(ready=False, is_running=False))], False, None),
    (Scenario.UNREADY, [at(OLD, pod(ready=False)), at(OLD, serving=0)], False, None),
)


@pytest.mark.parametrize(("tried", "looks", "seen", "took"), SHOWS)
def test_a_failure_counts_as_survived_only_where_it_was_seen(
    tried: Scenario, looks: list[Sight], seen: bool, took: float | None
) -> None:
    """A drill that did not come about, or that took the service down, must not be reported as a promise kept."""
    found = reading(Drill(tried, str(BACKEND), {}, ()), BEFORE, looks, BEGAN)
    assert (found.seen, found.took) == (seen, took), found
    assert not ("serve on" in found.said and any(not look.serving for look in looks)), found.said


@pytest.mark.parametrize(
    ("now", "whole"),
    [
        (at(OLD), True),
        (at(OLD, serving=0), False),
        (at(), False),
        (at(OLD, pod(ready=False)), False),
        (at(replace(OLD, is_leaving=True)), False),
        (at(OLD, pod()), True),
    ],
)
def test_whole_is_as_many_serving_and_none_on_its_way(now: Sight, *, whole: bool) -> None:
    """A drill that ends while pods still leave would call the next failure its own."""
    assert is_whole(BEFORE, now) is whole


@pytest.mark.parametrize(
    ("promised", "found", "recovered", "met"),
    [
        (30, Reading(True, 29.0, ""), 1.0, True),
        (30, Reading(True, 31.0, ""), 1.0, False),
        (30, Reading(True, None, ""), 1.0, False),
        (0, Reading(True, None, ""), 1.0, True),
        (0, Reading(False, None, ""), 1.0, False),
        (0, Reading(True, None, ""), None, False),
    ],
)
def test_a_promise_is_met_in_its_time_and_with_all_as_before(
    promised: int, found: Reading, recovered: float | None, *, met: bool
) -> None:
    """What never came back has kept no promise, however fast it showed."""
    drill = Drill(Scenario.CRASH, str(BACKEND), {}, (Promise("A", "a.md:1", "says", promised),))
    (row,) = measured(drill, found, recovered)
    assert row.met is met


def test_what_serves_is_what_the_service_sends_to() -> None:
    """A pod that is ready and in no slice gets nothing: the outage would not be seen."""
    labels = {"app": "web"}
    meta = {"namespace": "shop", "labels": labels}
    ready = {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-26T07:00:00Z"}]}
    owner = [{"kind": "Deployment", "name": "todo-backend", "controller": True, "uid": "d"}]
    objects: list[dict[str, Any]] = [
        {
            "kind": "Deployment",
            "metadata": {**meta, "name": "todo-backend", "uid": "d"},
            "spec": {"selector": {"matchLabels": labels}},
        },
        {
            "kind": "ReplicaSet",
            "metadata": {**meta, "name": "rs", "uid": "r", "ownerReferences": owner},
            "spec": {"selector": {"matchLabels": labels}},
        },
        *(
            {
                "kind": "Pod",
                "metadata": {
                    **meta,
                    "name": name,
                    "ownerReferences": [{"kind": "ReplicaSet", "name": "rs", "controller": True, "uid": "r"}],
                },
                "status": ready,
            }
            for name in ("a", "b")
        ),
        {"kind": "Service", "metadata": {"namespace": "shop", "name": "web"}, "spec": {"selector": labels}},
        {
            "kind": "EndpointSlice",
            "metadata": {"namespace": "shop", "name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
            "endpoints": [
                {"conditions": {"ready": True}, "targetRef": {"name": "a"}},
                {"conditions": {"ready": False}, "targetRef": {"name": "b"}},
            ],
        },
    ]
    found = sight(snapshot(objects, taken_at="2026-11-26T07:00:00+00:00"), BACKEND)
    assert ([item.is_ready for item in found.pods], found.serving) == ([True, True], 1)
    alone = [item for item in objects if item["kind"] not in ("Service", "EndpointSlice")]
    assert sight(snapshot(alone, taken_at="2026-11-26T07:00:00+00:00"), BACKEND).serving == 2
