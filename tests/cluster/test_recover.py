"""The way out of a release that helm left in the middle: killed in an install, an upgrade and a rollback."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from agent.exitcode import ExitCode
from tests.cluster.shop import MEMORY, Shop
from tools.alive import at_work

pytestmark = pytest.mark.cluster

ABSENT = "--set=backend.image.tag=v7"
"""An image that is not there, so that helm waits."""


@contextmanager
def _waiting(shop: Shop, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run helm until it waits for pods that never come."""
    argv = [str(shop.cluster.helm_path), *words, f"--namespace={shop.namespace}", "--wait", "--timeout=300s"]
    helm = subprocess.Popen([*argv, f"--kube-context={shop.cluster.context}"], env=shop.env(KUBECONFIG=shop.kubeconfig))
    try:
        _until_pending(shop)
        yield helm
    finally:
        helm.kill()
        helm.wait()


def _until_pending(shop: Shop) -> None:
    for _ in range(200):
        if shop.status().startswith("pending-"):
            time.sleep(2)  # so that its objects are applied too
            return
        time.sleep(0.2)
    pytest.fail("helm never came to wait")


def _recovered(shop: Shop, ending: ExitCode = ExitCode.OK) -> str:
    """Recover the release as a person would; return what the screen said."""
    done = shop.agent("recover", "todo", "-n", shop.namespace, "--abandoned", "-o", "json")
    assert done.returncode == 0, done.stderr
    code, shown = shop.typed("apply", "apply", json.loads(done.stdout)["id"][:12])
    assert code == ending, shown
    return shown


def _kill_helm(shop: Shop) -> None:
    """Kill the helm of an apply once it waits."""
    _until_pending(shop)
    os.kill(at_work("todo", shop.namespace), signal.SIGKILL)


def test_an_upgrade_that_was_killed_is_taken_back_to_what_was_in_force(shop: Shop) -> None:
    """Every later upgrade would fail with "another operation is in progress", and the usual advice deletes a Secret."""
    with _waiting(shop, "upgrade", "todo", str(shop.repository / "charts/todo-app"), ABSENT):
        assert shop.agent("plan", "-n", shop.namespace).returncode == ExitCode.DENIED
        alive = shop.agent("recover", "todo", "-n", shop.namespace, "--abandoned")
        assert (alive.returncode, "process" in alive.stderr) == (ExitCode.DENIED, True), alive.stderr
    refused = shop.agent("recover", "todo", "-n", shop.namespace)
    assert (refused.returncode, "--abandoned" in refused.stderr) == (ExitCode.DENIED, True), refused.stderr
    _recovered(shop)
    assert (shop.status(), shop.limit()) == ("deployed", "384Mi")
    assert shop.image() == "todo-backend:latest"


def test_an_install_that_was_killed_is_brought_to_its_end(shop: Shop) -> None:
    """There is no revision to go back to: what was being installed is installed, and what fails in it is said."""
    shop.helm("uninstall", "todo", "--wait")
    with _waiting(shop, "install", "todo", str(shop.repository / "charts/todo-app"), ABSENT):
        pass
    shown = _recovered(shop, ExitCode.FOUND)
    assert "no revision was ever in force" in shown
    assert "todo-backend:v7" in shown.rpartition("but")[2]
    assert shop.status() == "failed"
    shop.upgrade()
    assert shop.status() == "deployed"


def test_a_rollback_that_was_killed_is_taken_back_to_what_was_in_force(shop: Shop) -> None:
    """A rollback is an upgrade like any other: killed, it blocks the next one too."""
    shop.helm("upgrade", "todo", str(shop.repository / "charts/todo-app"), ABSENT)
    shop.upgrade()
    with _waiting(shop, "rollback", "todo", "2"):
        pass
    _recovered(shop)
    assert (shop.status(), shop.image()) == ("deployed", "todo-backend:latest")


def test_a_helm_that_dies_under_an_apply_is_an_unknown_outcome_with_the_way_out(shop: Shop) -> None:
    """ "Failed" would be a guess: half of it is in force. The next step has to be on the screen."""
    shop.commit("blueprints/service.md", "| todo-backend:latest |", "| todo-backend:9.9 |")
    done = shop.agent("plan", "SVC-BE-IMAGE", "-n", shop.namespace, "--wait=120", "-o", "json")
    killer = Thread(target=_kill_helm, args=(shop,))
    killer.start()
    before = shop.values.read_bytes()
    code, shown = shop.typed("apply", "apply", json.loads(done.stdout)["id"])
    killer.join(10)
    assert code == ExitCode.UNKNOWN_OUTCOME, shown
    assert f"agent recover todo -n {shop.namespace}" in shown
    _recovered(shop)
    assert (shop.status(), shop.image(), shop.limit()) == ("deployed", "todo-backend:latest", "384Mi")
    assert MEMORY not in before.decode()
