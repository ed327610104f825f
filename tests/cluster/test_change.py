"""Guarded change on a real cluster, with the real helm and git: planned, applied, taken back, interrupted."""

import json
import subprocess
import time
from pathlib import Path
from threading import Thread

import pytest

from agent.exitcode import ExitCode
from tests.cluster.shop import MEMORY, Shop

pytestmark = pytest.mark.cluster


def test_a_value_is_planned_approved_applied_and_taken_back(shop: Shop) -> None:
    """The whole way and back: what a person approved is what happens, and nothing else in the files or the cluster."""
    plan = shop.planned("SVC-BE-MEM-LIMIT")
    assert (
        plan["sentence"]
        == f"todo-backend in {shop.namespace} gets memory limit 512Mi instead of 384Mi; one pod restarts; "
        "SVC-BE-MEM-LIMIT says so."
    )
    code, shown = shop.typed("apply", "apply", plan["id"][:12])
    assert code == ExitCode.OK, shown
    assert shop.limit() == "512Mi"
    assert shop.git("status", "--short") == ""
    assert MEMORY in shop.values.read_text()
    assert f"Plan: {plan['id']}" in shop.git("log", "-1", "--format=%B")
    assert shop.agent("apply", plan["id"][:12]).returncode == ExitCode.STALE
    back = shop.agent("rollback", plan["id"][:12], "-o", "json")
    code, shown = shop.typed("apply", "apply", json.loads(back.stdout)["id"][:12])
    assert code == ExitCode.OK, shown
    assert shop.limit() == "384Mi"
    assert shop.git("diff", "HEAD~2", "--stat") == ""
    assert shop.agent("ledger", "verify").returncode == 0
    events = [entry["event"] for entry in shop.ledger()]
    one = ["sealed", "approved", "intent", "outcome"]
    assert events == [*one, "refused", *one], "the second try at a plan that was used stays readable too"


def test_nobody_is_asked_without_a_terminal(shop: Shop) -> None:
    """A script that pipes `y` must not approve what no person has seen."""
    plan = shop.planned("SVC-BE-MEM-LIMIT")
    done = shop.agent("apply", plan["id"])
    assert done.returncode == ExitCode.DENIED
    assert "ssh-keygen -Y sign" in done.stderr
    for word in ("y", "yes", ""):
        assert shop.typed(word, "apply", plan["id"])[0] == ExitCode.DENIED
    assert shop.limit() == "384Mi"
    assert shop.agent("freeze", "--reason=a holiday").returncode == 0
    assert shop.typed("apply", "apply", plan["id"])[0] == ExitCode.DENIED
    assert shop.agent("thaw").returncode == 0
    assert shop.typed("reject", "apply", plan["id"])[0] == ExitCode.DENIED
    assert shop.agent("apply", plan["id"]).returncode == ExitCode.STALE
    assert shop.limit() == "384Mi"


def test_a_signature_of_somebody_on_the_list_approves(shop: Shop) -> None:
    """A second person approves from another machine; a key that is on no list does not."""
    plan = shop.planned("SVC-BE-MEM-LIMIT")
    keys = {}
    for name in ("grace", "mallory"):
        keys[name] = shop.home / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys[name])], check=True)
        sign = ["ssh-keygen", "-q", "-Y", "sign", "-n", "bluehelm-plan", "-f", str(keys[name])]
        done = subprocess.run(sign, input=plan["id"].encode(), capture_output=True, check=True)
        keys[name].with_suffix(".sig").write_bytes(done.stdout)
    signers = shop.home / "signers"
    signers.write_text(f"grace@example.org {keys['grace'].with_suffix('.pub').read_text()}")
    argv = ("apply", plan["id"], "--approval")
    assert shop.agent(*argv, str(shop.home / "grace.sig")).returncode == ExitCode.DENIED
    assert (
        shop.agent(*argv, str(shop.home / "mallory.sig"), BLUEHELM_SIGNERS=str(signers)).returncode == ExitCode.DENIED
    )
    assert shop.limit() == "384Mi"
    done = shop.agent(*argv, str(shop.home / "grace.sig"), BLUEHELM_SIGNERS=str(signers))
    assert done.returncode == ExitCode.OK, done.stderr
    assert shop.limit() == "512Mi"
    assert "grace@example.org" in [entry["by"] for entry in shop.ledger()]


