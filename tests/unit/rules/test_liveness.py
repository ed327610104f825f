"""Probes that kill, on captures of a real cluster, and what only looks like it."""

from typing import Any

from agent.diagnose.finding import Finding
from agent.snapshot.record import Snapshot
from tests.fakes.captures import Edit, edited, found, world
from tests.fakes.remedies import changes

IMPATIENT, PATH = "impatient-liveness-under-an-api", "liveness-path-and-failing-job"


def about(snapshot: Snapshot, name: str) -> Finding:
    (finding,) = (finding for finding in found(snapshot) if finding.subject.name == name)
    return finding


def of_probe(before: str, after: str) -> Edit:
    """Return an edit that changes what the kubelet said of a liveness probe."""

    def edit(event: dict[str, Any]) -> None:
        if event["message"].startswith("Liveness probe"):
            event["message"] = event["message"].replace(before, after)

    return edit


def test_a_start_slower_than_the_probe_waits_asks_for_a_startup_probe() -> None:
    finding = about(world(IMPATIENT), "store")
    assert (finding.mode.number, changes(finding)[0][0]) == (77, "containers[].startupProbe")
    assert set(changes(finding)[0][2]) == {"httpGet", "periodSeconds", "failureThreshold"}, (
        "a probe that asks something"
    )
    assert "gives it 4 s" in finding.cause


def test_with_a_startup_probe_it_is_that_one_that_is_too_short() -> None:
    def with_startup(pod: dict[str, Any]) -> None:
        first = pod["spec"]["containers"][0]
        if "livenessProbe" in first:
            first["startupProbe"] = first["livenessProbe"]

    def of_startup(event: dict[str, Any]) -> None:
        event["message"] = event["message"].replace("Liveness", "Startup").replace("liveness", "startup")

    changed = edited(edited(world(IMPATIENT), "Pod", with_startup), "Event", of_startup)
    assert about(changed, "store").mode.number == 78


def test_what_answers_too_slowly_is_not_given_the_time_either() -> None:
    slow = of_probe("dial tcp", "context deadline exceeded (Client.Timeout exceeded while awaiting headers)")
    assert about(edited(world(IMPATIENT), "Event", slow), "store").mode.number == 77


def test_a_program_that_ran_for_long_before_did_start_in_time() -> None:
    """It was killed an hour after its start: it hangs, and a startup probe would change nothing."""

    def for_long(pod: dict[str, Any]) -> None:
        for status in pod["status"]["containerStatuses"]:
            for state in (status["state"], status["lastState"]):
                if state.get("terminated"):
                    state["terminated"]["startedAt"] = "2026-11-23T23:55:00Z"

    assert about(edited(world(IMPATIENT), "Pod", for_long), "store").mode.number == 0


def test_a_path_the_program_does_not_have() -> None:
    finding = about(world(PATH), "api")
    assert (finding.mode.number, changes(finding)[0][1]) == (76, "/healthz")


def test_another_answer_is_no_wrong_path_and_no_slow_start() -> None:
    """The program says that it is not well: nothing of the probe is wrong."""
    ill = edited(world(PATH), "Event", of_probe("404", "500"))
    assert not {75, 76, 77, 78} & {finding.mode.number for finding in found(ill)}


def test_another_protocol_is_said_before_the_path() -> None:
    tls = of_probe("HTTP probe failed with statuscode: 404", 'Get "http://10.0.0.1:8000/": malformed HTTP response')
    spoken = {finding.mode.number for finding in found(edited(world(PATH), "Event", tls))}
    assert 75 in spoken
    assert 76 not in spoken


def test_a_container_that_was_killed_once_long_ago_is_well() -> None:
    def well(pod: dict[str, Any]) -> None:
        for status in pod["status"].get("containerStatuses") or ():
            running = status["state"].get("running")
            if status["name"] == "api":
                status |= {"ready": True, "state": {"running": running or {}}}
                status["state"]["running"]["startedAt"] = "2026-11-23T20:00:00Z"

    assert [finding.subject.kind for finding in found(edited(world(PATH), "Pod", well))] == ["Job"]
