"""The reader on a real API server: what it may see, what it must not, and what a person hears of the rest."""

import base64
import gzip
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.snapshot.collect import collect
from agent.snapshot.depth import WHOLE
from tests.cluster.plugin import Cluster
from tools.cluster import connect
from tools.deadline import Deadline
from tools.failure import Failure
from tools.kinds import BY_NAME
from tools.kubeconfig import access
from tools.pages import PAGE

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).parents[2]
CANARY = "canary-hunter2"
ENCODED = base64.b64encode(CANARY.encode()).decode().rstrip("=")
"""As a Secret's data has it."""

WORLD = """
apiVersion: v1
kind: Secret
metadata: {name: db, annotations: {note: canary-hunter2-note}}
stringData: {password: canary-hunter2}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: registry.local/pause:1
          imagePullPolicy: Never
          env:
            - {name: DB_PASSWORD, value: canary-hunter2}
            - name: FEATURES
              valueFrom: {configMapKeyRef: {name: settings, key: features}}
"""
"""A Secret twice over, and a ConfigMap that is missing: one finding, and nothing of the password."""


def folders(cluster: Cluster) -> str:
    return f"{cluster.helm_path.parent}:{cluster.kubectl_path.parent}"


def agent(cluster: Cluster, *argv: str, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"KUBECONFIG": str(kubeconfig or cluster.kubeconfig), "BLUEHELM_PATH": folders(cluster)}
    command = [sys.executable, "-m", "agent", *argv]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT, timeout=120)
    assert "Traceback" not in done.stderr
    assert CANARY not in done.stdout + done.stderr
    assert ENCODED not in done.stdout + done.stderr
    return done


def only_line(done: subprocess.CompletedProcess[str], code: int) -> str:
    """Return the one line that says why there is nothing."""
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    (line,) = done.stderr.splitlines()
    return line


def known(finding: dict[str, Any]) -> dict[str, Any]:
    """Return a finding without what a second look words differently: how often, how long ago."""
    places = [{key: item[key] for key in item if key != "text"} for item in finding["evidence"]]
    return {key: value for key, value in finding.items() if key not in ("evidence", "symptoms")} | {"places": places}


def broken(cluster: Cluster, namespace: str) -> None:
    """Make the world above, and wait until the kubelet has said what is missing."""
    cluster.kubectl("apply", "--filename=-", f"--namespace={namespace}", stdin=WORLD)
    path = "{.items[*].status.containerStatuses[*].state.waiting.reason}"
    for _ in range(120):
        waiting = ("get", "pods", f"--namespace={namespace}", f"--output=jsonpath={path}")
        if "CreateContainerConfigError" in cluster.kubectl(*waiting).stdout:
            return
        ready = ("wait", "pods", "--all", "--for=condition=Ready", f"--namespace={namespace}", "--timeout=1s")
        cluster.kubectl(*ready, check=False)
    pytest.fail("the pod never came to say what it lacks", pytrace=False)


def context(cluster: Cluster) -> str:
    return f"--context={cluster.context}"


