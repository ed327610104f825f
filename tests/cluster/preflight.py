"""Whether this machine can run the test bed, and in which state it is."""

import contextlib
import os
import platform
import shutil
import socket
import subprocess
from pathlib import Path

from tests.cluster.binaries import missing
from tests.cluster.layout import PORTS, run_dir
from tests.cluster.processes import words
from tests.cluster.trouble import Trouble

TOOLS = {
    "iptables": "iptables",
    "ip": "iproute2",
    "openssl": "openssl",
    "conntrack": "conntrack",
    "mount": "mount",
    "dpkg-deb": "dpkg",
}
"""Program -> the Debian package that has it."""

TO_COMPILE = {"gcc": "gcc", "pkg-config": "pkg-config"}
SECCOMP = Path("/usr/include/seccomp.h")

NEEDED_BYTES = 2 << 30

NODE_AGENTS = {"kubelet", "kubelite", "k3s", "k3s-server", "k3s-agent", "k0s", "rke2"}
"""Programs that make a machine a Kubernetes node: their cgroups and iptables chains have the names of ours."""


def unable() -> str | None:
    """Return the one line that says why this machine can never run the local cluster, None when it can."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return f"the local cluster needs Linux on amd64, this is {platform.system()} on {platform.machine()}"
    if os.geteuid() != 0:
        return "the local cluster needs root: it starts containerd, makes a bridge and cgroups"
    return None


def machine() -> None:
    """Refuse, before anything is touched, a machine that cannot run the cluster or on which clearing would harm others.

    Raises:
        Trouble: wrong system, not root, somebody else's Kubernetes node, a run folder that is not ours.
    """
    reason = unable() or _foreign_folder() or _foreign_node()
    if reason:
        raise Trouble(reason)


def room() -> None:
    """Refuse, in one line, a machine on which starting would fail half way."""
    disk()
    ports()


def _foreign_folder() -> str | None:
    """Clearing removes the run folder whole: one that was never a cluster's is not ours to remove."""
    folder = run_dir()
    if not folder.is_dir() or (folder / "pki").is_dir() or not any(folder.iterdir()):
        return None
    return f"{folder} is not empty and holds no cluster of ours; name another folder in BLUEHELM_CLUSTER_RUN"


def _foreign_node() -> str | None:
    """Clearing ends the pods of this machine: those of another Kubernetes in this network namespace are not ours."""
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and (entry / "comm").read_text().strip() in NODE_AGENTS and _foreign(entry):
                return f"process {entry.name} ({words(int(entry.name))[:60]}) is another Kubernetes node; stop it first"
    return None


def _foreign(entry: Path) -> bool:
    same_network = (entry / "ns/net").readlink() == Path("/proc/self/ns/net").readlink()
    return same_network and f"{run_dir()}/" not in words(int(entry.name))


def tools() -> None:
    """Install the Debian packages that are missing.

    Raises:
        Trouble: they cannot be had.
    """
    wanted = dict(TOOLS) | (TO_COMPILE if missing() else {})
    packages = [package for name, package in wanted.items() if shutil.which(name) is None]
    if missing() and not SECCOMP.exists():
        packages.append("libseccomp-dev")
    if packages:
        _install(packages)


def install_missing(programs: dict[str, str]) -> None:
    """Install the Debian packages of the programs that are missing, none of their services started.

    Raises:
        Trouble: they cannot be had.
    """
    places = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
    packages = sorted({package for name, package in programs.items() if shutil.which(name, path=places) is None})
    if packages:
        _install(packages)


def _install(packages: list[str]) -> None:
    if shutil.which("apt-get") is None:
        raise Trouble(f"missing: {', '.join(packages)}; install them, this is no Debian")
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    subprocess.run(["apt-get", "update", "-qq"], env=env, capture_output=True)
    done = subprocess.run(["apt-get", "install", "-y", "-qq", *packages], env=env, capture_output=True, text=True)
    if done.returncode:
        raise Trouble(f"apt-get install {' '.join(packages)} failed: {done.stderr.strip()[-200:]}")


def disk() -> None:
    """Refuse a disk that a cluster would fill."""
    free = shutil.disk_usage(_existing(run_dir())).free
    if free < NEEDED_BYTES:
        raise Trouble(f"disk full: {run_dir()} has {free >> 20} MiB free, a cluster needs {NEEDED_BYTES >> 20} MiB")


def ports() -> None:
    """Refuse a machine on which somebody has a port we need, naming who."""
    for name, port in PORTS.items():
        if _taken(port):
            raise Trouble(f"port {port}, which {name} needs, is taken by {holder(port)}; stop that first")


def _taken(port: int) -> bool:
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return True
    return False


def holder(port: int) -> str:
    """Return who listens on a port, as `process 123 (nginx)`, as far as this user may know."""
    inodes = _listening_inodes(port)
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and any(str(link.readlink()) in inodes for link in (entry / "fd").iterdir()):
                return f"process {entry.name} ({(entry / 'comm').read_text().strip()})"
    return "another process"


def _listening_inodes(port: int) -> set[str]:
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                found.add(f"socket:[{fields[9]}]")
    return found


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)
