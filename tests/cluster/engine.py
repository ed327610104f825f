"""A Docker engine of our own: Debian's dockerd with its own socket, data and containerd, whatever else runs here."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import cleanup, images, preflight
from tests.cluster.trouble import Trouble

DATA = Path("/var/lib/bluehelm-docker")
"""Everything the engine keeps; removed with it."""

PROGRAMS = {"dockerd": "docker.io", "docker": "docker.io"}


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine, and the client that may change it."""

    host: str
    """`unix:///…`"""

    def docker(self, *args: str, check: bool = True) -> str:
        """Run the docker client against it and return what it printed.

        Raises:
            Trouble: the client failed; says what it said.
        """
        argv = ["docker", f"--host={self.host}", *args]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=120)
        if check and done.returncode:
            raise Trouble(f"docker {' '.join(args[:2])} failed: {done.stderr.strip()[-300:]}")
        return done.stdout.strip()


@contextmanager
def engine(*, networks: bool = False) -> Iterator[Engine]:
    """Start an engine with the test bed's busybox in it, and take everything away again.

    With `networks` its containers have docker's own bridge, names and published ports, in a network namespace that is
    theirs alone: this machine's firewall and ports stay as they are.
    """
    _install()
    _clear()
    DATA.mkdir(mode=0o700)
    with tempfile.TemporaryDirectory(prefix="bluehelm-docker-") as run:
        process = _start(Path(run), networks=networks)
        try:
            found = Engine(f"unix://{run}/docker.sock")
            _wait(found, process)
            found.docker("load", "--quiet", f"--input={images.archive(images.BUSYBOX)}")
            yield found
        finally:
            _stop(process)
            _unmount(Path(run))
            _clear()


def _install() -> None:
    preflight.install_missing(PROGRAMS)


ALONE = ("unshare", "--net", "--", "sh", "-c", 'ip link set lo up; exec "$@"', "sh")
"""What starts a program in a network namespace of its own."""


def _start(run: Path, *, networks: bool) -> "subprocess.Popen[bytes]":
    """Start the daemon; without networks also without a bridge or firewall rules, since others' must stay."""
    argv = [
        *(ALONE if networks else ()),
        str(shutil.which("dockerd", path="/usr/sbin:/usr/bin:/usr/local/bin")),
        f"--host=unix://{run}/docker.sock",
        f"--data-root={DATA}",
        f"--exec-root={run}/exec",
        f"--pidfile={run}/pid",
        *(() if networks else ("--bridge=none", "--iptables=false")),
        "--exec-opt=native.cgroupdriver=cgroupfs",
    ]
    with (run / "log").open("wb") as log:
        return subprocess.Popen(
            argv, stdout=log, stderr=log, start_new_session=True, env=os.environ | {"TMPDIR": str(run)}
        )


def _wait(found: Engine, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 60
    while subprocess.run(["docker", f"--host={found.host}", "version"], capture_output=True).returncode:
        if process.poll() is not None or time.monotonic() > end:
            log = Path(found.host.removeprefix("unix://")).with_name("log").read_text(errors="replace").splitlines()
            raise Trouble(f"dockerd did not come up: {(log or ['nothing said'])[-1][:300]}")
        time.sleep(0.1)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


def _clear() -> None:
    """Remove what an engine left, mounts first: also one that was killed."""
    _unmount(DATA)
    shutil.rmtree(DATA, ignore_errors=True)


def _unmount(folder: Path) -> None:
    """Unmount what stands below a folder: a container on this machine's network leaves that mounted, too."""
    for place in reversed(cleanup.mounted(folder)):
        subprocess.run(["umount", "--lazy", place], capture_output=True)
