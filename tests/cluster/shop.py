"""A person with a release of their own: a checkout of our chart and blueprints, and what is installed of it."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

from tests.cluster.checkout import Checkout
from tests.cluster.plugin import Cluster

ROOT = Path(__file__).parents[2]
MEMORY = "memory: 512Mi                 # SVC-BE-MEM-LIMIT"


class Shop(Checkout):
    """A checkout with chart and blueprints, and the release made of it."""

    @property
    def values(self) -> Path:
        return self.repository / "charts" / "todo-app" / "values.yaml"

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

    def until(self, said: str, *words: str) -> None:
        """Run kubectl until it prints that: half a minute at most."""
        for _ in range(60):
            if said in self.kubectl(*words):
                return
            time.sleep(0.5)
        raise AssertionError(f"{' '.join(words)} never said {said}")

    def planned(self, *what: str) -> dict[str, Any]:
        done = self.agent("plan", *what, "-n", self.namespace, "--wait=60", "-o", "json")
        assert done.returncode == 0, done.stderr + done.stdout
        found: dict[str, Any] = json.loads(done.stdout)
        return found

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
    made = Shop(cluster, namespace, repository, folder / "home")
    made.begin()
    made.commit("charts/todo-app/values.yaml", MEMORY, MEMORY.replace("512Mi", "384Mi"))
    return made
