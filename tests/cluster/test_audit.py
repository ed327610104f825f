"""Audit against a real API server and a real Helm 4: who owns a field is the server's word, not ours."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.plugin import Cluster

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "todo-app"
SMALL = ["--set=backend.resources.requests.cpu=10m", "--set=frontend.resources.requests.cpu=10m"]
"""Not so small: they make every release a release with values of its own, which the audit must say."""

POLICY = """
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {{name: {name}}}
spec:
  matchConstraints:
    resourceRules:
      - {{apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}}
    namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {name}}}}}
  failurePolicy: Fail
  reinvocationPolicy: IfNeeded
  mutations:
    - patchType: ApplyConfiguration
      applyConfiguration:
        expression: >
          Object{{spec: Object.spec{{template: Object.spec.template{{spec: Object.spec.template.spec{{
          priorityClassName: "system-cluster-critical"}}}}}}}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {{name: {name}}}
spec: {{policyName: {name}}}
"""


def installed(cluster: Cluster, namespace: str, *flags: str) -> None:
    cluster.helm("install", "todo", str(CHART), f"--namespace={namespace}", *SMALL, *flags)


def audited(cluster: Cluster, namespace: str, *argv: str) -> dict[str, Any]:
    done = cluster.agent("audit", "-n", namespace, "--profile=dev", "-o", "json", *argv)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def verdict(found: dict[str, Any], control: str) -> dict[str, Any]:
    return next(dict(item) for item in found["verdicts"] if item["control"] == control)


def drifts(found: dict[str, Any]) -> Sequence[tuple[str, str, str, str]]:
    return [(item["object"], item["change"], item["manager"], item["helm_upgrade_fixes"]) for item in found["drifts"]]


@pytest.mark.parametrize("applied", ["--server-side=true", "--server-side=false"])
def test_a_fresh_release_has_no_drift(cluster: Cluster, namespace: str, applied: str) -> None:
    """False drift is worse than none: after the third, nobody reads the fourth."""
    installed(cluster, namespace, applied)
    found = audited(cluster, namespace)
    assert found["drifts"] == []
    failing = {item["control"] for item in found["verdicts"] if item["outcome"] == "fail"}
    assert failing <= {"SVC-BE-CPU-REQ", "SVC-FE-CPU-REQ", "GOV-VALUES", "GOV-VERSIONED", "GOV-VALUES-GIT"}
    assert verdict(found, "SVC-BE-CPU-REQ")["cause"] == "release-only"
    assert {item["path"] for item in found["release_only"]} == {
        "backend.resources.requests.cpu",
        "frontend.resources.requests.cpu",
    }


def test_an_edit_names_its_manager_and_helm_refuses_as_was_said(cluster: Cluster, namespace: str) -> None:
    installed(cluster, namespace)
    target = ("deployment/todo-backend", f"--namespace={namespace}")
    cluster.kubectl("set", "resources", *target, "--limits=memory=256Mi")
    cluster.kubectl("set", "env", *target, "EXTRA=1")
    found = audited(cluster, namespace)
    said = verdict(found, "SVC-BE-MEM-LIMIT")
    assert (said["outcome"], said["cause"], said["helm_upgrade_fixes"]) == ("fail", "edited", "conflict")
    assert "kubectl-set" in said["why"]
    name = f"Deployment/{namespace}/todo-backend"
    assert (name, "added", "kubectl-set", "no") in drifts(found)
    refused = cluster.helm("upgrade", "todo", str(CHART), f"--namespace={namespace}", *SMALL, check=False)
    assert 'conflict with "kubectl-set"' in refused.stderr
    assert ".resources.limits.memory" in refused.stderr


def test_with_client_side_apply_helm_puts_an_edit_back_as_was_said(cluster: Cluster, namespace: str) -> None:
    installed(cluster, namespace, "--server-side=false")
    cluster.kubectl("set", "resources", "deployment/todo-backend", f"--namespace={namespace}", "--limits=memory=256Mi")
    said = verdict(audited(cluster, namespace), "SVC-BE-MEM-LIMIT")
    assert (said["cause"], said["helm_upgrade_fixes"]) == ("edited", "yes")
    cluster.helm("upgrade", "todo", str(CHART), f"--namespace={namespace}", *SMALL)
    assert verdict(audited(cluster, namespace), "SVC-BE-MEM-LIMIT")["outcome"] == "pass"


def test_what_an_admission_policy_put_in_is_told_from_an_edit(cluster: Cluster, namespace: str) -> None:
    cluster.kubectl("apply", "--filename=-", stdin=POLICY.format(name=namespace))
    try:
        _wait_for_policy(cluster, namespace)
        installed(cluster, namespace)
        found = [item for item in audited(cluster, namespace)["drifts"] if "priorityClassName" in item["pointer"]]
    finally:
        for kind in ("mutatingadmissionpolicybinding", "mutatingadmissionpolicy"):
            cluster.kubectl("delete", kind, namespace, "--ignore-not-found")
    assert {(item["change"], item["live"], item["manager"]) for item in found} == {
        ("mutated", "system-cluster-critical", "")
    }


def _wait_for_policy(cluster: Cluster, namespace: str) -> None:
    """Wait until the API server has read the policy: a dry run shows it."""
    probe = (
        "create",
        "deployment",
        "probe",
        "--image=x",
        f"--namespace={namespace}",
        "--dry-run=server",
        "--output=json",
    )
    for _ in range(60):
        if "system-cluster-critical" in cluster.kubectl(*probe).stdout:
            return
        cluster.kubectl("version", "--output=json")
    pytest.fail("the admission policy never took effect", pytrace=False)


def test_a_typo_the_server_drops_and_a_removed_object(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    chart = tmp_path / "todo-app"
    for path in CHART.rglob("*"):
        if path.is_file():
            copy = chart / path.relative_to(CHART)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    backend = chart / "templates" / "backend.yaml"
    backend.write_text(backend.read_text().replace("  strategy:\n", "  replicaz: 3\n  strategy:\n", 1))
    where = f"--namespace={namespace}"
    cluster.helm("install", "todo", str(chart), where, *SMALL, "--server-side=false")
    cluster.kubectl("delete", "service", "backend", where)
    found = drifts(audited(cluster, namespace, f"--chart={chart}"))
    assert (f"Deployment/{namespace}/todo-backend", "ignored-field", "", "no") in found
    assert (f"Service/{namespace}/backend", "missing", "", "yes") in found


def test_an_autoscalers_number_is_its_own(cluster: Cluster, namespace: str) -> None:
    installed(cluster, namespace)
    cluster.kubectl("scale", "deployment/todo-backend", f"--namespace={namespace}", "--replicas=3")
    found = audited(cluster, namespace)
    assert found["drifts"] == []
    assert verdict(found, "SVC-BE-REPLICAS")["outcome"] == "pass"


def test_an_auditor_that_may_not_read_releases_still_audits(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    """A strict auditor has no right to Secrets, where Helm keeps releases: that leg is unknown, the others are not."""
    installed(cluster, namespace)
    where = f"--namespace={namespace}"
    cluster.kubectl("create", "serviceaccount", "auditor", where)
    binding = ("rolebinding", "auditor", "--clusterrole=view", f"--serviceaccount={namespace}:auditor", where)
    cluster.kubectl("create", *binding)
    token = cluster.kubectl("create", "token", "auditor", where).stdout.strip()
    config = json.loads(cluster.kubectl("config", "view", "--raw", "--minify", "--output=json").stdout)
    config["users"][0]["user"] = {"token": token}
    path = tmp_path / "auditor.json"
    path.write_text(json.dumps(config))
    done = cluster.agent("audit", "-n", namespace, "--profile=dev", "-o", "json", f"--kubeconfig={path}")
    assert done.returncode == 3
    found = json.loads(done.stdout)
    assert verdict(found, "SVC-BE-MEM-LIMIT")["outcome"] == "pass"
    assert any("release leg is unknown" in note for note in found["notes"])
    assert token not in done.stdout + done.stderr


def test_the_checklists_read_by_verify(cluster: Cluster, namespace: str) -> None:
    installed(cluster, namespace)
    for name in ("todo-backend", "todo-frontend"):
        cluster.kubectl("rollout", "status", f"deployment/{name}", f"--namespace={namespace}", "--timeout=120s")
    done = cluster.agent("verify", "service", "-n", namespace, "-o", "json")
    checks = {item["control"]: item for item in json.loads(done.stdout)["checks"]}
    names = ("SVC-CHK-PODS", "SVC-CHK-SVC", "SVC-CHK-LOGS", "SVC-CHK-HEALTH", "SVC-CHK-FRONTEND")
    assert {name: checks[name]["outcome"] for name in names} == dict.fromkeys(names, "pass"), checks
    assert done.returncode == 0
