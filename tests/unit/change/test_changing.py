"""What runs a command that changes something: only what was approved, bounded, and asked to stop at most once."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from agent.apply.interrupts import Interrupts
from tests.fakes.executables import Executable, Replay, install
from tools.access import Access
from tools.failpoints import VARIABLE, reached
from tools.failure import Failure, FailureKind
from tools.flow import flow
from tools.permit import Permit
from tools.run import Output, Running, run_planned
from tools.sandbox import Sandbox, sandbox
from tools.upgrade import MARGIN, Upgrade, argv, patience, rollback

ACCESS = Access("here", "https://127.0.0.1:1", "default")
UPGRADE = Upgrade("web", "shop", "here", Path("/chart"), [Path("/v.yaml")], 30)


def command(version: str = "v4.1.0") -> tuple[str, ...]:
    found = argv(UPGRADE, version, "plan:abc")
    assert isinstance(found, tuple)
    return found


def permit(*commands: tuple[str, ...]) -> Permit:
    return Permit("a" * 64, frozenset(commands))


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with sandbox(ACCESS, path=str(tmp_path / "bin")) as made:
        yield made


@pytest.fixture
def helm(tmp_path: Path) -> Executable:
    return install(tmp_path / "bin", "helm", Replay(b"done\n"))


def test_only_the_very_command_of_the_plan_runs(box: Sandbox, helm: Executable) -> None:
    """One word more than was approved, and it does not run."""
    assert isinstance(run_planned(command(), box, permit(command()), timeout=10.0), Output)
    for other in (command("v3.18.0"), (*command(), "--debug"), ("helm", "uninstall", "web")):
        found = run_planned(other, box, permit(command()), timeout=10.0)
        assert isinstance(found, Failure)
        assert found.kind is FailureKind.DENIED
    assert len(helm.calls()) == 1


def test_what_the_policy_denies_no_permit_allows(box: Sandbox, helm: Executable) -> None:
    """The policy is asked first: an approval cannot be for what may never run."""
    for words in (("helm", "uninstall", "web"), (*command(), "--force"), ("git", "push"), ("helm", "list")):
        found = run_planned(words, box, permit(words), timeout=10.0)
        assert isinstance(found, Failure)
        assert found.kind is FailureKind.DENIED
    assert helm.calls() == []


def test_a_helm_that_hangs_is_ended_with_its_children(
    box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B4, I6: what ignores the request to end is ended, and so is what it started."""
    monkeypatch.setattr("tools.run.UNDOING", 0.3)
    stubborn = install(tmp_path / "bin", "helm", Replay(stubborn=True))
    found = run_planned(command(), box, permit(command()), timeout=1.0)
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.TIMEOUT
    end = time.monotonic() + 5  # the kernel takes a moment from the signal to the end
    while any(map(_lives, stubborn.calls()[0][3:])) and time.monotonic() < end:
        time.sleep(0.01)
    assert not any(map(_lives, stubborn.calls()[0][3:]))


def _lives(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    except OSError:
        return False


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ("taken = [bytearray(64 << 20) for _ in range(64)]", "helm needed more than 1024 MB"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
    ],
    ids=["our limit", "the kernel"],
)
def test_a_helm_that_takes_too_much_memory_is_a_failure_at_once(
    box: Sandbox, tmp_path: Path, ends: str, said: str
) -> None:
    """A chart that blows up would take the machine along, or be waited for until its time is up."""
    program = install(tmp_path / "bin", "helm", Replay()).path
    program.write_text(f"#!{sys.executable} -IS\n{ends}\n")
    began = time.monotonic()
    found = run_planned(command(), box, permit(command()), timeout=60.0)
    assert isinstance(found, Failure), found
    assert (found.kind, said in found.detail) == (FailureKind.KILLED, True), found
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("early", [True, False])
def test_asked_to_stop_it_stops_also_when_it_had_not_begun(box: Sandbox, tmp_path: Path, early: bool) -> None:
    """^C between the commit and helm's start must not be lost: a person was told that it stops."""
    slow = install(tmp_path / "bin", "helm", Replay(b"done\n", delay=30.0))
    running = Running()
    if early:
        running.interrupt()
    else:

        def strike() -> None:
            while not slow.calls():
                time.sleep(0.02)
            running.interrupt()

        threading.Thread(target=strike).start()
    found = run_planned(command(), box, permit(command()), timeout=20.0, running=running)
    assert isinstance(found, Failure)
    assert found.kind is not FailureKind.TIMEOUT