def test_what_moved_since_is_named_and_nothing_is_written(shop: Shop) -> None:
    """`stale` alone sends a person looking; a plan on old ground would change what nobody approved."""
    plan = shop.planned("SVC-BE-MEM-LIMIT")
    original = shop.values.read_text()
    moves = (
        (
            lambda: shop.values.write_text(original + "# a remark\n"),
            lambda: shop.values.write_text(original),
            "values.yaml was changed",
        ),
        (
            lambda: shop.cluster.kubectl(
                "set", "env", "deployment/todo-backend", "A=b", f"--namespace={shop.namespace}"
            ),
            lambda: shop.cluster.kubectl(
                "set", "env", "deployment/todo-backend", "A-", f"--namespace={shop.namespace}"
            ),
            "Deployment",
        ),
    )
    for move, undo, named in moves:
        move()
        done = shop.agent("apply", plan["id"])
        assert (done.returncode, named in done.stderr) == (ExitCode.STALE, True), done.stderr
        undo()
    shop.upgrade()
    done = shop.agent("apply", plan["id"])
    assert done.returncode == ExitCode.STALE
    assert "revision 2" in done.stderr
    assert shop.values.read_text() == original


def test_what_no_row_justifies_is_refused_with_the_row_that_would_have_to_be(shop: Shop) -> None:
    """The gate: a path without a row, a row that is not committed, a chart that changed besides."""
    done = shop.agent("plan", "backend.nonsense", "-n", shop.namespace)
    assert done.returncode == ExitCode.DENIED
    assert "no row of a blueprint decides it" in done.stdout
    service = shop.repository / "blueprints" / "service.md"
    text = service.read_text()
    service.write_text(text.replace("| Memory Limit | 512Mi |", "| Memory Limit | 640Mi |", 1))
    done = shop.agent("plan", "SVC-BE-MEM-LIMIT", "-n", shop.namespace)
    assert (done.returncode, "not committed" in done.stdout) == (ExitCode.DENIED, True), done.stdout
    service.write_text(text)
    template = "charts/todo-app/templates/backend.yaml"
    shop.commit(template, "      containers:", "      dnsPolicy: Default\n      containers:")
    done = shop.agent("plan", "SVC-BE-MEM-LIMIT", "-n", shop.namespace)
    assert (done.returncode, "no control says so" in done.stderr) == (ExitCode.DENIED, True), done.stderr


def test_an_upgrade_that_cannot_become_ready_is_taken_back_with_its_cause(shop: Shop) -> None:
    """Not "timed out": the cause, the capture of what failed, files and cluster as they were, exit 6."""
    shop.commit("blueprints/service.md", "| todo-backend:latest |", "| todo-backend:9.9 |")
    done = shop.agent("plan", "SVC-BE-IMAGE", "-n", shop.namespace, "--wait=20", "-o", "json")
    plan = json.loads(done.stdout)
    before = shop.values.read_bytes()
    code, shown = shop.typed("apply", "apply", plan["id"])
    assert code == ExitCode.ROLLED_BACK, shown
    assert "todo-backend:9.9" in shown.rpartition("why")[2]
    assert "timed out" not in shown.rpartition("why")[2]
    assert shop.values.read_bytes() == before
    assert shop.git("status", "--short") == ""
    captured = [entry["detail"] for entry in shop.ledger() if entry["event"] == "captured"]
    assert Path(captured[0]["capture"]).stat().st_size
    again = shop.agent("diagnose", "--bundle", captured[0]["capture"])
    assert "todo-backend:9.9" in again.stdout


@pytest.mark.parametrize(
    ("place", "in_force"),
    [("intent", False), ("written", False), ("committed", False), ("helm", True), ("verified", True)],
)
def test_a_killed_apply_is_brought_to_its_end_at_the_next_start(shop: Shop, place: str, in_force: bool) -> None:
    """A laptop that dies in the middle must leave neither half a change nor a claim that nobody can check."""
    plan = shop.planned("SVC-BE-MEM-LIMIT")
    before = shop.values.read_bytes()
    code, _ = shop.typed("apply", "apply", plan["id"], BLUEHELM_FAILPOINT=f"{place}:kill")
    assert code == -9
    done = shop.agent("plan", "SVC-BE-MEM-LIMIT", "-n", shop.namespace)
    assert "had been interrupted" in done.stderr
    assert ("in force" in done.stderr) == in_force
    assert (shop.values.read_bytes() == before) != in_force
    assert shop.limit() == ("512Mi" if in_force else "384Mi")
    assert shop.git("status", "--short") == ""
    assert shop.agent("ledger", "verify").returncode == 0


