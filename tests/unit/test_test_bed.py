"""`make cluster-up` refuses in one line and recovers: someone at a new machine reads what to do, not a traceback."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
from collections import namedtuple
from pathlib import Path

import pytest

from tests.cluster import binaries, cleanup, layout, lifecycle, preflight, processes
from tests.cluster.trouble import Trouble


def test_a_taken_port_is_named_with_who_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        monkeypatch.setitem(layout.PORTS, "etcd", port)
        with pytest.raises(Trouble, match=rf"port {port}, which etcd needs, is taken by process \d+ \("):
            preflight.ports()


def test_a_full_disk_is_refused_with_the_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLUEHELM_CLUSTER_RUN", str(tmp_path / "run"))
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10 << 30, 10 << 30, 3 << 20))
    with pytest.raises(Trouble, match=r"disk full: .* has 3 MiB free, a cluster needs 2048 MiB"):
        preflight.disk()


def test_an_interrupted_build_is_not_taken_for_a_whole_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLUEHELM_CLUSTER_CACHE", str(tmp_path))
    target = binaries.program("pause")
    target.parent.mkdir(parents=True)
    target.with_name(".pause.123").write_bytes(b"half")
    assert "pause" in [name for _, name in binaries.missing()]


def test_a_lock_file_whose_holder_died_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "lock"
    lock.write_text("pid 999999")
    monkeypatch.setattr(lifecycle, "LOCK", lock)
    with lifecycle.alone(), lock.open() as second, pytest.raises(BlockingIOError):
        fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_daemon_that_dies_while_starting_says_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLUEHELM_CLUSTER_RUN", str(tmp_path))
    processes.start("etcd", ["/bin/sh", "-c", f"echo 'no space for {tmp_path}'; exit 1"])
    with pytest.raises(Trouble, match="etcd died while starting: no space for"):
        processes.wait_for("etcd", lambda: False, 10, "etcd")


def test_a_daemon_somebody_else_ended_starts_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forgotten unwaited, it would be a zombie and fail whichever test runs when it is collected."""
    monkeypatch.setenv("BLUEHELM_CLUSTER_RUN", str(tmp_path))
    processes.start("kwok", ["/bin/sleep", "60"])
    first = int((tmp_path / "pid" / "kwok").read_text())
    os.kill(first, signal.SIGKILL)
    processes.start("kwok", ["/bin/sleep", "0"])
    assert not Path(f"/proc/{first}").exists()


def test_a_pid_file_of_a_dead_daemon_is_not_a_running_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLUEHELM_CLUSTER_RUN", str(tmp_path))
    (tmp_path / "pid").mkdir()
    (tmp_path / "pid" / "etcd").write_text("1")
    assert processes.pid("etcd") is None


def test_a_run_folder_that_was_never_a_clusters_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`down` removes the run folder whole: a typing error in its name must not cost somebody's files."""
    (tmp_path / "thesis.txt").write_text("three years")
    monkeypatch.setenv("BLUEHELM_CLUSTER_RUN", str(tmp_path))
    monkeypatch.setattr(preflight, "unable", lambda: None)
    for verb in (lifecycle.up, lifecycle.down):
        with pytest.raises(Trouble, match="is not empty and holds no cluster of ours"):
            verb()


def test_another_kubernetes_on_this_machine_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clearing ends pods and drops KUBE- chains: those of a k3s that happens to run here are not ours."""
    monkeypatch.setenv("BLUEHELM_CLUSTER_RUN", str(tmp_path / "run"))
    monkeypatch.setattr(preflight, "unable", lambda: None)
    agent = shutil.copy(shutil.which("sleep") or "sleep", tmp_path / "k3s-server")
    monkeypatch.setattr(preflight, "NODE_AGENTS", {"k3s-server"})
    monkeypatch.setattr(lifecycle, "alone", lambda: pytest.fail("it went on, and would start a cluster"))
    with subprocess.Popen([agent, "60"]) as other:
        try:
            processes.wait_for("its name", lambda: _comm(other.pid) == "k3s-server", 10)
            with pytest.raises(Trouble, match=rf"process {other.pid} \(.*\) is another Kubernetes node"):
                lifecycle.up()
        finally:
            other.kill()


def _comm(pid: int) -> str:
    """Return a process's name, which the kernel sets a moment after the parent goes on."""
    return Path(f"/proc/{pid}/comm").read_text().strip()


def test_a_shell_that_names_the_run_folder_is_not_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`KUBECONFIG=RUN/kubeconfig make test-cluster` in a shell: `down` must not kill the shell that called it."""
    monkeypatch.setenv("BLUEHELM_CLUSTER_RUN", str(tmp_path))
    with subprocess.Popen(["/bin/sh", "-c", f"sleep 60; echo {tmp_path}/kubeconfig"], process_group=0) as shell:
        try:
            assert shell.pid not in processes.ours()
        finally:
            os.killpg(shell.pid, 9)


def test_looking_for_leftovers_needs_no_program_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a new machine `up` looks for a killed cluster before it knows whether iptables is there."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not [line for line in cleanup.leftovers() if "chain" in line]
