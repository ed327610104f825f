"""What a cluster leaves on the machine, also a killed one: found, and taken away."""

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

from tests.cluster.layout import BRIDGE, run_dir
from tests.cluster.processes import ours, stop_all, wait_for

CGROUPS = Path("/sys/fs/cgroup")
CHAINS = ("KUBE-", "CNI-")
"""iptables chains with these prefixes are kube-proxy's and the pod network's."""


def leftovers() -> list[str]:
    """Return one line for everything of a cluster that is still on this machine; empty when it is gone."""
    found = [f"process {pid}: {words[:80]}" for pid, words in ours().items()]
    found += [f"container process {pid}" for pid in _container_pids()]
    found += [f"mount {path}" for path in mounts()]
    found += [f"link {name}" for name in _links()]
    found += [f"iptables chain {table}/{chain}" for table, chain in _chains()]
    found += [f"cgroup {path}" for path in _cgroups()]
    found += [f"network namespace {path.name}" for path in _namespaces()]
    return found + ([f"folder {run_dir()}"] if run_dir().exists() else [])


def clean() -> None:
    """Take everything away; safe to call on a machine where nothing is left."""
    stop_all()
    _kill_containers()
    for point in reversed(mounts()):
        subprocess.run(["umount", "--lazy", point], capture_output=True)
    _drop_network()
    for path in _cgroups():
        with contextlib.suppress(OSError):
            path.rmdir()
    for path in _namespaces():
        subprocess.run(["ip", "netns", "delete", path.name], capture_output=True)
    shutil.rmtree(run_dir(), ignore_errors=True)


def mounts() -> list[str]:
    """Return the mount points below the run folder, parents first."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    points = [line.split(" ")[1].replace("\\040", " ") for line in lines]
    return sorted(point for point in points if point.startswith(f"{run_dir()}/"))


def _kill_containers() -> None:
    """End the processes inside pods: a killed shim leaves them to init."""
    for pid in _container_pids():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_for("the end of the pods' processes", lambda: not _container_pids(), 10)


def _container_pids() -> list[int]:
    found: set[int] = set()
    for path in _cgroups():
        with contextlib.suppress(OSError):
            found.update(map(int, (path / "cgroup.procs").read_text().split()))
    return sorted(found)


def _cgroups() -> list[Path]:
    """Return the pods' cgroups of every hierarchy, deepest first."""
    roots = [*CGROUPS.glob("kubepods"), *CGROUPS.glob("*/kubepods"), *CGROUPS.glob("*/k8s.io"), *CGROUPS.glob("k8s.io")]
    found = [Path(folder) for root in roots for folder, _, _ in os.walk(root)]
    return sorted(found, key=lambda path: len(path.parts), reverse=True)


def _links() -> list[str]:
    """Return the pods' bridge and the host ends of their cables."""
    shown = subprocess.run(["ip", "-o", "link", "show"], capture_output=True, text=True).stdout
    names = {line.split(": ")[1].split("@")[0]: line for line in shown.splitlines()}
    return [name for name, line in names.items() if name == BRIDGE or f"master {BRIDGE}" in line]


def _namespaces() -> list[Path]:
    """Return the network namespaces containerd made for pods (it names them cni-UUID)."""
    folder = Path("/var/run/netns")
    return sorted(folder.glob("cni-*")) if folder.is_dir() else []


def _chains() -> list[tuple[str, str]]:
    found = []
    for table in ("nat", "filter", "mangle"):
        listed = subprocess.run(["iptables", "-w", "-t", table, "-S"], capture_output=True, text=True).stdout
        names = [line.split()[1] for line in listed.splitlines() if line.startswith("-N ")]
        found += [(table, name) for name in names if name.startswith(CHAINS)]
    return found


def _drop_network() -> None:
    for name in sorted(_links(), key=lambda name: name == BRIDGE):
        subprocess.run(["ip", "link", "delete", name], capture_output=True)
    for table in sorted({table for table, _ in _chains()}):
        _drop_rules(table)


def _drop_rules(table: str) -> None:
    """Remove the rules that mention our chains, then the chains, in one restore: kube-proxy makes hundreds."""
    saved = subprocess.run(["iptables-save", "-t", table], capture_output=True, text=True).stdout
    kept = [line for line in saved.splitlines() if not any(prefix in line for prefix in CHAINS)]
    restore = "\n".join(line for line in kept if not line.startswith("#")) + "\n"
    subprocess.run(["iptables-restore", "-w", "-T", table], input=restore, text=True, capture_output=True)
