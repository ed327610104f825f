"""What a cluster leaves on the machine, also a killed one: found, and taken away."""

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
from pathlib import Path

from tests.cluster.layout import BRIDGE, run_dir
from tests.cluster.processes import ours, stop_all, wait_for
from tests.cluster.trouble import Trouble

CGROUPS = Path("/sys/fs/cgroup")
CHAINS = ("KUBE-", "CNI-")
"""iptables chains with these prefixes are kube-proxy's and the pod network's."""

FAMILIES = ("iptables", "ip6tables")
TABLES = ("nat", "filter", "mangle")


def leftovers() -> list[str]:
    """Return one line for everything of a cluster that is still on this machine; empty when it is gone."""
    found = [f"process {pid}: {words[:80]}" for pid, words in ours().items()]
    found += [f"container process {pid}" for pid in _container_pids()]
    found += [f"mount {path}" for path in mounts()]
    found += [f"link {name}" for name in _links()]
    found += [f"{family} chain {table}/{chain}" for family, table, chain in _chains()]
    found += [f"cgroup {path}" for path in _cgroups()]
    found += [f"network namespace {path.name}" for path in _namespaces()]
    found += [f"file {path}" for path in _files()]
    return found + ([f"folder {run_dir()}"] if run_dir().exists() else [])


def clean() -> None:
    """Take everything away; safe to call on a machine where nothing is left.

    Raises:
        Trouble: a process does not end, or a mount stays: what is mounted below the run folder is not ours to delete.
    """
    stop_all()
    _kill_containers()
    for point in reversed(mounts()):
        _run("umount", "--lazy", point)
    _drop_network()
    for path in _cgroups():
        with contextlib.suppress(OSError):
            path.rmdir()
    for path in _namespaces():
        _run("ip", "netns", "delete", path.name)
    for path in _files():
        path.unlink(missing_ok=True)
    if mounts():
        raise Trouble(f"cannot unmount {mounts()[0]}; {run_dir()} is left as it is")
    shutil.rmtree(run_dir(), ignore_errors=True)


def mounts() -> list[str]:
    """Return the mount points below the run folder, parents first."""
    return mounted(run_dir())


def mounted(folder: Path) -> list[str]:
    """Return the mount points at and below a folder, parents first: dockerd mounts its data on itself."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    points = [line.split(" ")[1].replace("\\040", " ") for line in lines]
    return sorted(point for point in points if f"{point}/".startswith(f"{folder}/"))


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
    shown = _run("ip", "-o", "link", "show")
    names = {line.split(": ")[1].split("@")[0]: line for line in shown.splitlines()}
    return [name for name, line in names.items() if name == BRIDGE or f"master {BRIDGE}" in line]


def _namespaces() -> list[Path]:
    """Return the network namespaces containerd made for pods (it names them cni-UUID)."""
    folder = Path("/var/run/netns")
    return sorted(folder.glob("cni-*")) if folder.is_dir() else []


def _files() -> list[Path]:
    """Return what kubelet and the pod network write outside the run folder, wherever that is."""
    results = Path("/var/lib/cni/results")
    ours = [path for path in results.glob("bluehelm-*") if path.is_file()]
    loopbacks = [results / f"cni-loopback-{path.name.split('-')[1]}-lo" for path in ours]
    logs = [path for path in Path("/var/log/containers").glob("*.log") if path.is_symlink()]
    linked = [path for path in logs if path.readlink().is_relative_to(run_dir())]
    return [*ours, *(path for path in loopbacks if path.exists()), *linked]


def _chains() -> list[tuple[str, str, str]]:
    """Return the family, table and name of every chain of ours; kube-proxy makes both families' where it can."""
    found = []
    for family, table in itertools.product(FAMILIES, TABLES):
        listed = _run(family, "-w", "-t", table, "-S")
        names = [line.split()[1] for line in listed.splitlines() if line.startswith("-N ")]
        found += [(family, table, name) for name in names if name.startswith(CHAINS)]
    return found


def _drop_network() -> None:
    for name in sorted(_links(), key=lambda name: name == BRIDGE):
        _run("ip", "link", "delete", name)
    for family, table in sorted({(family, table) for family, table, _ in _chains()}):
        _drop_rules(family, table)


def _drop_rules(family: str, table: str) -> None:
    """Remove the rules that mention our chains, then the chains, in one restore: kube-proxy makes hundreds."""
    saved = _run(f"{family}-save", "-t", table)
    kept = [line for line in saved.splitlines() if not any(prefix in line for prefix in CHAINS)]
    restore = "\n".join(line for line in kept if not line.startswith("#")) + "\n"
    _run(f"{family}-restore", "-w", "-T", table, stdin=restore)


def _run(*argv: str, stdin: str | None = None) -> str:
    """Return what a program prints; nothing where it fails or is not installed, as then it made nothing either."""
    if shutil.which(argv[0]) is None:
        return ""
    return subprocess.run(argv, input=stdin, capture_output=True, text=True).stdout
