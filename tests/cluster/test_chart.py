"""The chart on a real cluster: a chart that only renders would leave the blueprints' own checks failing."""

from pathlib import Path

import pytest

from tests.cluster.plugin import Cluster

pytestmark = pytest.mark.cluster

CHART = Path(__file__).parents[2] / "charts" / "todo-app"

SMALL = ["backend.resources.requests.cpu=10m", "frontend.resources.requests.cpu=10m"]
"""The test bed's node is shared; what the pods are promised is not what is tested here."""

CALLER = """
apiVersion: v1
kind: Pod
metadata: {name: caller, namespace: %s}
spec:
  restartPolicy: OnFailure
  containers:
    - name: caller
      image: todo-backend:latest
      imagePullPolicy: Never
      command: [python3.11, -c]
      args:
        - |
          import urllib.request
          for name in ("backend", "todo-backend"):
              urllib.request.urlopen(f"http://{name}:8000/health", timeout=5).read()
"""
"""Python, because a static busybox cannot resolve names; restarted, because a Service answers a moment late."""


def test_the_release_becomes_ready_and_answers_by_both_names(cluster: Cluster, namespace: str) -> None:
    """The frontend calls http://backend:8000, the checks todo-backend: without either name a service is lost."""
    sets = [f"--set={value}" for value in SMALL]
    cluster.helm("install", "todo", str(CHART), f"--namespace={namespace}", *sets)
    for name in ("todo-backend", "todo-frontend"):
        cluster.kubectl("rollout", "status", f"deployment/{name}", f"--namespace={namespace}", "--timeout=120s")
    cluster.kubectl("apply", "--filename=-", stdin=CALLER % namespace)
    done = "--for=jsonpath={.status.phase}=Succeeded"
    cluster.kubectl("wait", "pod/caller", f"--namespace={namespace}", done, "--timeout=60s")
    cluster.helm("uninstall", "todo", f"--namespace={namespace}")
