"""The image of the repository's Dockerfile, built by a real engine: its bases are made from files, not pulled."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.cluster import images
from tests.cluster.binaries import program
from tests.cluster.engine import Engine, engine
from tests.cluster.images import Image
from tests.cluster.layout import cache_dir
from tests.cluster.trouble import Trouble

ROOT = Path(__file__).parents[2]
NAME = "docker.io/library/bluehelm:test"
CONTEXT = ("agent", "tools", "prompts", "charts", "blueprints", "locks", "pyproject.toml", "README.md", "Dockerfile")
TRUSTED = ("PIP_CERT=/etc/ssl/certs/ca-certificates.crt",)


def load() -> str:
    """Build the image when anything in it changed, have the cluster take it, and return its name."""
    images.take(_archive())
    return NAME


def _archive() -> Path:
    path = cache_dir() / "images" / f"bluehelm-{_digest()}.tar"
    if not path.exists():
        print(f"building {NAME}", file=sys.stderr, flush=True)
        for older in path.parent.glob("bluehelm-*.tar"):
            older.unlink()
        part = path.with_suffix(".part")
        with engine() as found:
            _build(found, part)
        part.replace(path)
    return path


def _build(found: Engine, target: Path) -> None:
    """Build with the machine's own network, which is all that stands between pip and the locked wheels."""
    for base in _bases():
        found.docker("load", "--quiet", f"--input={images.made(base)}")
    argv = ["docker", f"--host={found.host}", "build", "--network=host", f"--tag={NAME}", str(ROOT)]
    done = subprocess.run(argv, capture_output=True, text=True, env=os.environ | {"DOCKER_BUILDKIT": "0"})
    if done.returncode:
        raise Trouble(f"docker build failed: {(done.stdout + done.stderr).strip()[-600:]}")
    found.docker("save", f"--output={target}", NAME)


def _bases() -> tuple[Image, ...]:
    """Return the images the Dockerfile starts from, under the names it gives them."""
    names = dict(re.findall(r"^ARG (\w+)=(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    return (
        Image(names["PYTHON"], ("python3",), root="build", env=TRUSTED),
        Image(names["KUBECTL"], ("/bin/kubectl",), {"bin/kubectl": program("kubectl")}),
        Image(names["HELM"], ("/usr/bin/helm",), {"usr/bin/helm": program("helm")}),
    )


def _digest() -> str:
    """Return what the image is made of, by content."""
    found = hashlib.sha256()
    for name in CONTEXT:
        for path in sorted([ROOT / name, *(ROOT / name).rglob("*")]):
            if path.is_file() and "__pycache__" not in path.parts:
                found.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return found.hexdigest()[:12]
