"""Images without a registry: docker-archives made from files, imported into containerd and cached."""

import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.binaries import program
from tests.cluster.layout import cache_dir, containerd_socket, run_dir
from tests.cluster.parts import PAUSE
from tests.cluster.trouble import Trouble

BUSYBOX = "registry.local/busybox:1"
BACKEND = "docker.io/library/todo-backend:latest"
FRONTEND = "docker.io/library/todo-frontend:latest"
COREDNS = "registry.local/coredns:1"
METRICS_SERVER = "registry.local/metrics-server:1"

MAKING = ".making-"
"""Folders of images being made start with this; a killed run leaves them."""

SERVICES = Path(__file__).parent / "services"

FASTAPI = ("fastapi==0.165.0", "uvicorn==0.54.0")
"""What the backend's image is made of beside Python; wheels for the Python of Debian 12."""

APPLETS = (
    "sh cat cp date dd df du echo env false grep head hostname httpd id kill ls mkdir mv nc nslookup ping printf ps "
    "pwd rm sed seq sleep sort stat sync tail tar tee test timeout touch tr true uname vi wc wget which xargs yes"
).split()

PYTHON_PACKAGES = (
    "base-files libc6 libgcc-s1 zlib1g libexpat1 libssl3 libbz2-1.0 liblzma5 libffi8 libuuid1 libcrypt1 "
    "libpython3.11-minimal libpython3.11-stdlib python3.11-minimal busybox-static"
).split()
"""What a Python web service needs of Debian 12, and a shell to look around in its container."""

BUILD_PACKAGES = (*PYTHON_PACKAGES, *"python3.11 python3.11-venv python3-pip-whl python3-setuptools-whl".split())
"""What Python needs to make virtual environments and install into them."""

NODE_PACKAGES = "base-files libc6 libgcc-s1 libstdc++6 busybox-static".split()
"""What the one file that is Node 20 needs beside itself."""


@dataclass(frozen=True, slots=True)
class Image:
    """One image: its name, what fills its root, and how it starts."""

    name: str
    command: tuple[str, ...]
    files: dict[str, Path] = field(default_factory=dict)
    """Path inside -> file outside; executable."""
    root: str = ""
    """`busybox`, `python`, `build` or `node` where it is more than files."""
    env: tuple[str, ...] = ()
    wheels: tuple[str, ...] = ()
    """Python requirements, installed below /app/site."""


def images() -> tuple[Image, ...]:
    """Return every image of the test bed."""
    backend = {"app/app.py": SERVICES / "backend" / "app.py"}
    frontend = {"app/server.js": SERVICES / "frontend" / "server.js", "usr/bin/node": _node()}
    python = ("/usr/bin/python3.11", "-u", "/app/app.py")
    return (
        Image(PAUSE, ("/pause",), {"pause": program("pause")}),
        Image(COREDNS, ("/coredns",), {"coredns": program("coredns")}),
        Image(METRICS_SERVER, ("/metrics-server",), {"metrics-server": program("metrics-server")}),
        Image(BUSYBOX, ("sh",), root="busybox"),
        Image(BACKEND, python, backend, "python", ("PORT=8000", "PYTHONPATH=/app/site"), FASTAPI),
        Image(FRONTEND, ("/usr/bin/node", "/app/server.js"), frontend, "node", ("PORT=3000",)),
    )


def _node() -> Path:
    found = shutil.which("node")
    if found is None:
        raise Trouble("no Node: the frontend's image holds the machine's own Node 20; install nodejs")
    return Path(found).resolve()


def ready() -> bool:
    """Return whether containerd answers."""
    argv = [str(program("ctr")), f"--address={containerd_socket()}", "--namespace=k8s.io", "images", "list", "-q"]
    return subprocess.run(argv, capture_output=True).returncode == 0


def load() -> None:
    """Make what is not cached and import what containerd does not have; the cluster's lock is held."""
    for stale in (cache_dir() / "images").glob(f"{MAKING}*"):
        shutil.rmtree(stale)
    have = _ctr("images", "list", "-q").split()
    for image in images():
        archive = made(image)
        if image.name not in have or not _is_loaded(archive):
            take(archive)
            _mark(archive)


def take(archive: Path) -> None:
    """Have the cluster's containerd take the images of a docker-archive."""
    _ctr("images", "import", "--local", "--platform", "linux/amd64", str(archive))


def _loaded(archive: Path) -> Path:
    """Return the mark that says that containerd has this very archive: its name alone is the same for an older one."""
    return run_dir() / f".{archive.stem}.loaded"


def _is_loaded(archive: Path) -> bool:
    return _loaded(archive).exists()


def _mark(archive: Path) -> None:
    """Say that containerd has this archive, and no other one of that name: going back to an older one loads it."""
    for other in run_dir().glob(f".{archive.stem.rpartition('-')[0]}-*.loaded"):
        other.unlink()
    _loaded(archive).touch()


def archive(name: str) -> Path:
    """Return the docker-archive of the image of that name."""
    return made(next(image for image in images() if image.name == name))


def made(image: Image) -> Path:
    """Return the docker-archive of an image, made anew when anything in it changed."""
    path = cache_dir() / "images" / f"{image.name.split('/')[-1].replace(':', '-')}-{_digest(image)}.tar"
    if not path.exists():
        print(f"making image {image.name}", file=sys.stderr, flush=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=MAKING, dir=path.parent) as folder:
            part = Path(folder) / "image.tar"
            _write(image, _layer(image, Path(folder)), part)
            part.replace(path)
        for older in path.parent.glob(f"{path.name.rpartition('-')[0]}-*.tar"):
            if older != path:
                older.unlink()
    return path