def test_a_password_never_enters_and_a_capture_says_the_same(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    """A look at a namespace is pasted into tickets: one password in it is an incident of its own."""
    broken(cluster, namespace)
    live = agent(cluster, "diagnose", "-n", namespace, "-o", "json", context(cluster))
    bundle = tmp_path / "shop.tgz"
    made = agent(cluster, "bundle", "capture", "-n", namespace, "-f", str(bundle), context(cluster))
    assert made.returncode == 0, made.stderr
    kept = agent(cluster, "diagnose", "--bundle", str(bundle), "-o", "json")
    found = [json.loads(done.stdout)["findings"] for done in (live, kept)]
    assert [item["code"] for item in found[0]] == ["configmap-missing"]
    assert [known(item) for item in found[0]] == [known(item) for item in found[1]]
    assert live.returncode == kept.returncode == 1
    hidden(gzip.decompress(bundle.read_bytes()).decode("utf-8", "replace"))
    secrets = agent(cluster, "bundle", "show", str(bundle), "-o", "json")
    assert secrets.returncode == 0


def hidden(text: str) -> None:
    assert '"db"' in text or "'db'" in text, "the Secret's name is there; finding no password in nothing proves nothing"
    assert CANARY not in text
    assert ENCODED not in text


@pytest.mark.parametrize("owners", [False, True])
def test_a_snapshot_holds_a_secrets_name_type_and_number_of_keys(
    cluster: Cluster, namespace: str, *, owners: bool
) -> None:
    """Everything after it, a model's prompt among them, sees what the snapshot holds."""
    cluster.kubectl("apply", "--filename=-", f"--namespace={namespace}", stdin=WORLD)
    found = access(cluster.context, str(cluster.kubeconfig))
    assert not isinstance(found, Failure)
    reader = connect(found, Deadline.after(60))
    assert not isinstance(reader, Failure)
    snapshot = collect(reader, namespace, progress=print, depth=replace(WHOLE, owners=owners), path=folders(cluster))
    reader.close()
    assert not isinstance(snapshot, Failure)
    (secret,) = snapshot.objects["Secret"]
    assert (secret["metadata"], secret["type"], secret["keys"]) == (
        {"name": "db", "namespace": namespace},
        "Opaque",
        1,
    )
    hidden(repr(snapshot))


CHART = {
    "Chart.yaml": "{apiVersion: v2, name: shop, version: 0.1.0}",
    "values.yaml": "{database: {password: changeme}}",
    "templates/secret.yaml": """
apiVersion: v1
kind: Secret
metadata: {name: db}
stringData: {password: "{{ .Values.database.password }}"}
""",
}


def test_a_releases_secret_stays_with_the_cluster(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    """helm keeps values and manifest whole in a Secret of its own: the password is in it twice more."""
    for name, text in CHART.items():
        path = tmp_path / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    password = f"--set=database.password={CANARY}"
    cluster.helm("install", "shop", str(tmp_path / "shop"), f"--namespace={namespace}", password)
    bundle = tmp_path / "shop.tgz"
    done = agent(cluster, "bundle", "capture", "-n", namespace, "-f", str(bundle), context(cluster))
    assert done.returncode == 0, done.stderr
    text = gzip.decompress(bundle.read_bytes()).decode("utf-8", "replace")
    assert '"chart":"shop-0.1.0"' in text, "the release itself is known"
    hidden(text)


def restricted(cluster: Cluster, namespace: str, path: Path) -> Path:
    """Return a kubeconfig of an account that may read this namespace's pods and workloads, and little else."""
    where = f"--namespace={namespace}"
    cluster.kubectl("create", "serviceaccount", "reader", where)
    kinds = "pods,events,deployments.apps,replicasets.apps,services,configmaps"
    cluster.kubectl("create", "role", "reader", "--verb=get,list", f"--resource={kinds}", where)
    cluster.kubectl("create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={namespace}:reader", where)
    return written(cluster, path, user={"token": token(cluster, namespace, "reader")})


def token(cluster: Cluster, namespace: str, account: str) -> str:
    return cluster.kubectl("create", "token", account, f"--namespace={namespace}").stdout.strip()


def written(
    cluster: Cluster, path: Path, *, user: dict[str, Any] | None = None, server: dict[str, Any] | None = None
) -> Path:
    """Write the cluster's kubeconfig with another user, or with other fields of the cluster."""
    config: dict[str, Any] = json.loads(cluster.kubectl("config", "view", "--raw", "--minify", "--output=json").stdout)
    if user is not None:
        config["users"][0]["user"] = user
    config["clusters"][0]["cluster"] |= server or {}
    path.write_text(json.dumps(config))
    path.chmod(0o600)
    return path


def test_who_may_read_little_gets_what_can_be_read_and_is_told_the_rest(
    cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    """Silence about a list nobody could read would be taken for health."""
    broken(cluster, namespace)
    config = restricted(cluster, namespace, tmp_path / "reader.json")
    done = agent(cluster, "diagnose", "-n", namespace, "-o", "json", kubeconfig=config)
    assert done.returncode == 3
    report = json.loads(done.stdout)
    assert [item["code"] for item in report["findings"]] == ["configmap-missing"]
    assert report["complete"] is False
    lines = [line.removeprefix("agent: ").split()[:2] for line in done.stderr.splitlines()]
    denied = [name for name, state, *_ in lines if state == "denied:"]
    assert {"HorizontalPodAutoscaler", "Secret", "Node", "PersistentVolumeClaim"} <= set(denied)
    assert len(denied) == len(set(denied)), "each is said once"
    assert not {"Pod", "Deployment", "ReplicaSet", "Service", "ConfigMap", "Event"} & set(denied)
    assert any(text.startswith("HorizontalPodAutoscaler: denied") for text in report["unknown"])
    bundle = tmp_path / "little.tgz"
    assert agent(cluster, "bundle", "capture", "-n", namespace, "-f", str(bundle), kubeconfig=config).returncode == 3
    kept = agent(cluster, "diagnose", "--bundle", str(bundle), "-o", "json")
    assert kept.returncode == 3, "a gap stays one in the capture"
    assert [known(item) for item in json.loads(kept.stdout)["findings"]] == [known(item) for item in report["findings"]]


def test_who_may_read_nothing_is_told_so_in_one_line(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    cluster.kubectl("create", "serviceaccount", "nobody", f"--namespace={namespace}")
    config = written(cluster, tmp_path / "k", user={"token": token(cluster, namespace, "nobody")})
    for where in (("-n", namespace), ("-A",), ("-n", "no-such-namespace")):
        line = only_line(agent(cluster, "diagnose", *where, kubeconfig=config), 3)
        assert "forbidden" in line
        assert "ask for the right" in line


def test_a_token_that_is_no_longer_good_is_one_line(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    """Thirty refusals of thirty lists would hide the one thing to do."""
    cluster.kubectl("create", "serviceaccount", "gone", f"--namespace={namespace}")
    config = written(cluster, tmp_path / "k", user={"token": token(cluster, namespace, "gone")})
    cluster.kubectl("delete", "serviceaccount", "gone", f"--namespace={namespace}")
    line = only_line(agent(cluster, "diagnose", "-n", namespace, kubeconfig=config), 3)
    assert "401" in line
    assert "log in again" in line


PLUGIN = """#!/bin/sh
exec {kubectl} --kubeconfig={config} create token reader --namespace={namespace} --output=json |
    sed 's,"kind": "TokenRequest","kind": "ExecCredential",; s,authentication.k8s.io/v1,{version},'
"""
"""A TokenRequest's status has the very fields of an ExecCredential's: token and expirationTimestamp."""


def test_a_credential_plugin_opens_the_cluster(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    """The way in for all of EKS, GKE and AKS."""
    restricted(cluster, namespace, tmp_path / "unused")
    version = "client.authentication.k8s.io/v1"
    program = tmp_path / "plugin"
    program.write_text(
        PLUGIN.format(kubectl=cluster.kubectl_path, config=cluster.kubeconfig, namespace=namespace, version=version)
    )
    program.chmod(0o755)
    plugin = {"apiVersion": version, "command": "./plugin", "interactiveMode": "Never"}
    config = written(cluster, tmp_path / "k", user={"exec": plugin})
    assert cluster.kubectl(f"--kubeconfig={config}", "get", "pods", f"--namespace={namespace}").returncode == 0
    done = agent(cluster, "diagnose", "-n", namespace, "-o", "json", kubeconfig=config)
    assert done.returncode == 3, done.stderr
    assert "Pod" in json.loads(done.stdout)["examined"]


def test_a_namespace_that_is_not_there_is_one_line(cluster: Cluster) -> None:
    for command in (("diagnose",), ("bundle", "capture", "-f", "/nonexistent/x.tgz")):
        line = only_line(agent(cluster, *command, "-n", "no-such-namespace", context(cluster)), 2)
        assert "no-such-namespace" in line


def test_a_server_that_is_down_is_one_line(cluster: Cluster, tmp_path: Path) -> None:
    path = written(cluster, tmp_path / "down.json", server={"server": "https://127.0.0.1:1"})
    assert "refused" in only_line(agent(cluster, "diagnose", kubeconfig=path), 3)


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ({"certificate-authority-data": ""}, "TLS"),  # then the system's authorities count, and none knows it
        ({"tls-server-name": "another.example"}, "TLS"),
        ({"certificate-authority-data": base64.b64encode(b"no PEM").decode()}, "authority is no certificate"),
    ],
)
def test_a_server_that_is_not_the_one_meant_is_one_line(
    cluster: Cluster, tmp_path: Path, server: dict[str, Any], said: str
) -> None:
    """Sent on all the same, the credentials would be a stranger's."""
    line = only_line(agent(cluster, "diagnose", kubeconfig=written(cluster, tmp_path / "k", server=server)), 3)
    assert said in line
    assert "insecure" not in line


def test_a_list_of_several_pages_is_whole(cluster: Cluster, namespace: str) -> None:
    """600 ConfigMaps come in two pages; the second is where a lost token would hide objects."""
    items = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"c-{number}"}} for number in range(600)]
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    cluster.kubectl("create", "--filename=-", f"--namespace={namespace}", stdin=document)
    done = agent(cluster, "diagnose", "-n", namespace, "-o", "json", context(cluster))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["examined"]["ConfigMap"] >= 600


def test_secrets_of_several_pages_are_whole_and_bare(cluster: Cluster, namespace: str) -> None:
    """They come as a table, whose second page is asked for otherwise than a list's."""
    items = [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"s-{number}"}, "stringData": {"a": CANARY}}
        for number in range(PAGE + 200)
    ]
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    cluster.kubectl("create", "--filename=-", f"--namespace={namespace}", stdin=document)
    found = access(cluster.context, str(cluster.kubeconfig))
    assert not isinstance(found, Failure)
    reader = connect(found, Deadline.after(60))
    assert not isinstance(reader, Failure)
    listed = reader.list(BY_NAME["Secret"], namespace)
    reader.close()
    assert listed.failure is None
    assert {obj["metadata"]["name"] for obj in listed.objects} == {f"s-{number}" for number in range(PAGE + 200)}
    assert ENCODED not in repr(listed)
