"""What a process gets to see of the world: an environment made from nothing, and an empty private folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.access import Access, write_kubeconfig
from tools.deadline import Deadline
from tools.private import PrivateFolder
from tools.programs import SYSTEM

_GIT = {
    "core.fsmonitor": "false",
    "core.hooksPath": "/dev/null",
    "core.attributesFile": "/dev/null",
    "core.excludesFile": "/dev/null",
    "mailmap.file": "/dev/null",
    "mailmap.blob": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
}

GIT_OFF = {"GIT_CONFIG_COUNT": str(len(_GIT))} | {
    name: text
    for number, (key, value) in enumerate(_GIT.items())
    for name, text in ((f"GIT_CONFIG_KEY_{number}", key), (f"GIT_CONFIG_VALUE_{number}", value))
}
"""What a checkout's own configuration may not choose: programs git would run, and files it would open.

Places it would reach are refused by GIT_ALLOW_PROTOCOL: a partial clone fetches an object that is missing by whatever
program its remote names, and `protocol.ext.allow` of its own configuration outranks any `protocol.allow` of ours.
"""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A private folder for processes: HOME, working folder, plugin folder, and a kubeconfig of one context."""

    folder: Path
    context: str = ""
    path: str = ""
    """Folders its programs are looked for in, "" for the usual ones (tools/programs.py)."""
    docker_host: str = ""
    minikube_home: str = ""
    deadline: Deadline | None = None
    """When the command it works for must have ended; None where only each process has its time."""
    git_config: str = "/dev/null"
    """The user's own git configuration, where commits are made: whose name they carry is said there."""
    kubeconfig: str = ""
    """The user's own kubeconfig, where minikube enters the cluster it starts; "" for the private one."""

    def folders(self, program: str) -> str:
        """Return where a program is looked for: the user's setting speaks of the clients, never of git."""
        return "" if program == "git" else self.path

    def environment(self) -> dict[str, str]:
        """Return all a process learns of the world."""
        said = {
            "PATH": SYSTEM,
            "HOME": str(self.folder / "home"),
            "KUBECONFIG": self.kubeconfig or str(self.folder / "kubeconfig"),
            "KUBERC": "off",
            "KUBECTL_KUBERC": "false",
            "HELM_PLUGINS": str(self.folder / "empty"),
            "HELM_CACHE_HOME": str(self.folder / "home" / "cache"),
            "HELM_CONFIG_HOME": str(self.folder / "home" / "config"),
            "HELM_DATA_HOME": str(self.folder / "home" / "data"),
            "DOCKER_CONFIG": str(self.folder / "empty"),
            "DOCKER_HOST": self.docker_host,
            "MINIKUBE_HOME": self.minikube_home,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": self.git_config,
            "GIT_WORK_TREE": str(self.folder / "empty"),  # no `.mailmap` and no `.gitattributes` of a work tree
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LITERAL_PATHSPECS": "1",
            "GIT_ALLOW_PROTOCOL": "none",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_PAGER": "cat",
            "GOMEMLIMIT": "300MiB",  # collect garbage rather than meet the limit of tools/process.py
            "LC_ALL": "C.UTF-8",
            "NO_COLOR": "1",
        }
        return {key: value for key, value in said.items() if value} | GIT_OFF


@contextmanager
def sandbox(
    access: Access | None = None,
    *,
    path: str = "",
    docker_host: str = "",
    minikube_home: str = "",
    deadline: Deadline | None = None,
    git_config: str = "/dev/null",
    kubeconfig: str = "",
) -> Iterator[Sandbox]:
    """Make a private folder, and remove it with everything in it afterwards."""
    with PrivateFolder() as folder:
        for name in ("home", "empty"):
            (folder / name).mkdir(mode=0o700)
        if access is not None:
            write_kubeconfig(access, folder / "kubeconfig")
        context = access.context if access else ""
        yield Sandbox(folder, context, path, docker_host, minikube_home, deadline, git_config, kubeconfig)
