"""What autoscalers do and why. Lost, somebody waits for pods that never come, or is told a number that is not so."""

from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.blueprint.control import Profile
from agent.blueprint.load import parse
from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.resources import blueprint_files
from agent.scaling.algorithm import Change, Direction, Policy, Rules, limited, rules, wanted
from agent.scaling.curve import of_events
from agent.scaling.engine import Autoscaler, autoscalers, missing
from agent.scaling.whatif import Forecast, Load, loads
from agent.snapshot.graph import Graph
from agent.snapshot.record import Snapshot
from tests.fakes.made import NOW, Raw, ago, condition, event, made, node, running_workload
from tests.fakes.objects import snapshot

BLUEPRINTS = parse(blueprint_files("")[1])
COUNT = st.integers(1, 200)
POLICIES = st.lists(
    st.builds(Policy, st.sampled_from(["Pods", "Percent"]), st.integers(1, 200), st.integers(1, 1800)), max_size=3
)
DIRECTIONS = st.builds(
    Direction,
    st.integers(0, 600),
    POLICIES.map(tuple),
    st.sampled_from(["Max", "Min", "Disabled"]),
    st.fractions(0, Fraction(1, 2)),
)
RULES = st.tuples(COUNT, COUNT, DIRECTIONS, DIRECTIONS).map(lambda it: Rules(min(it[:2]), max(it[:2]), it[2], it[3]))
CHANGES = st.lists(st.builds(Change, st.floats(0, 2000), st.integers(-20, 20)), max_size=4)
RATIO = st.fractions(0, 50)


@given(COUNT, RATIO, RATIO, RULES)
def test_more_load_never_asks_for_fewer_and_a_little_of_it_for_nothing(
    replicas: int, less: Fraction, more: Fraction, rule: Rules
) -> None:
    low, high = sorted((less, more))
    above, below = 1 + rule.up.tolerance, 1 - rule.down.tolerance
    if not (low < below < high <= above or low <= above < high):  # tolerance alone makes steps at its ends
        assert wanted(replicas, low, rule) <= max(wanted(replicas, high, rule), replicas)
    assert wanted(replicas, Fraction(1), rule) == replicas


@given(RULES, st.data(), CHANGES)
def test_no_step_goes_beyond_the_bounds_or_the_wrong_way(
    rule: Rules, data: st.DataObject, changes: list[Change]
) -> None:
    replicas = data.draw(st.integers(rule.least, rule.most))
    asked = data.draw(st.integers(0, 400))
    after, why = limited(replicas, asked, rule, changes)
    assert rule.least <= after <= rule.most or after == asked == replicas
    assert (after >= replicas) if asked > replicas else (after <= replicas)
    assert (after == asked) == (why == "")


def behaving(**ways: Mapping[str, Any]) -> Rules:
    return rules({"spec": {"minReplicas": 1, "maxReplicas": 100, "behavior": ways}})


def policy(kind: str, value: int, seconds: int) -> Mapping[str, Any]:
    return {"type": kind, "value": value, "periodSeconds": seconds}


UP = {"policies": [policy("Pods", 1, 60)]}
BOTH = [policy("Pods", 4, 60), policy("Percent", 10, 60)]


