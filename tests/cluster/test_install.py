"""A release's first revision on a real cluster: planned, applied, failed, and what can be taken back of it."""

import json
import threading
import time
from pathlib import Path

import pytest

from agent.exitcode import ExitCode
from tests.cluster.plugin import Cluster
from tests.cluster.shop import Shop, founded

pytestmark = pytest.mark.cluster


@pytest.fixture
def shop(cluster: Cluster, namespace: str, tmp_path: Path) -> Shop:
    """Return a checkout of which nothing is installed yet."""
    return founded(cluster, namespace, tmp_path)


def planned(shop: Shop, *more: str) -> str:
    done = shop.agent("plan", "--install", "-n", shop.namespace, "-o", "json", *more)
    assert done.returncode == ExitCode.OK, done.stderr + done.stdout
    return str(json.loads(done.stdout)["id"])


def test_a_release_is_installed_and_nothing_here_takes_it_away(shop: Shop) -> None:
    """Bootstrap by the same way as every change; what it cannot undo it says before anybody approves it."""
    name = planned(shop, "--wait=60")
    uninstall = f"helm uninstall todo-app --namespace={shop.namespace} --kube-context={shop.cluster.context} --wait"
    assert (
        f"way back  none by a plan, for none takes a release away; yours to type: {uninstall}"
        in shop.agent("plan", "show", name).stdout
    )
    code, shown = shop.typed("apply", "apply", name)
    assert code == ExitCode.OK, shown
    assert shop.limit() == "512Mi"
    audited = shop.agent("audit", "-n", shop.namespace, "-o", "json")
    assert json.loads(audited.stdout)["counts"]["fail"] == 0
    back = shop.agent("rollback", name)
    assert (back.returncode, uninstall in back.stderr) == (ExitCode.DENIED, True), back.stderr
    again = shop.agent("plan", "--install", "-n", shop.namespace)
    assert (again.returncode, "is there already" in again.stderr) == (ExitCode.DENIED, True), again.stderr
    shop.kubectl("get", "deployment/todo-backend")


def test_without_its_namespace_it_says_who_makes_one(shop: Shop) -> None:
    done = shop.agent("plan", "--install", "-n", "roles-is-not-there")
    assert done.returncode == ExitCode.USAGE
    assert "kubectl create namespace roles-is-not-there" in done.stderr


def test_a_failed_install_says_why_and_what_is_left_of_it(shop: Shop) -> None:
    """helm takes a failed first revision away; what a chart asks it to keep stays, and somebody has to know."""
    kept = shop.repository / "charts" / "todo-app" / "templates" / "kept.yaml"
    kept.write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kept\n  annotations: {helm.sh/resource-policy: keep}\n"
    )
    shop.git("add", ".")
    shop.commit("blueprints/service.md", "| todo-backend:latest |", "| todo-backend:9.9 |")
    before = shop.values.read_bytes()
    code, shown = shop.typed("apply", "apply", planned(shop, "--wait=20"))
    shown = " ".join(shown.split())
    assert code == ExitCode.ROLLED_BACK, shown
    assert "todo-backend:9.9" in shown.partition("everything is as it was")[2]
    assert f"ConfigMap/{shop.namespace}/kept is left of it" in shown
    assert shop.values.read_bytes() == before
    assert shop.git("status", "--short") == ""
    assert shop.cluster.helm("list", f"--namespace={shop.namespace}", "--output=json").stdout.strip() == "[]"
    outcome = next(entry["detail"] for entry in shop.ledger() if entry["event"] == "outcome")
    assert outcome["still"] == [f"ConfigMap/{shop.namespace}/kept is left of it; whether it may go is yours to decide"]


def test_an_install_that_makes_a_neighbour_worse_is_not_called_taken_back(shop: Shop) -> None:
    """There is no revision to go back to: to say that everything is as it was would be a lie."""
    shop.kubectl("create", "deployment", "neighbour", "--image=registry.local/pause:1")
    shop.kubectl("rollout", "status", "deployment/neighbour", "--timeout=60s")
    name = planned(shop, "--wait=60")
    breaking = threading.Thread(target=_breaks_the_neighbour_once_helm_is_at_work, args=(shop,))
    breaking.start()
    code, shown = shop.typed("apply", "apply", name)
    breaking.join()
    assert code == ExitCode.UNKNOWN_OUTCOME, shown
    shown = " ".join(shown.split())
    assert "Deployment/" in shown
    assert "no plan takes it away" in shown
    assert "helm uninstall todo-app" in shown.rpartition("next")[2]
    shop.kubectl("get", "deployment/todo-backend")


def _breaks_the_neighbour_once_helm_is_at_work(shop: Shop) -> None:
    where = f"--namespace={shop.namespace}"
    for _ in range(240):
        if shop.cluster.kubectl("get", "deployment/todo-backend", where, check=False).returncode == 0:
            shop.kubectl("scale", "deployment/neighbour", "--replicas=0")
            return
        time.sleep(0.25)
