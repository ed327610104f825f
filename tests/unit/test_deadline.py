"""`--timeout` holds for the whole command: who waits for a cluster at 3 a.m. must not wait for whoever drips."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fakes.drips import DRIPS, Drip, dripping
from tests.fakes.executables import Replay, install
from tools.access import Access
from tools.cluster import Reader, connect
from tools.deadline import Deadline
from tools.failure import Failure, FailureKind
from tools.metrics import query
from tools.run import run
from tools.sandbox import sandbox

SECONDS = 1.0
SLACK = 1.0
"""Beyond the deadline: the start of a thread, and of the next request that is refused."""


def to(drip: Drip, port: int) -> Access:
    """Return the way to such a server, or to another one through it."""
    here = f"127.0.0.1:{port}"
    if drip.proxy:
        return Access("fake", "https://prod.example:6443", "default", proxy=f"http://{here}", verify=False)
    return Access("fake", f"{drip.scheme}://{here}", "default", verify=False)


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # a thread that is left behind closes nothing
@pytest.mark.parametrize("name", DRIPS)
def test_whatever_drips_costs_no_more_than_the_deadline(name: str) -> None:
    with dripping(DRIPS[name]) as port:
        began = time.monotonic()
        reader = connect(to(DRIPS[name], port), Deadline.after(SECONDS))
        assert isinstance(reader, Reader)
        found = reader.json("/version")
        again = reader.json("/version")
        took = time.monotonic() - began
        reader.close()
    assert isinstance(found, Failure)
    assert isinstance(again, Failure)
    assert took < SECONDS + SLACK


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("name", [name for name, drip in DRIPS.items() if not drip.proxy])
def test_a_prometheus_that_drips_has_no_longer_than_the_command(name: str) -> None:
    with dripping(DRIPS[name]) as port:
        began = time.monotonic()
        found = query(f"{DRIPS[name].scheme}://127.0.0.1:{port}", "up", Deadline.after(SECONDS))
        took = time.monotonic() - began
    assert isinstance(found, Failure)
    assert took < SECONDS + SLACK


COMMANDS = (["diagnose", "-n", "shop"], ["audit", "-n", "shop", "--profile=dev"], ["doctor"])


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
@pytest.mark.parametrize("name", ["headers", "continue", "tls"])
def test_a_whole_command_ends_in_time(tmp_path: Path, command: list[str], name: str) -> None:
    """Its helm and its credential plugin hang as well."""
    for program in ("helm", "kubectl"):
        install(tmp_path / "bin", program, Replay(stubborn=True))
    with dripping(DRIPS[name]) as port:
        config = kubeconfig(tmp_path, f"{DRIPS[name].scheme}://127.0.0.1:{port}")
        took, code = timed([*command, f"--kubeconfig={config}", "--timeout=3"], tmp_path)
    assert code == 3
    assert took < 6


def test_a_credential_plugin_has_no_longer_than_the_command(tmp_path: Path) -> None:
    plugin = install(tmp_path / "bin", "get-token", Replay(stubborn=True))
    config = kubeconfig(tmp_path, "https://127.0.0.1:1", plugin.path)
    took, code = timed(["diagnose", f"--kubeconfig={config}", "--timeout=2"], tmp_path)
    assert code == 3
    assert took < 4


def kubeconfig(folder: Path, server: str, plugin: Path | None = None) -> Path:
    version = "client.authentication.k8s.io/v1"
    user = {"exec": {"apiVersion": version, "command": str(plugin)}} if plugin else {"token": "t"}
    cluster = {"server": server, "insecure-skip-tls-verify": server.startswith("https")}
    document = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "c", "user": user}],
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(document), encoding="utf-8")
    path.chmod(0o600)
    return path


MAIN = (sys.executable, "-c", "import sys; from agent.cli import main; sys.exit(main())")


def timed(words: list[str], folder: Path) -> tuple[float, int]:
    """Return how long a command took and how it ended, having made sure that it was foreseen."""
    env = os.environ | {"BLUEHELM_PATH": str(folder / "bin"), "PYTHONPATH": str(Path(__file__).parents[2])}
    began = time.monotonic()
    done = subprocess.run([*MAIN, *words], env=env, cwd=folder, capture_output=True, text=True, timeout=60)
    assert "unforeseen" not in done.stderr
    return time.monotonic() - began, done.returncode


def test_what_begins_after_the_deadline_does_not_begin(tmp_path: Path) -> None:
    program = install(tmp_path / "bin", "helm", Replay(b"v4\n"))
    with sandbox(path=str(tmp_path / "bin"), deadline=Deadline.after(0)) as box:
        found = run(["helm", "version", "--short"], box)
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.TIMEOUT
    assert program.calls() == []


def test_a_process_has_its_own_time_or_what_is_left_of_the_commands(tmp_path: Path) -> None:
    install(tmp_path / "bin", "helm", Replay(b"v4\n", stubborn=True))
    began = time.monotonic()
    with sandbox(path=str(tmp_path / "bin"), deadline=Deadline.after(1)) as box:
        found = run(["helm", "version", "--short"], box)
    assert isinstance(found, Failure)
    assert time.monotonic() - began < 3


def test_what_work_raises_is_raised_where_it_is_waited_for() -> None:
    with pytest.raises(ZeroDivisionError):
        Deadline.after(5).wait(lambda: 1 // 0)
    assert Deadline.after(5).wait(lambda: 7) == 7
    with pytest.raises(TimeoutError):
        Deadline.after(0.05).wait(lambda: time.sleep(0.3))
