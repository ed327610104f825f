"""The same steps on a real cluster with the real helm.

The API goes down by a proxy in front of it; helm fails by a policy of the API server, which will not have the plan.
"""

import json
import select
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.plugin import Cluster
from tests.robustness.matrix import STEPS, Case, kill, struck
from tests.robustness.terminal import Shown
from tests.robustness.world import World, furnish

POLICY = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: NAME}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [UPDATE], resources: [deployments]}]
  validations:
    - expression: >-
        object.metadata.name != 'todo-backend' ||
        object.spec.template.spec.containers.all(c, c.resources.limits['memory'] != '512Mi')
      message: nobody gets 512Mi here
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: NAME}
spec:
  policyName: NAME
  validationActions: [Deny]
  matchResources:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAME}}
"""


class Proxy:
    """A way to the API server that can be closed: whoever is on it is hung up on."""

    def __init__(self, host: str, port: int) -> None:
        self.to, self.port = (host, port), 0
        self._listening: socket.socket | None = None
        self._open: list[socket.socket] = []

    def up(self) -> None:
        if self._listening is None:
            self._listening = socket.create_server(("127.0.0.1", self.port))
            self.port = self._listening.getsockname()[1]
            threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def down(self) -> None:
        if self._listening is not None:
            for one in (self._listening, *self._open):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
        self._listening, self._open = None, []

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listening.accept()
                far = socket.create_connection(self.to)
                self._open += [near, far]
                threading.Thread(target=_carry, args=(near, far), daemon=True).start()


def _carry(near: socket.socket, far: socket.socket) -> None:
    with suppress(OSError, ValueError):
        while True:
            for one, other in ((near, far), (far, near)):
                if one in select.select([near, far], [], [], 1.0)[0]:
                    piece = one.recv(1 << 16)
                    if not piece:
                        near.close()
                        far.close()
                        return
                    other.sendall(piece)


class Real(World):
    """A user with a release on a real cluster."""

    def __init__(self, root: Path, cluster: Cluster, namespace: str) -> None:
        config = yaml.safe_load(cluster.kubeconfig.read_text())
        entry = next(item for item in config["contexts"] if item["name"] == cluster.context)
        where = next(item["cluster"] for item in config["clusters"] if item["name"] == entry["context"]["cluster"])
        host, _, port = where["server"].removeprefix("https://").rstrip("/").rpartition(":")
        proxy = Proxy(host, int(port))
        super().__init__(root, proxy, namespace=namespace, wait=60)  # type: ignore[arg-type]
        self.cluster, self._revisions = cluster, 0
        proxy.up()
        where["server"] = f"https://{host}:{proxy.port}"
        (root / "kubeconfig").write_text(yaml.safe_dump(config))
        (root / "kubeconfig").chmod(0o600)
        (root / "cluster").mkdir()

    def env(self, **more: str) -> dict[str, str]:
        folders = f"{self.cluster.helm_path.parent}:{self.cluster.kubectl_path.parent}"
        own = {"BLUEHELM_PATH": folders, "BLUEHELM_CONTEXT": self.cluster.context, "BLUEHELM_TIMEOUT": "60"}
        return super().env(**own) | more

    def release(self) -> dict[str, Any]:
        where = f"--namespace={self.namespace}"
        said = self.cluster.helm("history", "todo", where, "--output=json").stdout
        manifest = self.cluster.helm("get", "manifest", "todo", where).stdout
        backend = next(doc for doc in yaml.safe_load_all(manifest) if _is_backend(doc))
        memory = backend["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"]
        revisions = json.loads(said)
        revisions[-1]["stage"] = "after" if memory == "512Mi" else "before"
        return {"revisions": revisions}

    def set(self, **_: Any) -> None:
        """Change nothing: what is real is as it is."""

    def fault(self, **_: Any) -> None:
        """Change nothing either."""

    def calls(self) -> list[list[Any]]:
        return []

    def changed(self) -> bool:
        return len(self.release()["revisions"]) != self._revisions

    def deny(self) -> None:
        """Let the API server refuse what was planned, and wait until it does."""
        self.cluster.kubectl("apply", "--filename=-", stdin=POLICY.replace("NAME", self.namespace))
        backend = {"name": "backend", "resources": {"limits": {"memory": "512Mi"}}}
        patch = json.dumps({"spec": {"template": {"spec": {"containers": [backend]}}}})
        asked = ("patch", "deployment/todo-backend", f"--namespace={self.namespace}", f"--patch={patch}")
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if self.cluster.kubectl(*asked, "--dry-run=server", check=False).returncode:
                return
            time.sleep(0.3)

    def healed(self) -> None:
        self.server.up()
        kinds = "validatingadmissionpolicybinding,validatingadmissionpolicy"
        self.cluster.kubectl("delete", kinds, self.namespace, "--ignore-not-found")

    def reset(self) -> None:
        """Give the release and the checkout what they had, and seal a new plan."""
        self.healed()
        before = self.values.read_text().replace(
            "memory: 512Mi                 # SVC-BE", "memory: 384Mi                 # SVC-BE"
        )
        self.values.write_text(before)
        if self.git("status", "--short"):
            self.git("commit", "-qam", "as it was")
        shutil.rmtree(self.kept, ignore_errors=True)
        files = (f"--values={self.values}", f"--values={self.secrets}")
        chart, where = str(self.values.parent), f"--namespace={self.namespace}"
        self.cluster.helm("upgrade", "--install", "todo", chart, where, *files, "--wait", "--timeout=90s")
        self._revisions = len(self.release()["revisions"])
        self.plan = self.planned()


def _is_backend(doc: Any) -> bool:
    return bool(doc) and (doc["kind"], doc["metadata"]["name"]) == ("Deployment", "todo-backend")


def _deny(world: World, step: str) -> Shown:
    def strike(world: World, _: int) -> None:
        assert isinstance(world, Real)
        world.deny()

    if step == "started":  # helm sends what is refused at once
        strike(world, 0)
        return struck(world, step, lambda *_: None)
    return struck(world, step, strike)


def _down(world: World, step: str) -> Shown:
    return struck(world, step, lambda world, _: world.server.down())


FAULTS: Mapping[str, Callable[[World, str], Shown]] = {"SIGKILL": kill, "helm error": _deny, "API down": _down}


def cases() -> list[Case]:
    """Return every case of the real cluster."""
    return [Case(step, fault, FAULTS) for step in STEPS for fault in FAULTS]


@contextmanager
def real(cluster: Cluster, namespace: str) -> Iterator[Real]:
    """Make a user with a release in a namespace that is there."""
    with tempfile.TemporaryDirectory(prefix="robust-") as folder:
        made = Real(Path(folder), cluster, namespace)
        furnish(made)
        try:
            yield made
        finally:
            made.healed()
            made.server.down()
