"""Images, configuration, containers and probes on incidents recorded from a real 1.36 cluster, and their near misses.

Each row is one workload of a recording: without its cause a person would read events by hand, and the wrong cause sends
them to the wrong place. What stands beside in the same recording are the near misses: the rule must not speak of them.
"""

from collections.abc import Collection

import pytest

from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.diagnose.finding import Finding, Severity
from agent.kube.remedies import JSON
from agent.snapshot.record import Ref, Snapshot
from tests.fakes.objects import adding, changed, load, without
from tests.fakes.remedies import PERSON, changes

CASES: list[tuple[str, int, str, str, str, JSON]] = [
    # recording, mode, workload, words of the cause, field of the fix, its value
    ("47-image-missing", 47, "Deployment/web", "has no such repository or tag 9.9", "containers[].image", PERSON),
    (
        "47-image-missing",
        47,
        "Deployment/typo",
        "the cluster's nodes have todo-backend",
        "containers[].image",
        PERSON,
    ),
    ("47-image-missing", 47, "Deployment/digest", "has no such digest", "containers[].image", PERSON),
    ("47-image-missing", 47, "Deployment/initial", "of init container setup", "initContainers[].image", PERSON),
    ("47-image-missing", 47, "Job/migrate", "does not exist", "containers[].image", PERSON),
    (
        "48-registry-auth",
        48,
        "Deployment/absent",
        "imagePullSecret registry does not exist",
        "imagePullSecrets[]",
        {"name": "regcred"},
    ),
    ("48-registry-auth", 48, "Deployment/wrongtype", "is of type Opaque", "imagePullSecrets[]", {"name": "regcred"}),
    (
        "48-registry-auth",
        48,
        "Deployment/nosecret",
        "the pod has no imagePullSecrets",
        "imagePullSecrets[]",
        {"name": "regcred"},
    ),
    (
        "48-registry-auth",
        48,
        "Deployment/rejected",
        "credentials in regcred are not accepted",
        "imagePullSecrets",
        None,
    ),
    ("52-never-pull", 52, "Deployment/web", "pull policy Never forbids", "containers[].image", "todo-backend:latest"),
    (
        "52-never-pull",
        52,
        "Deployment/typo",
        "the cluster's nodes have todo-backend",
        "",
        None,
    ),
    ("52-never-pull", 52, "DaemonSet/ds", "is not on bluehelm-node", "containers[].imagePullPolicy", "IfNotPresent"),
    (
        "54-configmap-missing",
        54,
        "Deployment/one",
        "app-config, which does not exist",
        "containers[].env[].valueFrom.configMapKeyRef.name",
        "app-confg",
    ),
    (
        "54-configmap-missing",
        54,
        "StatefulSet/all",
        "app-settings, which does not exist",
        "containers[].envFrom[].configMapRef.name",
        "settings",
    ),
    (
        "54-configmap-missing",
        54,
        "Deployment/initial",
        "container setup",
        "initContainers[].envFrom[].configMapRef.name",
        "app-confg",
    ),
    (
        "54-configmap-missing",
        54,
        "CronJob/nightly",
        "app-config, which does not exist",
        "containers[].env[].valueFrom.configMapKeyRef.name",
        "app-confg",
    ),
    ("55-secret-missing", 55, "Deployment/one", "Secret app-secret, which does not exist", "containers[].env", None),
    (
        "55-secret-missing",
        55,
        "DaemonSet/all",
        "Secret db-credentials",
        "containers[].envFrom[].secretRef.name",
        "db-credential",
    ),
    (
        "56-key-missing",
        56,
        "Deployment/config",
        "did you mean DATABASE_URL",
        "containers[].env[].valueFrom.configMapKeyRef.key",
        "DATABASE_URL",
    ),
    ("56-key-missing", 56, "Deployment/secret", "key api-token of Secret app-secret", "data.api-token", None),
    (
        "57-volume-missing",
        57,
        "Deployment/config",
        "a volume is made from ConfigMap nginx-config",
        "volumes[].configMap.name",
        "nginx-conf",
    ),
    ("57-volume-missing", 57, "Deployment/secret", "Secret web-tls, which does not exist", "volumes", None),
    ("57-volume-missing", 57, "StatefulSet/projected", "Secret proj-secret", "volumes", None),
    ("58-bad-command", 58, "Deployment/missing", "serve is not in the image", "containers[].command[]", PERSON),
    ("58-bad-command", 58, "Deployment/denied", "/app/run.sh may not be executed", "", None),
    ("58-bad-command", 58, "Deployment/args", "--port=8000 is not in the image", "containers[].args[]", PERSON),
    ("58-bad-command", 58, "Deployment/shell", "gunicorn is not in the image", "containers[].command", None),
    (
        "58-bad-command",
        58,
        "Deployment/interpreter",
        "/app/bash.sh is a script for /bin/bash, which is not in",
        "",
        None,
    ),
    (
        "58-bad-command",
        58,
        "Deployment/directory",
        "cannot be the working directory",
        "containers[].workingDir",
        PERSON,
    ),
    ("62-init-crash", 62, "Deployment/web", "init container migrate fails with exit code 3", "", ""),
    ("62-init-crash", 62, "Job/import", "init container fetch fails with exit code 2", "", ""),
    (
        "62-init-crash",
        62,
        "Deployment/env",
        "its setting DATABASE_URL is not set",
        "initContainers[].env[].value",
        PERSON,
    ),
    (
        "65-oom-killed",
        65,
        "Deployment/leak",
        "more than its limit of 64Mi",
        "containers[].resources.limits.memory",
        "128Mi",
    ),
    ("65-oom-killed", 65, "Deployment/child", "own exit code is 1", "containers[].resources.limits.memory", "48Mi"),
    (
        "65-oom-killed",
        65,
        "Deployment/side",
        "container hungry was killed",
        "containers[].resources.limits.memory",
        "32Mi",
    ),
    ("65-oom-killed", 65, "Deployment/tiny", "cannot even start", "containers[].resources.limits.memory", "32Mi"),
    ("65-oom-killed", 65, "Deployment/once", "(1 restart)", "containers[].resources.limits.memory", "64Mi"),
    ("65-oom-killed", 65, "Job/batch", "more than its limit of 20Mi", "containers[].resources.limits.memory", "48Mi"),
    (
        "69-missing-env",
        69,
        "Deployment/python",
        "DATABASE_URL is not set; ConfigMap web-config has it",
        "containers[].env[].value",
        PERSON,
    ),
    ("69-missing-env", 69, "Deployment/near", "it is given DATABSE_URL", "containers[].env[].value", PERSON),
    ("69-missing-env", 69, "Deployment/optional", "the optional ConfigMap db-config", "", None),
    ("69-missing-env", 69, "Deployment/shell", "REDIS_HOST is not set", "containers[].env[].value", PERSON),
    ("69-missing-env", 69, "Deployment/node", "STRIPE_KEY is not set", "containers[].env[].value", PERSON),
    ("71-exits-zero", 71, "Deployment/web", "finishes with exit code 0", "containers[].command", None),
    ("71-exits-zero", 71, "StatefulSet/sts", "is started again", "containers[].command", None),
    ("71-exits-zero", 71, "Pod/alone", "finishes with exit code 0", "containers[].command", None),
    (
        "74-liveness-port",
        74,
        "Deployment/web",
        "asks port 8080, where nobody listens",
        "containers[].livenessProbe.httpGet.port",
        8000,
    ),
    ("74-liveness-port", 74, "StatefulSet/tcp", "asks port 9000", "containers[].livenessProbe.tcpSocket.port", 8000),
    (
        "74-liveness-port",
        74,
        "Deployment/startup",
        "the startup probe",
        "containers[].startupProbe.httpGet.port",
        8000,
    ),
    (
        "79-readiness",
        79,
        "Deployment/port",
        "asks port 8001, where nobody listens",
        "containers[].readinessProbe.httpGet.port",
        8000,
    ),
    (
        "79-readiness",
        79,
        "Deployment/named",
        "has no port of that name",
        "containers[].readinessProbe.httpGet.port",
        8000,
    ),
    ("79-readiness", 79, "Deployment/path", "/health answers", "containers[].readinessProbe.httpGet.path", "/health"),
    (
        "79-readiness",
        79,
        "Deployment/scheme",
        "speaks HTTPS to port http",
        "containers[].readinessProbe.httpGet.scheme",
        "HTTP",
    ),
    ("79-readiness", 79, "StatefulSet/tcp", "asks port 8001", "containers[].readinessProbe.tcpSocket.port", 8000),
]

