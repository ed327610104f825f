"""The programs of a real Kubernetes, compiled from Go modules once and cached by version outside the checkout."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.layout import MODULES, cache_dir
from tests.cluster.trouble import Trouble

GO = "/usr/local/go/bin/go"
NEEDED_BYTES = 8 << 30
"""Compiling takes 3 GB of build cache, 1 GB of modules and 1.5 GB of binaries; the rest is room to link."""


@dataclass(frozen=True, slots=True)
class Module:
    """One go.mod below modules/ and the programs it builds."""

    name: str
    packages: dict[str, str]
    """Program name -> Go package."""
    env: dict[str, str] = field(default_factory=lambda: {"CGO_ENABLED": "0"})
    flags: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """Return the version go.mod pins for the module the first package belongs to."""
        text = _go_mod(self.name)
        package = next(iter(self.packages.values()))
        pinned = re.findall(r"^\s*(?:require )?(\S+) (v\S+)", text, re.MULTILINE)
        return next((version for path, version in pinned if (package + "/").startswith(path + "/")), "local")

    @property
    def folder(self) -> Path:
        """Return where its programs are cached."""
        return cache_dir() / "bin" / f"{self.name}-{self.version}"


K8S = "BLUEHELM_K8S"
"""The variable that chooses another Kubernetes than the newest: `v1.34`, a folder modules/kubernetes-1.34."""

KUBERNETES = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "kubectl",
)


def _kubernetes() -> str:
    """Return the folder of the Kubernetes that was chosen."""
    asked = os.environ.get(K8S, "").removeprefix("v")
    return f"kubernetes-{asked}" if asked and not _newest().startswith(asked) else "kubernetes"


def _newest() -> str:
    text = (MODULES / "kubernetes" / "go.mod").read_text()
    return str(re.findall(r"k8s\.io/kubernetes v(\S+)", text)[-1])


def versions() -> list[str]:
    """Return the Kubernetes versions that can be built: `1.36`, `1.34`."""
    older = (path.name.partition("-")[2] for path in MODULES.glob("kubernetes-*"))
    return [".".join(_newest().split(".")[:2]), *sorted(older, reverse=True)]


CONTAINERD = "github.com/containerd/containerd/v2/cmd"
CNI = "github.com/containernetworking/plugins/plugins"

MODULES_IN_ORDER = (
    Module("etcd", {"etcd": "go.etcd.io/etcd/server/v3"}),
    Module(_kubernetes(), {name: f"k8s.io/kubernetes/cmd/{name}" for name in KUBERNETES}),
    Module("containerd", {name: f"{CONTAINERD}/{name}" for name in ("containerd", "ctr", "containerd-shim-runc-v2")}),
    Module(
        "runc",
        {"runc": "github.com/opencontainers/runc"},
        env={"CGO_ENABLED": "1"},
        flags=("-tags", "seccomp"),
    ),
    Module(
        "cni",
        {
            "bridge": f"{CNI}/main/bridge",
            "loopback": f"{CNI}/main/loopback",
            "host-local": f"{CNI}/ipam/host-local",
            "portmap": f"{CNI}/meta/portmap",
        },
    ),
    Module("helm", {"helm": "helm.sh/helm/v4/cmd/helm"}),
    Module("coredns", {"coredns": "github.com/coredns/coredns"}),
    Module("metrics-server", {"metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server"}),
    Module("kwok", {"kwok": "sigs.k8s.io/kwok/cmd/kwok"}),
    Module("pause", {"pause": "bluehelm/tests/cluster/pause"}),
)


def _go_mod(module: str) -> str:
    path = MODULES / module / "go.mod"
    if not path.is_file():
        raise Trouble(f"no Kubernetes {module.partition('-')[2]} to build here; there are {', '.join(versions())}")
    return path.read_text()


def program(name: str) -> Path:
    """Return the path of one program, built or not."""
    return next(module.folder / name for module in MODULES_IN_ORDER if name in module.packages)


def kubernetes_version() -> str:
    """Return the Kubernetes version the modules pin."""
    return next(module.version for module in MODULES_IN_ORDER if module.name.startswith("kubernetes"))


def missing() -> list[tuple[Module, str]]:
    """Return what is not built yet, in the order it is needed."""
    return [(module, name) for module in MODULES_IN_ORDER for name in module.packages if not program(name).exists()]


def build() -> None:
    """Compile what is missing, saying so; a second process waits for the first and finds its work done."""
    if not missing():
        return
    _can_build()
    with _alone():
        todo = missing()
        began = time.monotonic()
        for done, (module, name) in enumerate(todo):
            _say(
                f"[{done + 1}/{len(todo)}] compiling {name} {module.version} ({time.monotonic() - began:.0f} s so far)"
            )
            _compile(module, name)


def _compile(module: Module, name: str) -> None:
    """Build one program under a temporary name: an interrupted build is never taken for a whole one."""
    module.folder.mkdir(parents=True, exist_ok=True)
    for stale in module.folder.glob(f".{name}.*"):
        stale.unlink()
    part = module.folder / f".{name}.{os.getpid()}"
    flags = ["-trimpath", "-ldflags", f"-s -w {_version_flags(module)}".strip(), *module.flags]
    argv = [go(), "build", *flags, "-o", str(part), module.packages[name]]
    done = subprocess.run(argv, cwd=MODULES / module.name, env=os.environ | module.env, capture_output=True, text=True)
    if done.returncode:
        part.unlink(missing_ok=True)
        raise Trouble(f"compiling {name} failed: {_last(done.stderr)}")
    part.replace(module.folder / name)


def _version_flags(module: Module) -> str:
    if not module.name.startswith("kubernetes"):
        return ""
    major, minor = module.version.lstrip("v").split(".")[:2]
    prefix = "-X k8s.io/component-base/version."
    return f"{prefix}gitVersion={module.version} {prefix}gitMajor={major} {prefix}gitMinor={minor}"


def _can_build() -> None:
    if not Path(go()).exists():
        raise Trouble("no Go toolchain: Go 1.26 or newer is needed once, to compile Kubernetes")
    cache_dir().mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(cache_dir()).free
    if free < NEEDED_BYTES:
        raise Trouble(f"disk full: {cache_dir()} has {free >> 20} MiB free, compiling needs {NEEDED_BYTES >> 20} MiB")


def go() -> str:
    """Return the Go tool: the one on PATH, or where its own installer puts it."""
    return shutil.which("go") or GO


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the build lock; it is a kernel lock, so it dies with its holder and is never stale."""
    with (cache_dir() / "build.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("another process is compiling; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _last(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "no output")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
