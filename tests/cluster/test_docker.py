"""The docker reader on a real engine: what it says of containers that live, die and are not there."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.cluster import preflight
from tests.cluster.engine import Engine, engine
from tests.cluster.images import BUSYBOX
from tools import docker
from tools.failure import Failure, FailureKind
from tools.sandbox import Sandbox, sandbox

pytestmark = pytest.mark.cluster

CANARY = "canary-hunter2"


@pytest.fixture(scope="module")
def running() -> Iterator[Engine]:
    reason = preflight.unable()
    if reason:
        pytest.skip(reason)
    with engine() as found:
        yield found


@pytest.fixture
def box(running: Engine) -> Iterator[Sandbox]:
    with sandbox(path="/usr/local/bin:/usr/bin", docker_host=running.host) as made:
        yield made


def start(running: Engine, name: str, *command: str, flags: tuple[str, ...] = ()) -> None:
    running.docker("run", "--detach", "--network=none", f"--name={name}", *flags, BUSYBOX, *command)


def until(read: Callable[[], object], wanted: Callable[[Any], bool]) -> Any:
    """Read until what was read is what is waited for."""
    end = time.monotonic() + 60
    while True:
        found = read()
        if wanted(found):
            return found
        assert time.monotonic() < end, found
        time.sleep(0.1)


def state(box: Sandbox, name: str) -> Mapping[str, Any]:
    found = docker.inspect(box, name)
    assert not isinstance(found, Failure), found
    return dict(found["State"])


def test_the_engine_answers(box: Sandbox) -> None:
    found = docker.version(box)
    assert isinstance(found, str)
    assert found[0].isdigit()


def test_a_container_that_runs_is_seen_without_its_secrets(running: Engine, box: Sandbox) -> None:
    start(running, "web", "sleep", "600", flags=(f"--env=DB_PASSWORD={CANARY}", "--env=MODE=dev"))
    found = docker.inspect(box, "web")
    assert not isinstance(found, Failure)
    assert found["State"]["Running"] is True
    assert "MODE=dev" in found["Config"]["Env"]
    assert CANARY not in repr(found)
    listed = docker.ps(box)
    assert not isinstance(listed, Failure)
    assert "web" in {item["Names"] for item in listed}


def test_a_container_killed_for_memory_says_so(running: Engine, box: Sandbox) -> None:
    """Without OOMKilled a crash by memory looks like any exit with 137."""
    grow = "x=a; while true; do x=$x$x; done"
    start(running, "hungry", "sh", "-c", grow, flags=("--memory=16m", "--memory-swap=16m"))
    found = until(lambda: state(box, "hungry"), lambda told: not told["Running"])
    assert (found["OOMKilled"], found["ExitCode"]) == (True, 137)


def test_an_exit_code_and_what_was_said(running: Engine, box: Sandbox) -> None:
    start(running, "broken", "sh", "-c", f"echo starting; echo cannot open ledger password={CANARY} >&2; exit 3")
    until(lambda: state(box, "broken"), lambda told: not told["Running"])
    assert state(box, "broken")["ExitCode"] == 3
    said = docker.logs(box, "broken")
    assert not isinstance(said, Failure)
    assert {line.text.partition(" password")[0] for line in said} == {"starting", "cannot open ledger"}
    assert not any(CANARY in line.text for line in said)


def test_a_health_check_that_fails(running: Engine, box: Sandbox) -> None:
    flags = ("--health-cmd=false", "--health-interval=1s", "--health-retries=2")
    start(running, "unwell", "sleep", "600", flags=flags)
    found = until(lambda: state(box, "unwell"), lambda told: told["Health"]["Status"] == "unhealthy")
    assert found["Health"]["FailingStreak"] >= 2


def test_use_and_events_are_bounded_reads(running: Engine, box: Sandbox) -> None:
    start(running, "busy", "sleep", "600")
    used = docker.stats(box)
    assert not isinstance(used, Failure)
    assert "busy" in {item["Name"] for item in used}
    happened = docker.events(box, "10m")
    assert not isinstance(happened, Failure)
    assert any(item.get("Action") == "start" for item in happened)


def test_what_is_not_there(box: Sandbox) -> None:
    found = docker.inspect(box, "no-such-container")
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.NOT_FOUND


def test_an_engine_that_is_down() -> None:
    with sandbox(path="/usr/local/bin:/usr/bin", docker_host="unix:///nonexistent/docker.sock") as made:
        found = docker.version(made)
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.UNREACHABLE
