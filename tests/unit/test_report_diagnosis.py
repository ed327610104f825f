"""How a diagnosis reads: the headline claims health only where everything is as asked."""

import json
from typing import Any

from agent.operate.diagnose import Diagnosed
from agent.report.diagnosis import as_json, as_text
from agent.report.terminal import Screen
from agent.snapshot.record import Ref
from tests.fakes.made import NOW, SPACE, ago, diagnosed, failing_workload, node, pod, running, running_workload
from tests.fakes.objects import snapshot


def waiting(name: str, age: float) -> dict[str, Any]:
    item = pod(name, {"app": name}, [running(False, state={"running": {"startedAt": ago(age)}})])
    item["status"]["conditions"][1]["lastTransitionTime"] = ago(age)
    return item


def text(*items: dict[str, Any], subject: Ref | None = None) -> list[str]:
    return as_text(asked(*items, subject=subject), Screen()).splitlines()


def asked(*items: dict[str, Any], subject: Ref | None = None) -> Diagnosed:
    return Diagnosed(diagnosed(*items, subject=subject), snapshot(items, taken_at=NOW))


def test_health_is_claimed_only_without_anything_unsettled() -> None:
    well = [node(), *running_workload("web")]
    assert text(*well)[0].startswith("Nothing is wrong: all namespaces, 1 pod")
    one = text(*well, waiting("api", 12))
    assert one[0].startswith("Nothing is broken; 1 thing is not settled yet: ")
    two = text(*well, waiting("api", 12), waiting("db", 20))
    assert two[0].startswith("Nothing is broken; 2 things are not settled yet: ")


def test_what_is_not_settled_is_shown_with_its_time() -> None:
    lines = text(node(), waiting("api", 12))
    assert lines[2:] == [
        "Not settled yet, within the time it is given:",
        "   Pod/shop/api: container web runs and is not ready yet",
        "      for 12 s; given until 10:00:48, 48 s more",
    ]


def test_causes_come_first_and_what_is_not_settled_is_counted_beside() -> None:
    lines = text(node(), *failing_workload("web"), waiting("api", 90.0 - 40))
    assert lines[0].startswith("1 cause found, 1 thing is not settled yet: ")


def test_the_answer_about_one_object_is_shown() -> None:
    lines = text(node(), *running_workload("web"), subject=Ref("Deployment", SPACE, "web"))
    assert lines[0].startswith("Nothing is wrong with Deployment web: all namespaces, 1 pod")
    assert lines[2] == "   Deployment web is as asked: 1 of 1 replica ready, updated and available, no restarts"


def test_what_is_asked_about_and_not_settled_is_told_once() -> None:
    lines = text(node(), waiting("api", 12), subject=Ref("Pod", SPACE, "api"))
    assert sum("runs and is not ready yet" in line for line in lines) == 1


def test_machines_are_told_the_same() -> None:
    items = [node(), waiting("api", 12)]
    document = json.loads(as_json(asked(*items, subject=Ref("Pod", SPACE, "api")), Screen()))
    (item,) = document["unsettled"]
    assert item == {
        "subject": {"kind": "Pod", "namespace": SPACE, "name": "api"},
        "says": "container web runs and is not ready yet",
        "since": "2026-11-24T09:59:48+00:00",
        "until": "2026-11-24T10:00:48+00:00",
        "evidence": [],
    }
    assert document["about"]["sentences"] == ["Pod api is not settled yet: container web runs and is not ready yet"]
    assert document["findings"] == []
