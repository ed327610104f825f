"""How a container ended, and by whom. Lost, what somebody stopped is called a crash, and a crash loop is well."""

from collections.abc import Mapping
from typing import Any

import pytest

from agent.container.look import Look
from agent.severity import Severity
from tests.fakes.containers import IMAGE, examined, look, running

Event = Mapping[str, Any]


def event(action: str, at: float = 0, **attributes: str) -> Event:
    return {"Action": action, "timeNano": int((1_795_514_000 + at) * 1e9), "Actor": {"Attributes": attributes}}


START, STOP, END = event("start"), event("stop"), event("die")
TERM, KILL, HUP = (event("kill", signal=number) for number in ("15", "9", "1"))


def told(seen: Look) -> list[tuple[str, Severity]]:
    return [(item.code, item.severity) for item in examined(seen).causes]


def codes(seen: Look) -> list[str]:
    return [code for code, _ in told(seen)]


def test_a_stop_before_the_last_start_did_not_end_this_run() -> None:
    """Stopped an hour ago, started again, and now killed by the host for memory: nobody meant that."""
    assert codes(look(code=137, events=[START, TERM, KILL, END, STOP, START, END])) == ["killed"]


def test_a_signal_to_read_anew_is_not_what_killed_it() -> None:
    assert codes(look(code=137, events=[START, HUP, END])) == ["killed"]


@pytest.mark.parametrize("code", [1, 2, 255, 143, 130])
def test_who_was_asked_to_stop_may_end_with_any_status(code: int) -> None:
    """Many a server ends with 1 once it is told to."""
    found = told(look(code=code, log="ERROR listener closed", events=[START, TERM, END, STOP]))
    assert found == [("ended-from-outside", Severity.WARNING)]


def test_the_signal_that_its_image_asks_for_is_named() -> None:
    sent = [START, event("kill", signal="3"), KILL, END, STOP]
    cause = examined(look(code=137, events=sent)).causes[0]
    assert cause.code == "ignores-sigterm"
    assert "did not end on SIGQUIT" in cause.says


def test_who_sent_a_signal_is_not_claimed_where_events_do_not_reach_back() -> None:
    """The engine keeps 256 events of all containers, and none over its own restart."""
    cause = examined(look(code=143)).causes[0]
    assert (cause.code, cause.severity) == ("killed", Severity.WARNING)
    assert "by whom is not known" in cause.says
    assert "the engine did not send it" in examined(look(code=143, events=[START, END])).causes[0].says


def test_an_interrupt_at_its_terminal_is_nobodys_fault() -> None:
    assert told(look(code=130, config={"Tty": True})) == [("ended-from-outside", Severity.WARNING)]


def test_a_fault_that_somebody_sent_is_no_crash() -> None:
    assert codes(look(code=134, events=[START, event("kill", signal="6"), END])) == ["ended-from-outside"]


@pytest.mark.parametrize(
    ("log", "code"),
    [
        ("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", "limit-of-the-system"),
        ("thread 'main' panicked at src/main.rs:3:5:\ncalled `Option::unwrap()` on a `None` value", "exception"),
        ("Unhandled exception. System.NullReferenceException: Object reference not set", "exception"),
        ("the moon is in the wrong house", "crashed"),
    ],
)
def test_a_program_that_ends_itself_says_why_before(log: str, code: str) -> None:
    assert codes(look(code=134, log=log)) == [code]


def test_a_process_killed_for_memory_is_told_as_what_it_was() -> None:
    """The kernel kills one process of a container, and its first one may go on, end well, or end ill for it."""
    small = {"Memory": 64 << 20}
    assert told(running(host=small, events=[START, event("oom")])) == [("out-of-memory", Severity.WARNING)]
    assert told(look(code=0, host=small, state={"OOMKilled": True})) == [("out-of-memory", Severity.WARNING)]
    ill = look(code=1, host=small, state={"OOMKilled": True})
    assert told(ill) == [("out-of-memory", Severity.ERROR)]
    assert "after one of its processes was killed" in examined(ill).causes[0].says


def test_what_rests_under_a_restart_policy_was_stopped() -> None:
    """An engine starts again whatever ends by itself under `always`, so what rests was told to."""
    for policy in ("always", "unless-stopped"):
        assert codes(look(code=0, host={"RestartPolicy": {"Name": policy}})) == []


def test_another_command_of_a_serving_image_is_a_job() -> None:
    """`docker run redis redis-cli ping` ends with 0, and is meant to."""
    config, short = {"ExposedPorts": {"6379/tcp": {"x": 1}}}, {"FinishedAt": "2026-11-24T09:58:05Z"}
    own = {**IMAGE, "Config": {**IMAGE["Config"], "Cmd": ["/app"]}}
    assert codes(look(code=0, config=config, state=short)) == []
    assert codes(look(code=0, config=config, state=short, image=own)) == ["finished"]
    no_check = {"Healthcheck": {"Test": ["NONE"]}}
    assert codes(look(code=0, config=no_check, state=short, image=own)) == []


LOOPING = {"StartedAt": "2026-11-24T09:59:59Z"}
"""A second before the look."""


def crashing(code: int, **more: Any) -> Look:
    events = [event("start", -9), event("die", -8.9, exitCode=str(code)), event("start", -1)]
    return running(RestartCount=7, state=LOOPING, events=events, host={"RestartPolicy": {"Name": "always"}}, **more)


def test_between_two_crashes_it_is_not_called_well() -> None:
    """For the moment of each attempt the engine says `running`, exit code 0."""
    found = examined(crashing(3, log="KeyError: 'DATABASE_URL'"))
    assert [item.code for item in found.causes] == ["variable-missing", "restart-loop"]
    assert found.failing
    assert found.look.exit_code == 3
    assert codes(crashing(0)) == ["finished", "restart-loop"]


def test_one_that_came_through_is_not_judged_by_what_it_came_through() -> None:
    """Its database was not there yet when both were started; it has been up since."""
    log = "dial tcp db:5432: connect: connection refused"
    seen = running(RestartCount=1, state={"StartedAt": "2026-11-24T09:58:00Z"}, log=log,
                   events=[event("start", -130), event("die", -125, exitCode="1"), event("start", -120)])  # fmt: skip
    assert told(seen) == [("restart-loop", Severity.WARNING)]
    assert told(running(RestartCount=1, log=log)) == []


def test_a_log_that_cannot_be_read_is_not_called_silent() -> None:
    cause = examined(look(code=3, log_gap="its log: the driver does not support reading")).causes[0]
    assert cause.code == "unexplained"
    assert "does not support reading" in cause.says
    assert "--log-driver" in cause.fix
