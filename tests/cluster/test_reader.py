"""The reader on a real API server: what it may see, what it must not, and what a person hears of the rest."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.plugin import Cluster

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).parents[2]
CANARY = "canary-hunter2"

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


def agent(cluster: Cluster, *argv: str, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
    tools = f"{cluster.helm_path.parent}:{cluster.kubectl_path.parent}"
    env = os.environ | {"KUBECONFIG": str(kubeconfig or cluster.kubeconfig), "BLUEHELM_PATH": tools}
    command = [sys.executable, "-m", "agent", *argv]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT, timeout=120)
    assert "Traceback" not in done.stderr
    return done


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
    assert [item["cause"] for item in found[0]] == [item["cause"] for item in found[1]]
    for text in (live.stdout, live.stderr, made.stdout, made.stderr, kept.stdout):
        assert CANARY not in text
    assert CANARY.encode() not in gzip.decompress(bundle.read_bytes())


def restricted(cluster: Cluster, namespace: str, path: Path) -> Path:
    """Return a kubeconfig of an account that may read this namespace's pods and workloads, and little else."""
    where = f"--namespace={namespace}"
    cluster.kubectl("create", "serviceaccount", "reader", where)
    kinds = "pods,events,deployments.apps,replicasets.apps,services,configmaps"
    cluster.kubectl("create", "role", "reader", "--verb=get,list", f"--resource={kinds}", where)
    cluster.kubectl("create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={namespace}:reader", where)
    config: dict[str, Any] = json.loads(cluster.kubectl("config", "view", "--raw", "--minify", "--output=json").stdout)
    config["users"][0]["user"] = {"token": cluster.kubectl("create", "token", "reader", where).stdout.strip()}
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
    assert any("HorizontalPodAutoscaler" in line and "denied" in line for line in done.stderr.splitlines())
    assert not any(line.startswith("agent: Pod ") for line in done.stderr.splitlines())


def test_a_namespace_that_is_not_there_is_one_line(cluster: Cluster) -> None:
    done = agent(cluster, "diagnose", "-n", "no-such-namespace", context(cluster))
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_a_server_that_is_down_is_one_line(cluster: Cluster, tmp_path: Path) -> None:
    config = json.loads(cluster.kubectl("config", "view", "--raw", "--minify", "--output=json").stdout)
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    path = tmp_path / "down.json"
    path.write_text(json.dumps(config))
    done = agent(cluster, "diagnose", kubeconfig=path)
    assert (done.returncode, done.stdout) == (3, "")
    assert "refused" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_list_of_several_pages_is_whole(cluster: Cluster, namespace: str) -> None:
    """600 ConfigMaps come in two pages; the second is where a lost token would hide objects."""
    items = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"c-{number}"}} for number in range(600)]
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    cluster.kubectl("create", "--filename=-", f"--namespace={namespace}", stdin=document)
    done = agent(cluster, "diagnose", "-n", namespace, "-o", "json", context(cluster))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["examined"]["ConfigMap"] >= 600
