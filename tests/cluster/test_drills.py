"""Drills on a real cluster: each failure brought about, measured, and taken back."""

import json
import socket
import time
from typing import Any

import pytest

from agent.exitcode import ExitCode
from tests.cluster.shop import Shop

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize(
    ("row", "shows"),
    [
        ("RES-SCN-CRASH", "another pod was ready after"),
        ("RES-SCN-OOM", "ended for its memory was started again after"),
        ("RES-SCN-IMAGE", "the new pod is kept"),
        pytest.param("RES-CHK-UNREADY", "is not ready and is sent nothing", marks=pytest.mark.long),
        pytest.param("RES-SCN-HEALTH", "whose liveness probe fails ran again", marks=pytest.mark.long),
    ],
)
def test_a_failure_is_tried_measured_and_taken_back(shop: Shop, row: str, shows: str) -> None:
    """A promise that nobody has tried is a hope; a drill that leaves something behind is an incident."""
    before = (shop.limit(), shop.image(), shop.values.read_bytes())
    words = ("drill", row, "--of=deployment/todo-backend", "-n", shop.namespace, "--wait=40", "--outage", "-o", "json")
    planned = shop.agent(*words)
    assert planned.returncode == 0, planned.stderr
    code, shown = shop.typed("apply", "apply", json.loads(planned.stdout)["id"][:12])
    assert (code, shows in " ".join(shown.split())) == (ExitCode.OK, True), shown
    assert (shop.limit(), shop.image(), shop.values.read_bytes()) == before
    assert shop.git("status", "--short") == ""
    outcome = shop.ledger()[-1]["detail"]
    assert all(line["met"] for line in outcome["measured"])
    assert row in {line["control"] for line in outcome["measured"]}


def test_what_would_take_everything_down_is_asked_for_in_words(shop: Shop) -> None:
    """One replica: the drill is an outage, and nobody should learn that from their users."""
    refused = shop.agent("drill", "RES-SCN-CRASH", "--of=deployment/todo-backend", "-n", shop.namespace)
    assert (refused.returncode, "--outage" in refused.stderr) == (ExitCode.DENIED, True), refused.stderr
    node = shop.agent("drill", "RES-SCN-NODE", "-n", shop.namespace)
    assert (node.returncode, "takes a node away" in node.stderr) == (ExitCode.DENIED, True), node.stderr
    listed = shop.agent("drill", "-n", shop.namespace)
    assert "RES-CHK-KILL" in listed.stdout
    prod = shop.agent("drill", "RES-SCN-IMAGE", "-n", shop.namespace, "--profile=prod", "--of=deployment/todo-backend")
    assert (prod.returncode, "profile dev" in prod.stderr) == (ExitCode.DENIED, True), prod.stderr


@pytest.mark.long
def test_a_service_is_asked_and_put_under_load_through_a_port_that_is_closed_afterwards(shop: Shop) -> None:
    """Nothing is started in the namespace, so nothing is left in it; what was promised has a number beside it."""
    health = drilled(shop, "SVC-CHK-HEALTH")
    assert [(row["control"], row["met"]) for row in health] == [("SVC-CHK-HEALTH", True)], health
    assert "status 200 after" in health[0]["said"]
    metrics = "jsonpath={.status.currentMetrics[0].resource.current.averageUtilization}"
    cooldown = (
        '{"spec": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 15}}}}'  # nobody waits 5 minutes here
    )
    shop.kubectl("patch", "hpa/todo-backend", "--type=merge", f"--patch={cooldown}")
    for _ in range(120):
        if shop.kubectl("get", "hpa/todo-backend", f"--output={metrics}"):
            break
        time.sleep(1)
    load = {row["control"]: row for row in drilled(shop, "SCL-CHK-LOAD", "--wait=120")}
    assert list(load) == ["SCL-CHK-LOAD", "SCL-CHK-UP", "SCL-TRG-BE-CPU", "SCL-CHK-DOWN"]
    assert load["SCL-CHK-LOAD"]["met"], load
    up = load["SCL-CHK-UP"]
    assert up["took"] is not None or up["said"].startswith("unknown: "), up
    down = load["SCL-CHK-DOWN"]
    assert (down["took"] is not None) == (up["took"] is not None), load
    assert not down["met"], "15 s are less than the five minutes that the row asks for"
    assert "load" not in shop.kubectl("get", "pods", "--output=name")


def drilled(shop: Shop, row: str, *more: str) -> list[dict[str, Any]]:
    """Plan a drill and carry it out; return what was measured."""
    planned = shop.agent("drill", row, "-n", shop.namespace, *more, "-o", "json")
    assert planned.returncode == 0, planned.stderr
    found = json.loads(planned.stdout)
    code, shown = shop.typed("apply", "apply", found["id"][:12])
    assert code in (ExitCode.OK, ExitCode.FOUND), shown
    with socket.socket() as tried:
        assert tried.connect_ex(("127.0.0.1", found["plan"]["drill"]["request"]["local"])) != 0
    measured: list[dict[str, Any]] = shop.ledger()[-1]["detail"]["measured"]
    return measured