@pytest.mark.parametrize(
    ("rule", "replicas", "asked", "changes", "after"),
    [
        (behaving(scaleUp=UP), 1, 5, (), 2),
        (behaving(scaleUp=UP), 2, 5, (Change(20, 1),), 2),
        (behaving(scaleUp=UP), 2, 5, (Change(61, 1),), 3),
        (behaving(scaleUp=UP), 2, 5, (Change(20, -1),), 4),  # counted from the three there were
        (
            behaving(scaleDown={"policies": BOTH}),
            80,
            10,
            (),
            72,
        ),  # the documentation's example: 8 of 80
        (behaving(scaleDown={"policies": BOTH}), 30, 10, (), 26),
        (behaving(scaleDown={"policies": BOTH, "selectPolicy": "Min"}), 80, 10, (), 76),
        (behaving(scaleDown={"selectPolicy": "Disabled"}), 10, 1, (), 10),
        (behaving(scaleUp={}), 2, 90, (), 6),
        (behaving(scaleUp={}), 20, 90, (), 40),
        (rules({"spec": {"maxReplicas": 100}}), 1, 90, (), 4),
        (rules({"spec": {"maxReplicas": 100}}), 30, 90, (), 60),
        (rules({"spec": {"maxReplicas": 3}}), 1, 90, (), 3),
        (rules({"spec": {"minReplicas": 2, "maxReplicas": 9}}), 8, 0, (), 2),
    ],
)
def test_a_step_is_as_long_as_the_controllers(
    rule: Rules, replicas: int, asked: int, changes: tuple[Change, ...], after: int
) -> None:
    assert limited(replicas, asked, rule, changes)[0] == after


