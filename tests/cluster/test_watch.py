"""`agent watch` on a real API server: what breaks and recovers is a line within seconds."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.images import BUSYBOX
from tests.cluster.plugin import Cluster

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).parents[2]
ASKS = "echo 'environment variable DATABASE_URL is required' >&2; exit 1"


class Lines:
    """What a watch has written so far."""

    def __init__(self) -> None:
        self.kept: list[dict[str, Any]] = []

    def until(self, what: str, name: str, seconds: float) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for line in list(self.kept):
                if (line["what"], line.get("subject", {}).get("name")) == (what, name):
                    return line
            time.sleep(0.2)
        raise AssertionError(self.kept)


@contextmanager
def watching(cluster: Cluster, namespace: str) -> Iterator[Lines]:
    env = os.environ | {"KUBECONFIG": str(cluster.kubeconfig), "BLUEHELM_PATH": str(cluster.helm_path.parent)}
    scope = ["-A"] if namespace == "-A" else ["-n", namespace]
    argv = [sys.executable, "-m", "agent", "watch", *scope, "-o", "jsonl", f"--context={cluster.context}"]
    found = Lines()

    def read(process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            found.kept.append(json.loads(line))

    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=env, cwd=ROOT, text=True) as process:
        thread = threading.Thread(target=read, args=(process,))
        thread.start()
        time.sleep(4)
        try:
            yield found
        finally:
            process.terminate()
            thread.join(20)


def test_what_breaks_and_recovers_is_told_within_seconds(cluster: Cluster, namespace: str) -> None:
    place = f"--namespace={namespace}"
    with watching(cluster, namespace) as lines:
        cluster.kubectl("create", "deployment", "web", f"--image={BUSYBOX}", place, "--", "sh", "-c", ASKS)
        began = time.monotonic()
        told = lines.until("broken", "web", 40)
        assert time.monotonic() - began < 30
        assert "DATABASE_URL" in told["says"]
        mended = [{"op": "replace", "path": "/spec/template/spec/containers/0/command", "value": ["sleep", "600"]}]
        cluster.kubectl("patch", "deployment", "web", place, "--type=json", f"--patch={json.dumps(mended)}")
        lines.until("recovered", "web", 60)
    assert sum(line["what"] == "broken" for line in lines.kept) == 1


TLS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  tls: [{hosts: [web.example], secretName: web-tls}]
  rules:
    - host: web.example
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
"""
CANARY = "canary-hunter2"


def test_a_secret_that_is_made_later_is_known_and_its_data_is_not(cluster: Cluster, namespace: str) -> None:
    """Called missing for as long as the watch lasts, it would send somebody to make it a second time."""
    place = f"--namespace={namespace}"
    with watching(cluster, namespace) as lines:
        cluster.kubectl("create", "service", "clusterip", "web", "--tcp=80", place)
        cluster.kubectl("apply", "--filename=-", place, stdin=TLS)
        assert "web-tls" in lines.until("broken", "web", 30)["says"]
        cluster.kubectl("create", "secret", "generic", "web-tls", f"--from-literal=password={CANARY}", place)
        over = lines.until("recovered", "web", 60)
    assert "web-tls" in over["says"]
    assert CANARY not in json.dumps(lines.kept)


def test_all_namespaces_hear_of_secrets_as_well(cluster: Cluster, namespace: str) -> None:
    """Their rows do not say where they are, so they are read anew, half a minute later at most."""
    place = f"--namespace={namespace}"
    with watching(cluster, "-A") as lines:
        cluster.kubectl("create", "service", "clusterip", "web", "--tcp=80", place)
        cluster.kubectl("apply", "--filename=-", place, stdin=TLS)
        lines.until("broken", "web", 30)
        cluster.kubectl("create", "secret", "generic", "web-tls", "--from-literal=a=b", place)
        lines.until("recovered", "web", 90)
