"""Readiness probes that get their answer too late, and what only looks like it."""

from typing import Any

import pytest

from agent.diagnose.finding import Finding
from tests.fakes.made import container, event, failing_workload, found, owned, pod, running, workload
from tests.fakes.remedies import PERSON, changes

HTTP = {"httpGet": {"path": "/ready", "port": 8000}, "periodSeconds": 5}
LATE: dict[str, tuple[dict[str, Any], str]] = {
    "http": (HTTP, 'Get "http://10.244.0.7:8000/ready": context deadline exceeded (Client.Timeout exceeded)'),
    "command": ({"exec": {"command": ["check"]}, "timeoutSeconds": 2}, 'command timed out: "check" timed out after 2s'),
    "tcp": ({"tcpSocket": {"port": 8000}}, "dial tcp 10.244.0.7:8000: i/o timeout"),
}


def unready(probe: dict[str, Any], message: str, *, ready: bool = False) -> list[Finding]:
    top = workload("web")
    top["status"] |= {"readyReplicas": int(ready), "availableReplicas": int(ready)}
    top["spec"]["template"]["spec"]["containers"] = [container(readinessProbe=probe)]
    below = owned(workload("web-7d9f", {"app": "web"}, "ReplicaSet"), top)
    below["status"] |= {"readyReplicas": int(ready), "availableReplicas": int(ready)}
    mine = pod("web-7d9f-x", {"app": "web"}, [running(ready)], containers=[container(readinessProbe=probe)])
    told = event(mine, "Unhealthy", f"Readiness probe failed: {message}")
    return found(top, below, owned(mine, below), told)


@pytest.mark.parametrize("how", LATE)
def test_an_answer_that_comes_too_late_names_the_time_it_had(how: str) -> None:
    """The path and the port are right: who is sent to look at those finds nothing."""
    probe, message = LATE[how]
    (finding,) = unready(probe, message)
    assert finding.mode.code == "readiness-timeout"
    assert f"within {probe.get('timeoutSeconds', 1)} s" in finding.cause
    assert changes(finding) == [("containers[].readinessProbe.timeoutSeconds", probe.get("timeoutSeconds"), PERSON)]


def test_a_command_that_answers_no_is_no_late_one() -> None:
    (finding,) = unready({"exec": {"command": ["check"]}}, "cache is cold")
    assert finding.mode.code == "probe-command"


def test_one_late_answer_of_a_pod_that_is_ready_is_nothing() -> None:
    assert unready(*LATE["http"], ready=True) == []


def test_a_program_that_ends_is_told_by_its_end() -> None:
    items = failing_workload("web", containers=[container(readinessProbe=HTTP)])
    told = event(items[-1], "Unhealthy", f"Readiness probe failed: {LATE['http'][1]}")
    assert "readiness-timeout" not in [item.mode.code for item in found(*items, told)]
