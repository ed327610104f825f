"""A person with a release of their own: a checkout of chart and blueprints, a state folder, a terminal to type at.

The terminal is a pseudo-terminal that types a word once the card asks for one.
"""

import json
import os
import pty
import select
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.plugin import Cluster

ROOT = Path(__file__).parents[2]
MEMORY = "memory: 512Mi                 # SVC-BE-MEM-LIMIT"
LONGEST = 180.0


@dataclass
class Shop:
    """A checkout with chart and blueprints, the release made of it, and a user with a state of their own."""

    cluster: Cluster
    namespace: str
    repository: Path
    home: Path

    @property
    def values(self) -> Path:
        return self.repository / "charts" / "todo-app" / "values.yaml"

    def git(self, *words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=self.repository, check=True, capture_output=True, text=True, env=self.env()
        ).stdout

    def commit(self, file: str, old: str, new: str) -> None:
        path = self.repository / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        self.git("commit", "-qam", f"{old} to {new}")

    def upgrade(self, *more: str, check: bool = True) -> str:
        """Run helm upgrade with the files as they are; return what helm said."""
        chart = str(self.repository / "charts" / "todo-app")
        wait = ("--wait", "--timeout=150s") if check else ()
        where = (f"--namespace={self.namespace}", f"--values={self.values}")
        return self.cluster.helm("upgrade", "--install", "todo", chart, *where, *wait, *more, check=check).stderr

    def kubectl(self, *words: str) -> str:
        """Run kubectl in the namespace; return what it printed."""
        return self.cluster.kubectl(*words, f"--namespace={self.namespace}").stdout

    def env(self, **more: str) -> dict[str, str]:
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("KUBE", "HELM", "BLUEHELM", "XDG"))
        }
        config = {
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "a@b",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "a@b",
        }
        own = {"HOME": str(self.home), "TERM": "xterm", "BLUEHELM_PROFILE": "dev", "BLUEHELM_TIMEOUT": "60"}
        folders = f"{self.cluster.helm_path.parent}:{self.cluster.kubectl_path.parent}"
        where = {"BLUEHELM_KUBECONFIG": str(self.cluster.kubeconfig), "BLUEHELM_CONTEXT": self.cluster.context}
        return kept | config | own | where | {"BLUEHELM_PATH": folders} | more

    def agent(self, *argv: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "agent", *argv]
        return subprocess.run(
            command,
            cwd=self.repository,
            env=self.env(**more),
            capture_output=True,
            text=True,
            timeout=LONGEST,
            stdin=subprocess.DEVNULL,
        )

    def planned(self, *what: str) -> dict[str, Any]:
        done = self.agent("plan", *what, "-n", self.namespace, "--wait=60", "-o", "json")
        assert done.returncode == 0, done.stderr + done.stdout
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def typed(self, word: str, *argv: str, **more: str) -> tuple[int, str]:
        """Run a command at a terminal, type a word when it asks and a reason after it; return its code and its text."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.repository)
            os.execve(sys.executable, [sys.executable, "-m", "agent", *argv], self.env(**more))
        shown, answers, began = b"", [word, "because"], time.monotonic()
        while time.monotonic() - began < LONGEST:
            if select.select([terminal], [], [], 0.2)[0]:
                try:
                    piece = os.read(terminal, 1 << 16)
                except OSError:  # the other side is closed
                    break
                shown += piece
            if answers and shown.endswith((b"> ", b"? ")):
                shown += b"\n"
                os.write(terminal, f"{answers.pop(0)}\n".encode())
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode(errors="replace")

    @property
    def kubeconfig(self) -> str:
        return str(self.cluster.kubeconfig)

    def limit(self) -> str:
        """Return the memory limit that is live."""
        return self.container("resources.limits.memory")

    def image(self) -> str:
        """Return the image that is live."""
        return self.container("image")

    def container(self, field: str) -> str:
        """Return a field of the backend's container that is live."""
        path = f"jsonpath={{.spec.template.spec.containers[0].{field}}}"
        return self.kubectl("get", "deployment/todo-backend", f"--output={path}")

    def helm(self, *words: str) -> str:
        """Run helm in the namespace; return what it printed."""
        return self.cluster.helm(*words, f"--namespace={self.namespace}").stdout

    def status(self) -> str:
        """Return the status of the release's newest revision, "" where there is none."""
        said = self.cluster.helm(
            "history", "todo", f"--namespace={self.namespace}", "--output=json", check=False
        ).stdout
        return str(json.loads(said)[-1]["status"]) if said else ""

    def ledger(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.agent("history", "-o", "json").stdout)["entries"]
        return found


def opened(cluster: Cluster, namespace: str, folder: Path) -> Shop:
    """Return a release whose memory limit is committed, applied, and not what its blueprint says."""
    made = founded(cluster, namespace, folder)
    made.upgrade()
    return made


def founded(cluster: Cluster, namespace: str, folder: Path) -> Shop:
    """Return a checkout whose memory limit is not what its blueprint says, nothing of it installed."""
    repository = folder / "repo"
    for name in ("charts", "blueprints"):
        shutil.copytree(ROOT / name, repository / name)
    home = folder / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = a@b\n")
    made = Shop(cluster, namespace, repository, home)
    made.git("init", "-q", ".")
    made.git("add", ".")
    made.git("commit", "-qm", "first")
    made.commit("charts/todo-app/values.yaml", MEMORY, MEMORY.replace("512Mi", "384Mi"))
    return made