def _digest(image: Image) -> str:
    """Return what an image is made of, by content: a fresh checkout must not make it anew."""
    parts = [image.name, repr(image.command), image.root, repr(image.env), repr(BUILD_PACKAGES), repr(APPLETS)]
    parts += [repr(NODE_PACKAGES), repr(image.wheels)]
    for inside, outside in image.files.items():
        with outside.open("rb") as content:
            parts.append(f"{inside}:{hashlib.file_digest(content, 'sha256').hexdigest()}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _write(image: Image, layer: Path, target: Path) -> None:
    digest = hashlib.sha256(layer.read_bytes()).hexdigest()
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Cmd": list(image.command), "Env": ["PATH=/usr/bin:/bin", *image.env]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [image.name], "Layers": ["layer.tar"]}]
    with tarfile.open(target, "w") as archive:
        for name, data in (("manifest.json", manifest), ("config.json", config)):
            content = json.dumps(data).encode()
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        archive.add(layer, "layer.tar")


def _layer(image: Image, folder: Path) -> Path:
    root = folder / "root"
    {"": _empty, "busybox": _busybox, "python": _python, "node": _node_root, "build": _build}[image.root](root)
    if image.wheels:
        _install(image.wheels, root / "app" / "site")
    for inside, outside in image.files.items():
        (root / inside).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(outside, root / inside)
        (root / inside).chmod(0o755)
    layer = folder / "layer.tar"
    with tarfile.open(layer, "w") as archive:
        archive.add(root, ".", filter=_owned_by_root)
    return layer


def _owned_by_root(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info


def _empty(root: Path) -> None:
    for name in ("tmp", "etc", "proc", "sys", "dev"):
        (root / name).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)


def _busybox(root: Path) -> None:
    _empty(root)
    unpack("busybox-static", root, "./bin/busybox")
    for applet in APPLETS:
        (root / "bin" / applet).symlink_to("busybox")


def _python(root: Path) -> None:
    _debian(root, PYTHON_PACKAGES)


def _build(root: Path) -> None:
    """Make what stands in for `python:3.11-slim`: Python with pip, and the authorities this machine trusts."""
    _debian(root, list(BUILD_PACKAGES))
    (root / "usr/bin/python3").symlink_to("python3.11")
    authorities = root / "etc/ssl/certs/ca-certificates.crt"
    authorities.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", authorities)


def _node_root(root: Path) -> None:
    _debian(root, NODE_PACKAGES)


def _install(wheels: tuple[str, ...], site: Path) -> None:
    """Install wheels for the image's Python, whatever Python this is; pip keeps what it fetched."""
    target = ("--python-version=3.11", "--platform=manylinux2014_x86_64", "--platform=manylinux_2_28_x86_64")
    argv = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--only-binary=:all:",
        *target,
        f"--target={site}",
        *wheels,
    ]
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode:
        raise Trouble(f"the backend's wheels cannot be had: {done.stderr.strip()[-300:]}")


def _debian(root: Path, packages: list[str]) -> None:
    """Unpack Debian's packages over merged /usr, as debootstrap would, without their 200 MB of company."""
    _empty(root)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    for package in packages:
        unpack(package, root)
    for applet in APPLETS:
        if not (root / "usr/bin" / applet).exists():
            (root / "usr/bin" / applet).symlink_to("busybox")


def unpack(package: str, root: Path, *members: str) -> None:
    """Unpack a Debian package below a folder, only these members where any are named."""
    command = ["tar", "--extract", "--keep-directory-symlink", "--no-same-owner", f"--directory={root}", *members]
    with _content(package).open("rb") as content:
        subprocess.run(command, stdin=content, check=True)


def _content(package: str) -> Path:
    """Return the files of one Debian package as a tar; fetched once, so that a change to an image needs no network."""
    path = cache_dir() / "debian" / f"{package}.tar"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as download:
            command = ["dpkg-deb", "--fsys-tarfile", str(_download(package, Path(download)))]
            part = path.with_suffix(".part")
            part.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
            part.replace(path)
    return path


def _download(package: str, folder: Path) -> Path:
    """Fetch one Debian package; when that fails, once more with new package lists: they may be old or absent."""
    if _apt("download", package, folder=folder):
        _apt("update", folder=folder)
        problem = _apt("download", package, folder=folder)
        if problem:
            raise Trouble(f"Debian's package {package} cannot be had: {problem}")
    return next(folder.glob("*.deb"))


def _apt(*args: str, folder: Path) -> str:
    """Return what went wrong in one line, nothing when it went well."""
    argv = ["apt-get", "-qq", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20", *args]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True)
    if done.returncode == 0:
        return ""
    errors = [line for line in done.stderr.splitlines() if line.startswith("E: ")]
    return next(iter(errors), f"apt-get exits with {done.returncode}")


def _ctr(*args: str) -> str:
    argv = [str(program("ctr")), f"--address={containerd_socket()}", "--namespace=k8s.io", *args]
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode:
        raise Trouble(f"ctr {' '.join(args[:2])} failed: {done.stderr.strip()[-300:]}")
    return done.stdout
