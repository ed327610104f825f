"""Autoscalers and budgets that cannot do what they are for, and those that merely look so."""

from typing import Any

from agent.diagnose.finding import Severity
from agent.snapshot.record import State
from tests.fakes.made import RECENTLY, Raw, condition, container, found, made, modes, node, running_workload, workload

CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "AverageValue", "averageValue": "1"}}}
QUEUE = {"type": "External", "external": {"metric": {"name": "queue_depth"}}}
ASKS = {"requests": {"cpu": "1", "memory": "64Mi"}}
ABSENT = "unable to get external metric: no external metrics API (external.metrics.k8s.io) registered"


def scaler(name: str, target: str, *conditions: Raw, metric: Raw = CPU, status: Raw | None = None, **meta: Any) -> Raw:
    wanted = {
        "scaleTargetRef": {"kind": "Deployment", "name": target},
        "minReplicas": 1,
        "maxReplicas": 4,
        "metrics": [metric],
    }
    return made("HorizontalPodAutoscaler", name, wanted, {"conditions": list(conditions), **(status or {})}, **meta)


def test_a_target_that_does_not_exist_is_near_one_that_does() -> None:
    (finding,) = found(*running_workload("web-frontend"), scaler("web", "web"))
    assert finding.mode.number == 103
    assert "scales Deployment web, which does not exist (there is one called web-frontend)" in finding.cause


def test_a_target_nobody_could_list_is_missing_by_the_controllers_word_only() -> None:
    refused = condition("AbleToScale", "False", "FailedGetScale", 'deployments.apps "web" not found')
    unread = {"Deployment": State.DENIED}
    assert modes(found(scaler("web", "web"), incomplete=unread)) == []
    assert modes(found(scaler("web", "web", refused), incomplete=unread)) == [103]


def test_two_autoscalers_for_one_workload_are_one_finding() -> None:
    stopped = condition("ScalingActive", "False", "AmbiguousSelector", "controlled by multiple HPAs: [shop/a shop/b]")
    (finding,) = found(*running_workload("api"), scaler("a", "api", stopped), scaler("b", "api", stopped))
    assert (finding.mode.number, finding.subject.name) == (95, "a")
    assert "HorizontalPodAutoscaler b" in finding.cause


def test_an_api_nobody_serves_is_certain_at_once() -> None:
    stopped = condition("ScalingActive", "False", "FailedGetExternalMetric", ABSENT, RECENTLY)
    young = scaler("web", "web", stopped, metric=QUEUE, creationTimestamp=RECENTLY)
    (finding,) = found(*running_workload("web"), young)
    assert finding.mode.number == 105
    assert "it wants queue_depth, and nothing in the cluster serves external.metrics.k8s.io" in finding.cause


def test_metrics_of_a_new_autoscaler_may_come_yet() -> None:
    stopped = condition(
        "ScalingActive", "False", "FailedGetResourceMetric", "no metrics returned from resource metrics API"
    )
    assert modes(found(*running_workload("web"), scaler("web", "web", stopped, creationTimestamp=RECENTLY))) == []
    assert modes(found(*running_workload("web"), scaler("web", "web", stopped))) == [105]


def test_an_autoscaler_at_its_maximum_says_by_what() -> None:
    limited = condition("ScalingLimited", "True", "TooManyReplicas", "more than the maximum")
    metrics = [{"type": "Resource", "resource": {"name": "memory", "current": {"averageUtilization": 472}}}]
    goal = {"type": "Utilization", "averageUtilization": 80}
    metric = {"type": "Resource", "resource": {"name": "memory", "target": goal}}
    world = scaler("web", "web", limited, metric=metric, status={"currentReplicas": 4, "currentMetrics": metrics})
    world["spec"]["metrics"].insert(0, CPU)
    (finding,) = found(*running_workload("web", containers=[container(resources=ASKS)]), world)
    assert (finding.mode.number, finding.severity) == (106, Severity.WARNING)
    assert "maxReplicas of 4" in finding.cause
    assert "memory at 472 % of its request (target 80 %)" in finding.cause


def test_an_autoscaler_on_its_way_or_at_its_minimum_is_well() -> None:
    many = condition("ScalingLimited", "True", "TooManyReplicas")
    few = condition("ScalingLimited", "True", "TooFewReplicas")
    for state, replicas in ((many, 2), (few, 1)):
        assert found(*running_workload("web"), scaler("web", "web", state, status={"currentReplicas": replicas})) == []


def budget(name: str, expected: int, allowed: int, **spec: Any) -> Raw:
    wanted = {"selector": {"matchLabels": {"app": "web"}}, **spec}
    status = {"expectedPods": expected, "disruptionsAllowed": allowed, "currentHealthy": expected}
    return made("PodDisruptionBudget", name, wanted, status)


def test_a_budget_that_lets_nobody_go() -> None:
    for expected, spec in ((1, {"minAvailable": 1}), (3, {"minAvailable": "100%"}), (2, {"maxUnavailable": 0})):
        (finding,) = found(*running_workload("web"), budget("web", expected, 0, **spec))
        assert (finding.mode.number, finding.severity) == (107, Severity.WARNING)


def test_a_budget_with_room_or_one_that_waits_for_unready_pods_is_well() -> None:
    assert found(*running_workload("web"), budget("web", 2, 1, minAvailable=1)) == []
    assert found(*running_workload("web"), budget("web", 3, 0, minAvailable=2)) == []
    assert found(budget("web", 0, 0, minAvailable=1)) == []


def test_a_budget_an_autoscaler_outgrows_blocks_only_the_drain_that_waits_for_it() -> None:
    world = [*running_workload("web"), scaler("web", "web"), budget("web", 1, 0, minAvailable=1)]
    assert found(*world) == []
    (finding,) = found(*world, node(unschedulable=True))
    assert "node node-1, which is cordoned, cannot be drained" in finding.cause


def test_two_budgets_for_the_same_pods_are_one_finding() -> None:
    (finding,) = found(
        *running_workload("web"), budget("web", 2, 1, minAvailable=1), budget("all", 2, 1, maxUnavailable=1)
    )
    assert finding.mode.code == "budgets-overlap"
    other = budget("api", 2, 1, minAvailable=1, selector={"matchLabels": {"app": "api"}})
    assert found(*running_workload("web"), workload("api"), budget("web", 2, 1, minAvailable=1), other) == []
