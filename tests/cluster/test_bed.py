"""The test bed itself: a cluster that is not a real one would make every other test here worthless."""

import os
import signal

import pytest

from tests.cluster import cleanup, lifecycle, processes
from tests.cluster.layout import DISPOSABLE, NODE
from tests.cluster.plugin import Cluster
from tests.cluster.processes import wait_for

pytestmark = pytest.mark.cluster

POD = """
apiVersion: v1
kind: Pod
metadata: {name: probe, namespace: %s}
spec:
  restartPolicy: Never
  containers:
    - name: probe
      image: registry.local/busybox:1
      imagePullPolicy: Never
      command: [sh, -c, "nslookup kubernetes.default.svc.cluster.local && echo RESOLVED"]
"""


def test_a_pod_runs_and_resolves_a_service_name(cluster: Cluster, namespace: str) -> None:
    cluster.kubectl("apply", "--filename=-", stdin=POD % namespace)
    done = "--for=jsonpath={.status.phase}=Succeeded"
    cluster.kubectl("wait", "pod/probe", f"--namespace={namespace}", done, "--timeout=60s")
    assert "RESOLVED" in cluster.kubectl("logs", "probe", f"--namespace={namespace}").stdout


SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: todo, namespace: %(namespace)s}
spec: {selector: {app: todo}, ports: [{port: 80, targetPort: 8000}]}
---
apiVersion: v1
kind: Pod
metadata: {name: todo, namespace: %(namespace)s, labels: {app: todo}}
spec:
  containers:
    - name: todo
      image: todo-backend:latest
      imagePullPolicy: Never
      readinessProbe: {httpGet: {path: /ready, port: 8000}, periodSeconds: 1}
"""

LEAK = """
apiVersion: v1
kind: Pod
metadata: {name: leak, namespace: %s}
spec:
  restartPolicy: Never
  containers:
    - name: todo
      image: todo-backend:latest
      imagePullPolicy: Never
      env: [{name: MEMORY_LEAK_MB, value: "256"}]
      resources: {limits: {memory: 64Mi}}
"""


def test_a_service_name_leads_to_its_pod(cluster: Cluster, namespace: str) -> None:
    """kube-proxy, DNS through libc and the web service's image: without one of them no Service can be diagnosed."""
    cluster.kubectl("apply", "--filename=-", stdin=SERVICE % {"namespace": namespace})
    cluster.kubectl("wait", "pod/todo", f"--namespace={namespace}", "--for=condition=Ready", "--timeout=60s")
    ask = f"import urllib.request as r; print(r.urlopen('http://todo.{namespace}/ready', timeout=9).read())"
    argv = ("exec", "todo", f"--namespace={namespace}", "--", "python3.11", "-c", ask)
    wait_for("an answer through the Service", lambda: "ready" in cluster.kubectl(*argv, check=False).stdout, 30)


def test_a_container_over_its_memory_limit_is_killed_by_the_kernel(cluster: Cluster, namespace: str) -> None:
    """The incident most worth diagnosing must be real: the cgroup's limit, not a script that exits with 137."""
    cluster.kubectl("apply", "--filename=-", stdin=LEAK % namespace)
    cluster.kubectl(
        "wait", "pod/leak", f"--namespace={namespace}", "--for=jsonpath={.status.phase}=Failed", "--timeout=60s"
    )
    reason = "--output=jsonpath={.status.containerStatuses[0].state.terminated.reason}"
    assert cluster.kubectl("get", "pod/leak", f"--namespace={namespace}", reason).stdout == "OOMKilled"


def test_starting_that_was_interrupted_before_its_end_is_not_taken_for_up(cluster: Cluster) -> None:
    """Every daemon can run while DNS is still missing; tests on such a cluster fail for no reason of theirs."""
    if cluster.provider != "local":
        pytest.skip("only the local cluster is ours to start")
    cluster.kubectl("delete", "configmap", DISPOSABLE, "--namespace=kube-system")
    assert not lifecycle.is_up()
    cluster.kubectl("create", "configmap", DISPOSABLE, "--namespace=kube-system")
    assert lifecycle.is_up()


def test_the_metrics_api_knows_the_node(cluster: Cluster) -> None:
    def known() -> bool:
        return cluster.kubectl("top", "node", check=False).returncode == 0

    wait_for("metrics of the node", known, 90)


def test_simulated_nodes_run_pods_that_cost_nothing(cluster: Cluster, namespace: str) -> None:
    cluster.simulate(2)
    spec = (POD % namespace).replace("spec:", "spec:\n  nodeName: kwok-1")
    cluster.kubectl("apply", "--filename=-", stdin=spec)
    cluster.kubectl("wait", "pod/probe", f"--namespace={namespace}", "--for=condition=Ready", "--timeout=60s")


def test_a_cluster_that_was_killed_leaves_nothing_after_down_and_comes_up_again(cluster: Cluster) -> None:
    if cluster.provider != "local":
        pytest.skip("only the local cluster is ours to kill")
    for pid in processes.ours():
        os.kill(pid, signal.SIGKILL)
    assert cleanup.leftovers(), "a killed cluster leaves mounts, links and chains; finding none proves nothing"
    lifecycle.down()
    assert cleanup.leftovers() == []
    lifecycle.up()
    assert NODE in cluster.kubectl("get", "nodes").stdout
