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
  restartPolicy: Never
  containers:
    - name: caller
      image: registry.local/busybox:1
      imagePullPolicy: Never
      command: [sh, -c]
      args:
        - |
          for name in backend todo-backend; do
            until wget -q -O- -T 5 http://$name:8000/health; do sleep 1; done
          done
"""


def test_the_release_becomes_ready_and_answers_by_both_names(cluster: Cluster, namespace: str) -> None:
    """The frontend calls http://backend:8000, the checks todo-backend: without either name a service is lost."""
    sets = [f"--set={value}" for value in SMALL]
    cluster.helm("install", "todo", str(CHART), f"--namespace={namespace}", *sets)
    for name in ("todo-backend", "todo-frontend"):
        cluster.kubectl("rollout", "status", f"deployment/{name}", f"--namespace={namespace}", "--timeout=120s")
    cluster.kubectl("apply", "--filename=-", stdin=CALLER % namespace)
    # It asks until it is answered: a Service answers a moment after its pod is ready.
    done = "--for=jsonpath={.status.phase}=Succeeded"
    cluster.kubectl("wait", "pod/caller", f"--namespace={namespace}", done, "--timeout=60s")
    cluster.helm("uninstall", "todo", f"--namespace={namespace}")
