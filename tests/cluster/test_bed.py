"""The test bed itself: a cluster that is not a real one would make every other test here worthless."""

import os
import signal

import pytest

from tests.cluster import cleanup, lifecycle, processes
from tests.cluster.layout import NODE
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
