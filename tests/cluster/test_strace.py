"""System calls of real containers, followed from their first instruction. Lost, a crash of a moment says nothing."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import preflight
from tests.cluster.engine import Engine, engine
from tests.cluster.images import BUSYBOX
from tests.robustness.terminal import Command, Shown

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).parents[2]

BRIEF = {
    "denied": (("--volume=/root:/data", "--user=1000"), "echo x > /data/app.db", "openat(/data/app.db) = EACCES"),
    "absent": ((), "cat /etc/app/app.yaml", "(/etc/app/app.yaml) = ENOENT"),
    "read-only": (("--read-only",), "echo x > /state.db", "openat(/state.db) = EROFS"),
    "refused": ((), "nc 127.0.0.1 5432 </dev/null", "connect(127.0.0.1:5432) = ECONNREFUSED"),
    "no-program": ((), "exec /usr/local/bin/serve", "execve(/usr/local/bin/serve) = ENOENT"),
    "no-right": (("--cap-drop=ALL",), "chown 5:5 /tmp", "(/tmp) = EPERM"),
}
"""Name -> flags, what its shell runs, and the call that fails. Each is over in well under a tenth of a second."""


@pytest.fixture(scope="module")
def running() -> Iterator[Engine]:
    reason = preflight.unable()
    if reason:
        pytest.skip(reason)
    with engine() as found:
        yield found


def environment(running: Engine, state: Path) -> dict[str, str]:
    return os.environ | {"DOCKER_HOST": running.host, "XDG_STATE_HOME": str(state), "TERM": "xterm", "NO_COLOR": "1"}


def asked(running: Engine, state: Path, name: str, answer: str = "yes", *more: str) -> Shown:
    argv = [sys.executable, "-m", "agent", "strace", name, *more]
    return Command(argv, environment(running, state), ROOT, answers=[answer]).run()


def state_of(running: Engine, name: str) -> dict[str, Any]:
    (found,) = json.loads(running.docker("inspect", name))
    assert isinstance(found, dict)
    return dict(found["State"])


def left_behind() -> str:
    return subprocess.run(["pgrep", "--full", "strace --attach"], capture_output=True, text=True).stdout


@pytest.mark.parametrize("name", BRIEF)
def test_a_crash_of_a_moment_is_told_by_its_failing_call(running: Engine, tmp_path: Path, name: str) -> None:
    flags, script, call = BRIEF[name]
    running.docker("run", "--detach", "--network=none", f"--name={name}", *flags, BUSYBOX, "sh", "-c", script)
    running.docker("wait", name)
    shown = asked(running, tmp_path, name)
    assert call in shown.text, shown.text
    assert shown.code == 1
    assert f"docker start {name}" in shown.text.partition("> ")[0]
    assert not left_behind()
    assert not state_of(running, name)["Running"]


def test_the_owner_of_what_it_may_not_open_is_named(running: Engine, tmp_path: Path) -> None:
    running.docker("run", "--detach", "--network=none", "--name=owned", "--volume=/root:/data", "--user=1000",
                   BUSYBOX, "sh", "-c", "echo x > /data/app.db")  # fmt: skip
    running.docker("wait", "owned")
    shown = asked(running, tmp_path, "owned")
    assert "as user 1000; its folder /data belongs to root" in " ".join(shown.text.split())
    (line,) = [json.loads(text) for text in (tmp_path / "bluehelm" / "ledger.jsonl").read_text("utf-8").splitlines()]
    assert (line["event"], line["detail"]["container"]) == ("approved", "owned")


def test_a_running_container_is_followed_and_left_as_it_was(running: Engine, tmp_path: Path) -> None:
    loop = "while true; do cat /nope.conf 2>/dev/null; sleep 0.2; done"
    running.docker("run", "--detach", "--network=none", "--name=alive", BUSYBOX, "sh", "-c", loop)
    before = state_of(running, "alive")
    shown = asked(running, tmp_path, "alive", "yes", "--seconds", "2")
    assert "(/nope.conf) = ENOENT" in shown.text
    assert "docker start" not in shown.text
    after = state_of(running, "alive")
    assert (after["Running"], after["StartedAt"]) == (True, before["StartedAt"])
    assert not left_behind()


def test_where_nobody_may_be_followed_a_copy_is(running: Engine, tmp_path: Path) -> None:
    """Its mounts are read-only and it has no ports: whatever it does, it does to itself, and then it is gone."""
    running.docker("run", "--detach", "--network=none", "--name=copied", "--env=MODE=strict", "--publish=19090:80",
                   BUSYBOX, "sh", "-c", 'cat "/etc/$MODE.yaml"; exit 3')  # fmt: skip
    running.docker("wait", "copied")
    before = state_of(running, "copied")
    shown = asked(running, tmp_path, "copied", "yes", "--copy")
    assert "(/etc/strict.yaml) = ENOENT" in " ".join(shown.text.split()), shown.text
    assert "exit code 3" in shown.text
    assert state_of(running, "copied") == before
    assert "bluehelm" not in running.docker("ps", "--all", "--format={{.Names}}")


def test_without_a_yes_nothing_runs(running: Engine, tmp_path: Path) -> None:
    running.docker("run", "--detach", "--network=none", "--name=quiet", BUSYBOX, "false")
    running.docker("wait", "quiet")
    before = state_of(running, "quiet")
    for answer in ("no", "y", ""):
        assert asked(running, tmp_path, "quiet", answer).code == 5
    argv = [sys.executable, "-m", "agent", "strace", "quiet"]
    done = subprocess.run(argv, capture_output=True, text=True, env=environment(running, tmp_path), cwd=ROOT,
                          stdin=subprocess.DEVNULL)  # fmt: skip
    assert done.returncode == 5
    assert "no terminal" in done.stderr
    assert state_of(running, "quiet") == before


def test_ctrl_c_leaves_nothing_behind(running: Engine, tmp_path: Path) -> None:
    running.docker("run", "--detach", "--network=none", "--name=cut", BUSYBOX, "sleep", "600")
    before = state_of(running, "cut")
    argv = [sys.executable, "-m", "agent", "strace", "cut", "--seconds", "30"]

    def cut() -> None:
        end = time.monotonic() + 20
        while not (left_behind() and own()) and time.monotonic() < end:
            time.sleep(0.1)
        os.kill(own()[0], signal.SIGINT)

    def own() -> list[int]:
        found = subprocess.run(["pgrep", "--full", "agent strace cut"], capture_output=True, text=True)
        return [int(pid) for pid in found.stdout.split()]

    thread = threading.Thread(target=cut)
    thread.start()
    shown = Command(argv, environment(running, tmp_path), ROOT, answers=["yes"]).run()
    thread.join()
    assert shown.code == 130, shown.text
    assert shown.seconds < 25
    assert not left_behind()
    assert state_of(running, "cut")["StartedAt"] == before["StartedAt"]


def test_an_engine_elsewhere_is_refused_with_the_reason(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "agent", "strace", "web"],
        capture_output=True, text=True, env=environment(Engine("unix:///nonexistent.sock"), tmp_path), cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
