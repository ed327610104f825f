"""Which pods get a second look: a pod that is missed keeps its log unread, a healthy one costs time."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.snapshot.suspects import is_suspect
from tests.fakes.objects import load

READY = {"type": "Ready", "status": "True"}


def pod(**status: Any) -> dict[str, Any]:
    well = {"name": "app", "ready": True, "restartCount": 0, "started": True, "state": {"running": {}}, "lastState": {}}
    return {
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop"},
        "status": {"phase": "Running", "conditions": [READY], "containerStatuses": [well], **status},
    }


def container(**fields: Any) -> list[dict[str, Any]]:
    return [{"name": "app", "ready": True, "restartCount": 0, "started": True, **fields}]


HEALTHY = {
    "running": pod(),
    "finished": pod(phase="Succeeded", conditions=[{"type": "Ready", "status": "False"}], containerStatuses=[]),
    "initialised": pod(initContainerStatuses=[{"name": "i", "ready": True, "restartCount": 0}]),
    "sidecar": pod(initContainerStatuses=[{"name": "i", "ready": True, "started": True, "restartCount": 0}]),
    "other conditions": pod(conditions=[{"type": "PodScheduled", "status": "True"}, READY]),
}

UNWELL = {
    "pending": pod(phase="Pending"),
    "failed": pod(phase="Failed"),
    "unknown": pod(phase="Unknown"),
    "no phase": pod(phase=None),
    "no status": {"kind": "Pod", "metadata": {"name": "web"}},
    "not ready": pod(conditions=[{"type": "Ready", "status": "False"}]),
    "no condition": pod(conditions=[]),
    "unready container": pod(containerStatuses=container(ready=False)),
    "restarted": pod(containerStatuses=container(restartCount=1)),
    "ended before": pod(containerStatuses=container(lastState={"terminated": {"exitCode": 137}})),
    "waiting": pod(containerStatuses=container(ready=False, state={"waiting": {"reason": "CrashLoopBackOff"}})),
    "second container": pod(containerStatuses=[*container(), *container(restartCount=3)]),
    "init restarted": pod(initContainerStatuses=[{"name": "i", "ready": True, "restartCount": 2}]),
    "init stuck": pod(initContainerStatuses=[{"name": "i", "ready": False, "restartCount": 0, "started": False}]),
    "going": pod() | {"metadata": {"name": "web", "deletionTimestamp": "2026-01-01T00:00:00Z"}},
    "finished and going": pod(phase="Succeeded") | {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}},
}


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_pod_is_let_pass(name: str) -> None:
    assert not is_suspect(HEALTHY[name])


@pytest.mark.parametrize("name", UNWELL)
def test_an_unwell_pod_is_looked_at(name: str) -> None:
    assert is_suspect(UNWELL[name])


def test_recorded_pods() -> None:
    """Real API output: nothing of the healthy namespace, something of the one whose pods cannot be scheduled."""
    healthy = [pod for pod in load("healthy").objects["Pod"] if pod["metadata"]["namespace"] == "ra-healthy"]
    assert [pod["metadata"]["name"] for pod in healthy if is_suspect(pod) and pod["status"]["phase"] == "Running"] == []
    assert any(is_suspect(pod) for pod in load("24-taint").objects["Pod"])


FIELDS = st.dictionaries(
    st.sampled_from(["phase", "conditions", "containerStatuses", "initContainerStatuses"]),
    st.none()
    | st.lists(
        st.dictionaries(st.sampled_from(["ready", "restartCount", "type", "status"]), st.none() | st.booleans())
    ),
)


@given(FIELDS)
def test_null_and_absent_fields_do_not_stop_the_look(status: dict[str, Any]) -> None:
    is_suspect({"metadata": None, "status": status})


def test_to_ask_of_a_healthy_pod_costs_less_than_to_read_it() -> None:
    """5,000 of them are asked about in every look."""
    healthy = pod()
    text = json.dumps(healthy)
    assert _seconds(lambda: is_suspect(healthy)) < _seconds(lambda: json.loads(text))


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    for _ in range(5000):
        work()
    return time.process_time() - began
