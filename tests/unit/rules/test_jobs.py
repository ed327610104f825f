"""Jobs that give up, run out of time or never complete; CronJobs that start nothing; and those that are well."""

from datetime import UTC, datetime
from typing import Any

import pytest

from agent.kube.cron import parse
from tests.fakes.made import (
    BEFORE,
    NOW,
    RECENTLY,
    Raw,
    condition,
    container,
    ended,
    event,
    found,
    made,
    modes,
    owned,
    pod,
    running,
    template,
)


def job(name: str = "import", status: Raw | None = None, **spec: Any) -> Raw:
    return made("Job", name, {"backoffLimit": 6, "template": template({"app": name}), **spec}, status)


def failed(reason: str, **status: Any) -> Raw:
    return {"conditions": [condition("Failed", "True", reason, "said so")], "startTime": BEFORE, **status}


def done(name: str = "web", at: str = BEFORE) -> Raw:
    state = {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": at}}
    return {"name": name, "ready": False, "restartCount": 0, "state": state}


def cron(schedule: str, status: Raw | None = None, **spec: Any) -> Raw:
    return made("CronJob", "report", {"schedule": schedule, "concurrencyPolicy": "Allow", **spec}, status)


def test_a_job_that_gave_up_says_what_its_pods_ended_with() -> None:
    world = job(status=failed("BackoffLimitExceeded", failed=2), backoffLimit=1)
    attempt = owned(pod("import-x", {"app": "import"}, [ended(3)], restartPolicy="Never"), world)
    attempt["status"]["phase"] = "Failed"
    (finding,) = found(world, attempt, logs={"import-x/web": "applying 0042\nERROR: relation orders already exists\n"})
    assert (finding.mode.number, finding.subject.kind) == (99, "Job")
    assert "after 2 failed pods (backoffLimit 1): exit code 3, ERROR: relation orders already exists" in finding.cause


def test_a_job_past_its_deadline() -> None:
    (finding,) = found(job(status=failed("DeadlineExceeded"), activeDeadlineSeconds=30))
    assert finding.mode.number == 100
    assert "activeDeadlineSeconds of 30 s, before any of its pods completed" in finding.cause


@pytest.mark.parametrize("reason", ["BackoffLimitExceeded", "DeadlineExceeded"])
def test_a_failed_run_is_history_once_a_later_one_succeeded(reason: str) -> None:
    owner = cron("0 * * * *", {"lastSuccessfulTime": RECENTLY, "lastScheduleTime": RECENTLY})
    assert found(owner, owned(job(status=failed(reason)), owner)) == []


def beside(name: str, *, since: str, **status: Any) -> list[Raw]:
    """Return a Job whose work is done since then, with another container that goes on."""
    top = job(status={"active": 1, **status})
    names = [container("web"), container(name)]
    states = [done(at=since), running(name=name)]
    return [top, owned(pod("import-x", {"app": "import"}, states, restartPolicy="Never", containers=names), top)]


def test_a_known_proxy_keeps_a_job_open_from_the_first_second() -> None:
    (finding,) = found(*beside("istio-proxy", since=RECENTLY))
    assert finding.mode.number == 101
    assert "container web is done (exit code 0), but istio-proxy beside it goes on" in finding.cause


def test_any_other_container_may_take_its_time() -> None:
    assert modes(found(*beside("uploader", since=RECENTLY))) == []
    assert modes(found(*beside("uploader", since=BEFORE))) == [101]


def test_a_completed_job_keeps_nothing_open() -> None:
    world = beside("istio-proxy", since=BEFORE, conditions=[condition("Complete", "True")])
    assert 101 not in modes(found(*world))


def test_a_day_that_never_comes() -> None:
    (finding,) = found(cron("0 0 31 2 *"))
    assert finding.mode.number == 102
    assert "0 0 31 2 * names no day that exists" in finding.cause


def test_a_schedule_the_controller_cannot_read() -> None:
    world = cron("every day at noon")
    assert modes(found(world, event(world, "UnparseableSchedule", "unparseable schedule: …"))) == [102]


def test_a_time_zone_the_controller_does_not_know() -> None:
    world = cron("0 3 * * *", {"lastScheduleTime": "2026-11-24T03:00:00Z"}, timeZone="Europe/Nowhere")
    (finding,) = found(world, event(world, "UnknownTimeZone", "invalid timeZone"))
    assert "in time zone Europe/Nowhere cannot be read" in finding.cause


def held(policy: str, *events: Raw) -> list[Raw]:
    active = [{"kind": "Job", "name": "report-1"}]
    top = cron("* * * * *", {"active": active, "lastScheduleTime": BEFORE}, concurrencyPolicy=policy)
    return [top, owned(job("report-1", {"active": 1, "startTime": BEFORE}), top), *events]


def test_a_run_that_hangs_holds_the_others_back() -> None:
    skipped = event(cron("* * * * *"), "JobAlreadyActive", "prior execution is running", "Normal")
    (finding,) = found(*held("Forbid", skipped))
    assert "Job report-1 has been running for 60 min and concurrencyPolicy Forbid" in finding.cause
    assert found(*held("Forbid")) == [], "a long run that nobody waited for is a long run"
    assert found(*held("Replace", skipped)) == []


def test_a_run_that_was_due_and_did_not_come() -> None:
    late = cron("*/5 * * * *", {"lastScheduleTime": BEFORE})
    (finding,) = found(late)
    assert f"has started nothing since {BEFORE}" in finding.cause
    assert found(cron("*/5 * * * *", {"lastScheduleTime": RECENTLY})) == []
    assert found(cron("0 3 * * *", {"lastScheduleTime": "2026-11-24T03:00:00Z"})) == []
    assert found(cron("*/5 * * * *", {"lastScheduleTime": BEFORE}, suspend=True)) == []


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("* * * * *", "2026-11-24T09:59:00"),
        ("*/15 * * * *", "2026-11-24T09:45:00"),
        ("30 4 * * mon-fri", "2026-11-24T04:30:00"),
        ("0 0 1,15 * *", "2026-11-15T00:00:00"),
        ("0 12 13 * fri", "2026-11-20T12:00:00"),
        ("@hourly", "2026-11-24T09:00:00"),
        ("0 0 29 feb *", None),
    ],
)
def test_when_a_schedule_was_due(text: str, last: str | None) -> None:
    schedule = parse(text)
    assert schedule is not None
    assert schedule.ever
    due = schedule.last(datetime.fromisoformat(NOW))
    assert due == (datetime.fromisoformat(last).replace(tzinfo=UTC) if last else None)


@pytest.mark.parametrize("text", ["", "@every 5m", "61 * * * *", "* * * *", "a b c d e", "*/0 * * * *", "5-1 * * * *"])
def test_what_is_no_schedule_here(text: str) -> None:
    assert parse(text) is None