def test_what_it_shall_keep_it_inherits(box: Sandbox, tmp_path: Path) -> None:
    """The lock on a release lives as long as the helm that changes it."""
    program = tmp_path / "bin" / "helm"
    program.parent.mkdir(exist_ok=True)
    program.write_text("#!/bin/sh\nls -l /proc/self/fd\n")
    program.chmod(0o755)
    held = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    try:
        found = run_planned(command(), box, permit(command()), timeout=10.0, running=Running([held]))
        assert isinstance(found, Output)
        assert str(tmp_path / "lock") in found.stdout
        alone = run_planned(command(), box, permit(command()), timeout=10.0)
        assert isinstance(alone, Output)
        assert str(tmp_path / "lock") not in alone.stdout
    finally:
        os.close(held)


@pytest.fixture
def heeded() -> Iterator[None]:
    """Heed what whoever started the tests may have had ignored, as a shell does for its background."""
    asked = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, signal.default_int_handler) for number in asked}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("heeded")
def test_the_first_signal_is_passed_on_and_the_second_only_answered() -> None:
    """D18: helm is asked once; a second request would leave the release half changed."""
    passed: list[int] = []
    told: list[str] = []

    def passed_on() -> str:
        passed.append(1)
        return "stopping"

    before = signal.getsignal(signal.SIGTERM)
    with Interrupts(passed_on, told.append) as interrupts:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(os.getpid(), number)
        while len(told) < 3:
            time.sleep(0.01)
        assert (interrupts.count, len(passed)) == (3, 1)
    assert sorted(told)[-1] == "stopping"
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_nohup_ignores_stays_ignored() -> None:
    """Whoever started it so wants it to go on when the terminal is closed."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupts(lambda: "", lambda _: None) as interrupts:
            os.kill(os.getpid(), signal.SIGHUP)
            assert interrupts.count == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_each_helm_takes_back_by_its_own_flag() -> None:
    """B13."""
    assert "--rollback-on-failure" in command("v4.3.1")
    assert "--atomic" in command("v3.18.4")
    for unknown in ("v5.0.0", "v2.17.0", "", "4.1.0"):
        assert isinstance(argv(UPGRADE, unknown, ""), Failure)
    words = command()
    assert not [word for word in words if word.startswith(("--set", "--force", "--reuse", "--install"))]
    assert rollback(UPGRADE, 7)[:4] == ("helm", "rollback", "web", "7")


def test_helm_gets_its_time_twice_and_once_more_for_each_hook() -> None:
    """Its rollback begins with the full time again; ended sooner, it would leave the release pending."""
    assert patience(300, 0) == 600 + MARGIN
    assert patience(300, 2) == 1800 + MARGIN


@pytest.mark.parametrize(
    "value",
    [
        "yes",
        "512Mi",
        "1e3",
        "0x1f",
        "1_000",
        "~",
        "",
        "a: b",
        "# x",
        "é",
        "\u202e",
        "12:30",
        True,
        None,
        1,
        1.5,
        [1, "a"],
    ],
)
def test_a_value_reads_back_as_what_it_was(value: object) -> None:
    """A text that looks like a number or a yes must stay a text to every reader."""
    assert yaml.safe_load(f"a: {flow(value)}")["a"] == value
    assert type(yaml.safe_load(f"a: {flow(value)}")["a"]) is type(value)


def test_a_failpoint_strikes_at_its_own_place_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of it may happen to anybody who has not asked for it."""
    monkeypatch.delenv(VARIABLE, raising=False)
    reached("here")
    reached("")
    monkeypatch.setenv(VARIABLE, "here:full")
    reached("there")
    with pytest.raises(OSError, match="No space"):
        reached("here")
