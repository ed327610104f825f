"""`up` and `down`: a real Kubernetes on this machine, whole or not at all."""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster import binaries, certs, cleanup, images, parts, preflight, simulated
from tests.cluster.client import kubectl
from tests.cluster.layout import DISPOSABLE, NODE, audit_log, kubeconfig, run_dir
from tests.cluster.processes import log_file, pid, wait_for, words
from tests.cluster.trouble import Trouble

DAEMONS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "containerd", "kubelet", "kube-proxy")
MANIFESTS = Path(__file__).parent / "manifests"
LOCK = Path("/run/lock/bluehelm-cluster.lock")


def up(kwok_nodes: int = 0) -> None:
    """Bring the cluster up, or leave it as it is when it is up already; images that changed since are loaded.

    Raises:
        Trouble: this machine cannot, and why; nothing is left half started.
    """
    preflight.machine()
    with alone():
        if is_up():
            images.load()
        else:
            preflight.tools()
            _recover()
            preflight.room()
            binaries.build()
            _start()
        if kwok_nodes:
            simulated.nodes(kwok_nodes)


def down() -> None:
    """Stop the cluster and take everything it made off this machine, whatever state it is in.

    Raises:
        Trouble: what would be taken away is not ours, or something cannot be.
    """
    preflight.machine()
    with alone():
        cleanup.clean()
        left = cleanup.leftovers()
    if left:
        raise Trouble(f"still there: {'; '.join(left[:5])}")


def is_up() -> bool:
    """Return whether every daemon runs, the node is ready and starting went to its end (the last thing it makes)."""
    if not all(pid(name) for name in DAEMONS) or not _keeps_audit_log() or not _node_ready():
        return False
    return kubectl("get", "configmap", DISPOSABLE, "--namespace=kube-system").returncode == 0


def _keeps_audit_log() -> bool:
    """Return whether the API server was started as it is now: one from before kept no log of who wrote what."""
    number = pid("kube-apiserver")
    return number is not None and f"--audit-log-path={audit_log()}" in words(number)


def status() -> str:
    """Return one line a daemon and one for the node."""
    lines = [f"{name:<24} {_state(name)}" for name in DAEMONS]
    return "\n".join([*lines, f"{'node':<24} {'Ready' if _node_ready() else 'not ready'}"])


def _state(name: str) -> str:
    number = pid(name)
    return f"running, pid {number}, log {log_file(name)}" if number else "stopped"


def _recover() -> None:
    """Clear what a killed or half-started cluster left, saying which."""
    left = cleanup.leftovers()
    if left:
        running = [name for name in DAEMONS if pid(name)]
        what = f"a half-started cluster ({', '.join(running)} run)" if running else "a killed cluster"
        _say(f"clearing what {what} left: {len(left)} things, among them {left[0]}")
        cleanup.clean()


def _start() -> None:
    try:
        _start_parts()
    except (Trouble, subprocess.SubprocessError, OSError) as error:
        _keep_logs()
        cleanup.clean()
        raise Trouble(f"starting failed, everything was cleared again: {error}") from error


def _start_parts() -> None:
    began = time.monotonic()
    run_dir().mkdir(parents=True, mode=0o755, exist_ok=True)
    certs.create()
    certs.write_kubeconfigs()
    parts.write_cni()
    parts.etcd()
    parts.containerd()
    parts.apiserver()
    wait_for("the API server's readiness", _api_ready, 60, "kube-apiserver")
    parts.controller_manager()
    parts.scheduler()
    parts.kube_proxy()
    _say("loading images")
    wait_for("containerd's socket", images.ready, 30, "containerd")
    images.load()
    parts.kubelet()
    wait_for("the node's readiness", _node_ready, 90, "kubelet")
    _addons()
    _say(f"Kubernetes {binaries.kubernetes_version()} is up after {time.monotonic() - began:.0f} s: {kubeconfig()}")


def _addons() -> None:
    _applied("coredns.yaml", "metrics-server.yaml")
    for name in ("coredns", "metrics-server"):
        argv = ("rollout", "status", f"deployment/{name}", "--namespace=kube-system", "--timeout=120s")
        kubectl(*argv, check=True)
    kubectl("create", "configmap", DISPOSABLE, "--namespace=kube-system", check=True)


def _applied(*names: str) -> None:
    for name in names:
        kubectl("apply", f"--filename={MANIFESTS / name}", check=True)


def _api_ready() -> bool:
    return kubectl("get", "--raw=/readyz").returncode == 0


def _node_ready() -> bool:
    if not (kubeconfig().exists() and binaries.program("kubectl").exists()):
        return False
    path = '{.status.conditions[?(@.type=="Ready")].status}'
    return kubectl("get", "node", NODE, f"--output=jsonpath={path}").stdout.strip() == "True"


def _keep_logs() -> None:
    """Copy the daemons' logs to where clearing does not reach, so that a failure can be read."""
    kept = Path("/tmp/bluehelm-cluster-logs")
    subprocess.run(["cp", "-rT", str(run_dir() / "log"), str(kept)], capture_output=True)
    _say(f"logs are kept in {kept}")


@contextmanager
def alone() -> Iterator[None]:
    """Hold the machine's one cluster; a kernel lock, so a killed holder leaves nothing stale."""
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            _say(f"another process is at the cluster ({lock.read().strip() or 'unknown'}); waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write(f"pid {os.getpid()}")
        lock.flush()
        yield


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
