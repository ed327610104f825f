"""Conflicts of server-side apply: predicted in a plan, and then in helm's own words."""

import json
import os
import re
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from agent.exitcode import ExitCode
from tests.cluster.shop import Shop

pytestmark = pytest.mark.cluster

DEPLOYMENT = "deployment/todo-backend"
SAID = re.compile(
    r'conflicts? with "([^"]+)"(?: with subresource "([^"]+)")?(?: using [^:]+)?:(?: (\S+)|((?:\s+- \S+)+))'
)


def scaled(shop: Shop) -> None:
    """Somebody asks for another pod by hand."""
    shop.kubectl("scale", DEPLOYMENT, "--replicas=2")


def edited(shop: Shop) -> None:
    """Somebody edits two values in place."""
    shop.kubectl("set", "resources", DEPLOYMENT, "--limits=memory=400Mi,cpu=450m")


def applied(shop: Shop) -> None:
    """Somebody applies a piece of the object from elsewhere, and insists."""
    manifest = f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: todo-backend, namespace: {shop.namespace}}}
spec:
  template:
    spec:
      containers: [{{name: backend, resources: {{limits: {{memory: 400Mi}}}}}}]
"""
    shop.cluster.kubectl("apply", "--server-side", "--force-conflicts", "--field-manager=ops", "-f-", stdin=manifest)


def autoscaled(shop: Shop) -> None:
    """Somebody raises what the autoscaler asks for at least, and the autoscaler follows."""
    shop.kubectl("patch", "hpa/todo-backend", "--patch={'spec': {'minReplicas': 2}}".replace("'", '"'))
    for _ in range(60):
        if shop.kubectl("get", DEPLOYMENT, "--output=jsonpath={.spec.replicas}") == "2":
            return
        time.sleep(1)
    pytest.fail("the autoscaler did nothing")


def by_helm_of_old(shop: Shop) -> None:
    """Helm wrote a value as it did before it applied on the server, which its own newer self then does not hold."""
    limit = {"name": "backend", "resources": {"limits": {"memory": "400Mi"}}}
    patch = {"spec": {"template": {"spec": {"containers": [limit]}}}}
    shop.kubectl("patch", DEPLOYMENT, "--field-manager=helm", f"--patch={json.dumps(patch)}")


def on_the_client(shop: Shop) -> None:
    """The release is applied on the client, where nobody's fields are asked about."""
    shop.upgrade("--server-side=false")
    edited(shop)


def nothing(_: Shop) -> None:
    """Nobody but helm has touched anything."""


@pytest.mark.parametrize(
    ("done", "managers"),
    [
        (nothing, set()),
        (scaled, {("kubectl", "scale")}),
        (edited, {("kubectl-set", "")}),
        (applied, {("ops", "")}),
        (autoscaled, {("kubectl-patch", ""), ("kube-controller-manager", "scale")}),
        (by_helm_of_old, {("helm", "")}),
        (on_the_client, set()),
    ],
)
def test_what_helm_will_be_refused_is_predicted_in_its_own_words(
    shop: Shop, done: Callable[[Shop], None], managers: set[tuple[str, str]]
) -> None:
    """A plan that says nothing of a conflict fails after it was approved; one that cries wolf is not believed."""
    shop.commit(
        "charts/todo-app/templates/backend.yaml", "{{- if not $backend.autoscaling.enabled }}", "{{- if true }}"
    )
    shop.upgrade()
    done(shop)
    plan = shop.planned("SVC-BE-MEM-LIMIT")["plan"]
    predicted = {(item["manager"], item["subresource"], item["pointer"]) for item in plan["conflicts"]}
    assert {(manager, subresource) for manager, subresource, _ in predicted} == managers
    shop.values.write_text(shop.values.read_text().replace("memory: 384Mi", "memory: 512Mi", 1))
    assert predicted == _refused(shop.upgrade(check=False))


def _refused(said: str) -> set[tuple[str, str, str]]:
    found = set()
    for manager, subresource, one, several in SAID.findall(said):
        found |= {(manager, subresource, path) for path in (one or several).split() if path != "-"}
    return found


def redirected(shop: Shop) -> None:
    """Somebody edits an object that the plan does not change, and that helm applies all the same."""
    shop.kubectl("patch", "service/todo-backend", '--patch={"spec": {"ports": [{"port": 8000, "targetPort": 8001}]}}')


@pytest.mark.parametrize(
    ("done", "owner", "field"),
    [
        (edited, "kubectl-set", "limits.cpu"),
        (redirected, "kubectl-patch", "targetPort"),
        (autoscaled, "autoscaler", ".spec.replicas"),
    ],
)
def test_a_field_that_changed_hands_since_the_plan_is_named_with_whose_it_is_now(
    shop: Shop, done: Callable[[Shop], None], owner: str, field: str
) -> None:
    """An apply that helm would refuse half-way, and that ends in `timed out`, tells nobody whom to ask."""
    shop.commit(
        "charts/todo-app/templates/backend.yaml", "{{- if not $backend.autoscaling.enabled }}", "{{- if true }}"
    )
    shop.upgrade()
    plan = shop.planned("SVC-BE-MEM-LIMIT")
    done(shop)
    code, shown = shop.typed("apply", "apply", plan["id"])
    assert code == ExitCode.STALE, shown
    assert owner in shown
    assert field in shown
    assert (shop.status(), shop.git("status", "--short")) == ("deployed", "")
    assert "512Mi" not in shop.limit()


def test_a_conflict_in_the_plan_is_refused_with_its_owner_before_anybody_is_asked(shop: Shop) -> None:
    """Helm could neither apply it nor take it back: the release would stay failed."""
    edited(shop)
    plan = shop.planned("SVC-BE-MEM-LIMIT")
    code, shown = shop.typed("apply", "apply", plan["id"])
    assert code == ExitCode.STALE, shown
    assert "kubectl-set edited" in shown
    assert ".resources.limits.memory" in shown
    assert (shop.limit(), shop.status()) == ("400Mi", "deployed")


def test_a_field_taken_over_while_helm_was_about_to_begin_ends_in_its_owner(shop: Shop) -> None:
    """The moment that no check covers: nothing of the plan is live, and whose the field is, is said."""
    plan = shop.planned("SVC-BE-MEM-LIMIT")
    beside = Thread(target=_once_stopped, args=(lambda: edited(shop),))
    beside.start()
    code, shown = shop.typed("apply", "apply", plan["id"], BLUEHELM_FAILPOINT="committed:stop")
    beside.join()
    assert code == ExitCode.ROLLED_BACK, shown
    said = shown.partition("Not applied")[2]
    assert "kubectl-set" in said
    assert ".resources.limits.memory" in "".join(said.split())
    assert "timed out" not in said
    assert (shop.limit(), shop.git("status", "--short")) == ("400Mi", "")


def _once_stopped(done: Callable[[], None]) -> None:
    """Wait until a child of this process is stopped, do something, and let it go on."""
    for _ in range(600):
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                state, parent = stat.read_text().rpartition(")")[2].split()[:2]
                if (state, int(parent)) == ("T", os.getpid()):
                    done()
                    os.kill(int(stat.parent.name), signal.SIGCONT)
                    return
        time.sleep(0.1)