NEAR: list[tuple[str, int, Collection[str]]] = [
    # recording, mode, workloads beside that only look like it
    ("47-image-missing", 47, {"badname", "broken", "limited", "nohost", "refused"}),
    ("52-never-pull", 47, {"web", "typo", "ds"}),
    ("65-oom-killed", 65, {"selfkill", "exit137"}),
    ("69-missing-env", 69, {"config", "crash", "given", "keyerror", "warned"}),
    ("71-exits-zero", 71, {"killed"}),
    ("74-liveness-port", 74, {"path", "slow", "unwell", "grpc", "scheme"}),
    ("79-readiness", 79, {"execfails", "execmissing", "unready"}),
    ("62-init-crash", 62, {"sidecar"}),
]


def judged(world: Snapshot) -> list[Finding]:
    found = diagnose(world)
    assert isinstance(found, Diagnosis)
    assert not found.unknown
    return list(found.findings)


@pytest.mark.parametrize(("name", "mode", "workload", "words", "field", "value"), CASES)
def test_the_cause_is_named_with_its_fix(
    name: str, mode: int, workload: str, words: str, field: str, value: JSON
) -> None:
    kind, _, called = workload.partition("/")
    about = [item for item in judged(load(name)) if (item.subject.kind, item.subject.name) == (kind, called)]
    fitting = [item for item in about if item.mode.number == mode and words in item.cause]
    assert len(fitting) == 1, [(item.mode.number, item.cause) for item in about]
    (finding,) = fitting
    assert finding.evidence
    assert about[0].mode.number == mode  # nothing else of this workload stands before it
    edited = [(name, new) for name, _, new in changes(finding)]
    if field and value is None:
        assert field in finding.fix.concerns, "a row may speak to it"
        assert edited == [], "no field mends it"
    elif field:
        assert (field, value) in edited


