"""pytest: one fixture for a real Kubernetes, from one of two providers.

`--cluster` (or BLUEHELM_CLUSTER=1) runs the tests marked `cluster`; without it they are deselected. Those marked `long`
want `--long` besides.

external   BLUEHELM_TEST_KUBECONFIG and BLUEHELM_TEST_CONTEXT name a kind, minikube or any other cluster. It is
           refused unless kube-system holds the ConfigMap bluehelm-disposable: these tests break things.
local      otherwise: compiled and started here (lifecycle.py). Needs root on Linux; where it cannot run the tests
           are skipped with the reason, and fail where CI is set.
"""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster import binaries, lifecycle, measured, preflight, simulated
from tests.cluster.layout import CONTEXT, DISPOSABLE, kubeconfig
from tests.cluster.trouble import Trouble
from tests.fakes.programs import find


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --cluster and --long."""
    parser.addoption("--cluster", action="store_true", help="run the tests that need a real Kubernetes cluster")
    parser.addoption("--long", action="store_true", help="run those of them as well that take minutes each")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the cluster's tests out unless they were asked for, and the long ones unless those were."""
    asked = config.getoption("--cluster") or os.environ.get("BLUEHELM_CLUSTER")
    left_out = {"cluster"} if not asked else set() if config.getoption("--long") else {"long"}
    chosen = [item for item in items if not any(item.get_closest_marker(name) for name in left_out)]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the checklists measured."""
    for number, line in enumerate(measured.table()):
        if not number:
            terminalreporter.section("the blueprints' checklists, measured")
        terminalreporter.write_line(line)


ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that may be broken, and the clients that may break it."""

    provider: str
    kubeconfig: Path
    context: str
    kubectl_path: Path
    helm_path: Path

    def kubectl(self, *args: str, stdin: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run kubectl; a failure fails the test with what kubectl said."""
        return self._run([str(self.kubectl_path), f"--context={self.context}", *args], stdin, check=check)

    def helm(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run helm 4."""
        return self._run([str(self.helm_path), f"--kube-context={self.context}", *args], None, check=check)

    def agent(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Run agent with this cluster's own clients."""
        env = os.environ | {"KUBECONFIG": str(self.kubeconfig)}
        env["BLUEHELM_PATH"] = f"{self.helm_path.parent}:{self.kubectl_path.parent}"
        command = [sys.executable, "-m", "agent", *args, f"--context={self.context}"]
        return subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT, timeout=120)

    def json(self, *args: str) -> dict[str, object]:
        """Run kubectl and return the JSON it prints."""
        found: dict[str, object] = json.loads(self.kubectl(*args, "--output=json").stdout)
        return found

    def simulate(self, nodes: int) -> None:
        """Add simulated nodes, where the provider can."""
        if self.provider != "local":
            pytest.skip("simulated nodes need the local provider")
        simulated.nodes(nodes)

    def _run(self, argv: list[str], stdin: str | None, *, check: bool) -> subprocess.CompletedProcess[str]:
        env = os.environ | {"KUBECONFIG": str(self.kubeconfig)}
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, env=env, timeout=300)
        if check and done.returncode:
            pytest.fail(f"{' '.join(argv[1:4])}: {done.stderr.strip()}", pytrace=False)
        return done


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """Return the cluster the environment names, or the local one, started when it is down."""
    return found()


def found() -> Cluster:
    """Return the same outside of a test."""
    return _external() if os.environ.get("BLUEHELM_TEST_KUBECONFIG") else _local()


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """Return a fresh namespace; it is deleted afterwards, without waiting."""
    name = f"test-{uuid.uuid4().hex[:10]}"
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


def _external() -> Cluster:
    config, context = Path(os.environ["BLUEHELM_TEST_KUBECONFIG"]), os.environ.get("BLUEHELM_TEST_CONTEXT", "")
    if not context:
        pytest.exit("BLUEHELM_TEST_CONTEXT must name the context: the current one is never broken by accident", 2)
    found = Cluster("external", config, context, find("kubectl"), find("helm"))
    marker = found.kubectl("get", "configmap", DISPOSABLE, "--namespace=kube-system", check=False)
    if marker.returncode:
        how = f"kubectl create configmap {DISPOSABLE} --namespace=kube-system"
        pytest.exit(f"refusing context {context}: not marked disposable ({marker.stderr.strip()}); mark it: {how}", 2)
    return found


def _local() -> Cluster:
    reason = preflight.unable()
    if reason and not os.environ.get("CI"):
        pytest.skip(reason)
    try:
        lifecycle.up()
    except Trouble as trouble:
        pytest.fail(str(trouble), pytrace=False)
    return Cluster("local", kubeconfig(), CONTEXT, binaries.program("kubectl"), binaries.program("helm"))