def hpa(name: str = "web", *conditions: Raw, replicas: int = 1, used: int | None = 45, spec: Raw | None = None) -> Raw:
    aim = {"kind": "Deployment", "name": name, "apiVersion": "apps/v1"}
    target = {"type": "Utilization", "averageUtilization": 70}
    metric = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    wants = {"scaleTargetRef": aim, "minReplicas": 1, "maxReplicas": 5, "metrics": metric, **(spec or {})}
    now = [{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": used}}}]
    status = {
        "currentReplicas": replicas,
        "desiredReplicas": replicas,
        "currentMetrics": now if used is not None else [],
        "conditions": conditions or (*ABLE, condition("ScalingLimited", "False", "DesiredWithinRange")),
    }
    return made("HorizontalPodAutoscaler", name, wants, status)


ABLE = (condition("AbleToScale", "True", "ReadyForNewScale"), condition("ScalingActive", "True", "ValidMetricFound"))


def world(*items: Raw) -> Snapshot:
    return snapshot([node(), *items], taken_at=NOW)


def found(*items: Raw, at: str = "", profile: Profile | None = None) -> list[Autoscaler]:
    seen = world(*items)
    told = diagnose(seen)
    assert isinstance(told, Diagnosis)
    return list(autoscalers(Graph(seen), told, BLUEPRINTS, profile, loads(at) or () if at else ()))


def only(*items: Raw, at: str = "") -> Autoscaler:
    (one,) = found(*items, at=at)
    return one


def test_tolerance_is_why_nothing_happens_a_little_above_the_target() -> None:
    told = only(*running_workload("web"), hpa(used=75))
    assert told.next == 1
    assert "within the tolerance of 10%" in told.why[0]


def test_rounding_up_is_why_nothing_happens_below_it() -> None:
    assert "rounded up, stays 1" in only(*running_workload("web"), hpa(used=40)).why[0]


def test_a_window_is_why_it_waits_and_how_long_at_least() -> None:
    stable = condition("AbleToScale", "True", "ScaleDownStabilized")
    scaler = hpa("web", stable, ABLE[1], replicas=3, used=10)
    scaler["status"]["lastScaleTime"] = ago(100)
    told = only(*running_workload("web"), scaler)
    assert "not before 3 min from now" in told.why[1]
    assert "300 s" in told.why[1]


def test_a_policy_is_why_it_goes_no_faster_and_when_it_may() -> None:
    limit = condition("ScalingLimited", "True", "ScaleUpLimit")
    scaler = hpa("web", *ABLE, limit, replicas=2, used=200, spec={"behavior": {"scaleUp": UP}})
    deployment, *rest = running_workload("web")
    steps = [
        event(deployment, "ScalingReplicaSet", "Scaled up replica set web-1 from 1 to 2", "Normal"),
        event(scaler, "SuccessfulRescale", "New size: 2; reason: cpu resource utilization above target", "Normal"),
    ]
    told = only(deployment, *rest, scaler, *steps)
    assert told.next == 2
    assert "up by 1 in 60 s at most; the next step may come in 30 s" in told.why[1]
    assert [(item.before, item.size) for item in told.rescales] == [(1, 2)]


def test_at_its_maximum_it_says_so() -> None:
    limit = condition("ScalingLimited", "True", "TooManyReplicas", "the desired replica count is more")
    told = only(*running_workload("web"), hpa("web", *ABLE, limit, replicas=5, used=200))
    assert "maxReplicas (5)" in told.why[1]
    assert [item.mode.code for item in told.findings] == ["autoscaler-at-maximum"]
    assert not told.is_broken


def test_without_metrics_it_is_blind_and_nobody_says_what_it_wants() -> None:
    blind = condition(
        "ScalingActive", "False", "FailedGetResourceMetric", "no metrics returned from resource metrics API"
    )
    told = only(*running_workload("web"), hpa("web", ABLE[0], blind, used=None))
    assert (told.desired, told.next, told.active) == (None, None, False)
    assert "no metric to go by" in told.why[0]
    assert told.is_broken


def test_scaled_to_zero_is_switched_off() -> None:
    off = condition("ScalingActive", "False", "ScalingDisabled", "scaling is disabled since the replica count is zero")
    told = only(*running_workload("web"), hpa("web", ABLE[0], off, replicas=0, used=None))
    assert "scaled to 0" in told.why[0]


def test_a_target_that_is_not_there_is_broken() -> None:
    gone = condition("AbleToScale", "False", "FailedGetScale", 'deployments.apps "web" not found')
    told = only(hpa("web", gone, used=None))
    assert told.is_broken
    assert "not found" in told.why[0]


def test_keda_and_vpa_and_hands_are_named() -> None:
    scaler = hpa()
    scaler["metadata"]["ownerReferences"] = [{"kind": "ScaledObject", "name": "web-so", "controller": True}]
    keda = made("ScaledObject", "web-so", {"triggers": [{"type": "rabbitmq"}], "minReplicaCount": 0})
    vpa = made("VerticalPodAutoscaler", "web-vpa", {"targetRef": {"kind": "Deployment", "name": "web"}})
    deployment, *rest = running_workload("web")
    deployment["metadata"]["managedFields"] = [
        {"manager": "helm", "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
        {
            "manager": "kubectl",
            "operation": "Update",
            "subresource": "scale",
            "fieldsV1": {"f:spec": {"f:replicas": {}}},
        },
        {"manager": "kube-controller-manager", "operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
    ]
    told = only(scaler, keda, vpa, deployment, *rest)
    assert "ScaledObject web-so (triggers: rabbitmq)" in told.others[0]
    assert "both act on cpu, which VPA forbids" in told.others[1]
    assert told.others[2].startswith("helm sets replicas")
    assert told.others[3].startswith("kubectl scaled")
    assert len(told.others) == 4


def test_metrics_of_every_kind_are_shown_in_their_unit() -> None:
    spec: Raw = {
        "metrics": [
            {
                "type": "Pods",
                "pods": {"metric": {"name": "rps"}, "target": {"type": "AverageValue", "averageValue": "100"}},
            },
            {
                "type": "External",
                "external": {"metric": {"name": "queue"}, "target": {"type": "Value", "value": "1k"}},
            },
            {
                "type": "ContainerResource",
                "containerResource": {"name": "memory", "container": "app", "target": {"averageValue": "512Mi"}},
            },
        ]
    }
    scaler = hpa(spec=spec)
    scaler["status"]["currentMetrics"] = [
        {"type": "Pods", "pods": {"metric": {"name": "rps"}, "current": {"averageValue": "250"}}},
        {"type": "External", "external": {"metric": {"name": "queue"}, "current": {"value": "500"}}},
        {
            "type": "ContainerResource",
            "containerResource": {"name": "memory", "container": "app", "current": {"averageValue": "256Mi"}},
        },
    ]
    told = only(*running_workload("web"), scaler)
    said = [f"{item.said} {item.amount(item.current)} of {item.amount(item.target)}" for item in told.metrics]
    assert said == ["rps 250 of 100", "queue 500 of 1000", "memory of container app 256Mi of 512Mi"]
    assert told.next == 3


SLOW = {"behavior": {"scaleUp": UP, "scaleDown": {"stabilizationWindowSeconds": 300}}}


@pytest.mark.parametrize(
    ("replicas", "at", "steps"),
    [
        (1, "85%", [(0, 2)]),
        (1, "76%", []),
        (1, "300%", [(0, 2), (60, 3), (120, 4)]),  # 75 % of four is near enough to 70 %
        (1, "900%", [(0, 2), (60, 3), (120, 4), (180, 5)]),
        (3, "10%", [(300, 1)]),
        (2, "cpu=140", [(0, 3), (60, 4)]),
    ],
)
def test_a_load_is_followed_step_by_step_to_where_it_comes_to_rest(
    replicas: int, at: str, steps: list[tuple[int, int]]
) -> None:
    told = only(*running_workload("web"), hpa(replicas=replicas, spec=SLOW), at=at)
    (forecast,) = told.forecasts
    assert isinstance(forecast, Forecast)
    assert [tuple(step) for step in forecast.steps] == steps


def test_a_load_it_does_not_look_at_changes_nothing() -> None:
    assert only(*running_workload("web"), hpa(), at="memory=90%").forecasts == (Load("memory", 90),)


@pytest.mark.parametrize("text", ["", "85 %%", "cpu", "cpu=", "-5%", "disk=5%", "85%;90%", "0%", "1e3", "٨٥%"])
def test_what_is_no_load_is_none(text: str) -> None:
    assert loads(text) is None


def test_loads_are_read_as_people_write_them() -> None:
    assert loads("85%") == loads("cpu=85") == loads(" cpu = 85 % ") == [Load("cpu", 85)]
    assert loads("cpu=85%,memory=90%") == [Load("cpu", 85), Load("memory", 90)]


def test_distance_from_the_blueprint_is_row_by_row() -> None:
    told = only(*running_workload("todo-backend"), hpa("todo-backend", spec={"maxReplicas": 9}))
    by_row = {item.row.control: item for item in told.distances}
    assert by_row["SCL-BE-MIN"].met
    assert (by_row["SCL-BE-MAX"].met, by_row["SCL-BE-MAX"].wanted, by_row["SCL-BE-MAX"].has) == (False, "5", "9")
    assert by_row["SCL-BE-CPU"].met


def test_an_autoscaler_that_a_blueprint_asks_for_and_that_is_absent_is_named() -> None:
    """Otherwise nothing scales and nothing says so: no object, no event, no condition."""
    graph = Graph(world(*running_workload("todo-backend")))
    assert [(item.binding.name, item.row.id) for item in missing(graph, BLUEPRINTS, None)] == [
        ("todo-backend", "SCL-BE-ENABLED")
    ]
    assert missing(Graph(world(*running_workload("web"))), BLUEPRINTS, None) == []


def test_what_events_tell_of_is_drawn() -> None:
    scaler = hpa("web", replicas=2)
    deployment, *rest = running_workload("web")
    told = only(
        deployment,
        *rest,
        scaler,
        event(deployment, "ScalingReplicaSet", "Scaled up replica set web-1 from 1 to 2", "Normal"),
        event(scaler, "SuccessfulRescale", "New size: 2; reason: cpu resource utilization above target", "Normal"),
    )
    now = world().taken_at
    curve = of_events(told, now)
    assert curve is not None
    assert (curve.points[0][1], curve.points[-1][1]) == (1.0, 2.0)
    later = of_events(told, now + timedelta(hours=1))
    assert later is None