@pytest.mark.parametrize(("name", "mode", "beside"), NEAR)
def test_what_only_looks_like_it_is_something_else(name: str, mode: int, beside: Collection[str]) -> None:
    found = judged(load(name))
    assert {item.subject.name for item in found if item.mode.number == mode}.isdisjoint(beside)


@pytest.mark.parametrize("name", ["benign", "healthy", "54-configmap-created", "79-warming-up"])
def test_what_is_well_gives_no_finding(name: str) -> None:
    """One false alarm a day, and nobody reads the true one."""
    assert [item for item in judged(load(name)) if item.severity is not Severity.INFO] == []


def test_a_configmap_that_is_there_now_is_not_missing() -> None:
    world = load("54-configmap-missing")
    namespace = "rb-54-configmap-missing"
    made = {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": "app-config", "namespace": namespace},
        "data": {},
    }
    names = {item.subject.name for item in judged(adding(world, made)) if item.mode.number == 54}
    assert names.isdisjoint({"one", "initial", "nightly"})
    assert "all" in names


def test_a_pull_secret_of_the_right_type_is_not_called_absent() -> None:
    world = load("48-registry-auth")
    made = {
        "kind": "Secret",
        "apiVersion": "v1",
        "type": "kubernetes.io/dockerconfigjson",
        "metadata": {"name": "registry", "namespace": "rb-48-registry-auth"},
    }
    (finding,) = [item for item in judged(adding(world, made)) if item.subject.name == "absent"]
    assert "does not exist: its imagePullSecret" not in finding.cause
    assert "imagePullSecret registry does not exist" not in finding.cause


def test_without_its_pods_a_workload_has_none_of_their_causes() -> None:
    world = load("65-oom-killed")
    pods = [Ref("Pod", pod["metadata"]["namespace"], pod["metadata"]["name"]) for pod in world.objects["Pod"]]
    assert not [item for item in judged(without(world, *pods)) if item.mode.number == 65]


def test_a_kill_that_no_limit_explains_is_not_a_limit_too_low() -> None:
    """Exit 137 without OOMKilled is somebody's SIGKILL: raising the limit would change nothing."""
    world = load("65-oom-killed")
    pod = next(item for item in world.objects["Pod"] if item["metadata"]["name"].startswith("leak"))
    name = Ref("Pod", pod["metadata"]["namespace"], pod["metadata"]["name"])
    killed = {
        "exitCode": 137,
        "reason": "Error",
        "startedAt": "2026-11-23T22:00:00Z",
        "finishedAt": "2026-11-23T22:00:09Z",
    }
    status = [
        {**item, "state": {"terminated": killed}, "lastState": {"terminated": killed}}
        for item in pod["status"]["containerStatuses"]
    ]
    found = judged(changed(world, name, status__containerStatuses=status))
    assert not [item for item in found if item.mode.number == 65 and item.subject.name == "leak"]