def test_a_failing_workload_is_fixed_in_one_go(shop: Shop) -> None:
    """One command: the cause, the row, one question, and the pod runs again."""
    shop.values.write_text(shop.values.read_text().replace("tag: latest", "tag: v7", 1))  # the backend's alone
    shop.git("commit", "-qam", "a tag that is not there")
    shop.upgrade(check=False)
    shop.until("ErrImageNeverPull", "get", "pods", "--output=json")
    planned = shop.agent("plan", "deployment/todo-backend", "-n", shop.namespace, "-o", "json")
    assert planned.returncode == ExitCode.OK, planned.stderr
    assert [item["path"] for item in json.loads(planned.stdout)["plan"]["changes"]] == ["backend.image.tag"]
    assert "is not on" in planned.stderr, "a plan of a cause says the cause"
    code, shown = shop.typed("apply", "fix", "deployment/todo-backend", "-n", shop.namespace, "--wait=60")
    assert code == ExitCode.OK, shown
    assert "is not on" in shown
    ready = shop.cluster.kubectl(
        "get", "deployment/todo-backend", f"--namespace={shop.namespace}", "--output=jsonpath={.status.readyReplicas}"
    )
    assert ready.stdout == "1"


def test_a_break_glass_takes_a_rollout_back_and_stays_a_finding_until_git_agrees(shop: Shop) -> None:
    """At night `rollout undo` is right, and forgotten by morning: the next upgrade brings the fault back."""
    shop.commit("charts/todo-app/values.yaml", "memory: 384Mi", "memory: 320Mi")
    shop.upgrade()
    planned = shop.agent("rollback", "deployment/todo-backend", "-n", shop.namespace, "-o", "json")
    assert planned.returncode == 0, planned.stderr
    name = json.loads(planned.stdout)["id"]
    code, shown = shop.typed("apply", "apply", name)
    assert (code, shop.limit()) == (ExitCode.DENIED, "320Mi"), shown  # it needs the release's name and a reason
    code, shown = shop.typed("todo", "apply", name)
    assert (code, shop.limit()) == (ExitCode.OK, "384Mi"), shown
    assert "git revert" in shown
    assert "because" in [entry["detail"].get("reason") for entry in shop.ledger()]
    assert "kubectl rollout undo took back Deployment" in _rollback_rule(shop)
    shop.git("revert", "--no-edit", "HEAD")
    shop.upgrade("--force-conflicts")
    assert "kubectl rollout undo" not in _rollback_rule(shop)


def _rollback_rule(shop: Shop) -> str:
    """Return what the audit says of the rule that a rollback is a revert and a redeploy."""
    done = shop.agent("audit", "-n", shop.namespace, "-o", "json")
    found = json.loads(done.stdout)["verdicts"]
    return str(next(row["why"] for row in found if row["control"] == "GOV-VERSIONED-ROLLBACK"))


def test_what_makes_another_workload_worse_is_taken_back(shop: Shop) -> None:
    """Helm calls it deployed; the users of the other workload do not."""
    shop.kubectl("create", "deployment", "neighbour", "--image=todo-backend:latest")
    container = {"name": "todo-backend", "imagePullPolicy": "Never"}
    shop.kubectl(
        "patch",
        "deployment/neighbour",
        f"--patch={json.dumps({'spec': {'template': {'spec': {'containers': [container]}}}})}",
    )
    shop.kubectl("rollout", "status", "deployment/neighbour", "--timeout=60s")
    plan = shop.planned("SVC-BE-MEM-LIMIT")
    before = shop.values.read_bytes()
    meanwhile = Thread(target=_starve, args=(shop,))
    meanwhile.start()
    code, shown = shop.typed("apply", "apply", plan["id"])
    meanwhile.join(30)
    assert code == ExitCode.ROLLED_BACK, shown
    assert "neighbour" in shown, shown
    assert shop.values.read_bytes() == before
    assert shop.limit() == "384Mi"


def _starve(shop: Shop) -> None:
    """Take the neighbour's pods away once helm is at work."""
    while shop.status() == "deployed":
        time.sleep(0.2)
    shop.kubectl("scale", "deployment/neighbour", "--replicas=0")
