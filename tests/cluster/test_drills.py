"""Drills on a real cluster: each failure brought about, measured, and taken back."""

import json

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
        ("RES-CHK-UNREADY", "is not ready and is sent nothing"),
        ("RES-SCN-HEALTH", "whose liveness probe fails ran again"),
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
    for row, instead in (("SVC-CHK-HEALTH", "agent verify"), ("SCL-CHK-LOAD", "by hand")):
        asks = shop.agent("drill", row, "-n", shop.namespace)
        assert (asks.returncode, instead in asks.stderr) == (ExitCode.DENIED, True), asks.stderr
    listed = shop.agent("drill", "-n", shop.namespace)
    assert "RES-CHK-KILL" in listed.stdout
    prod = shop.agent("drill", "RES-SCN-IMAGE", "-n", shop.namespace, "--profile=prod", "--of=deployment/todo-backend")
    assert (prod.returncode, "profile dev" in prod.stderr) == (ExitCode.DENIED, True), prod.stderr
