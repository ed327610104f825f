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
    argv = [sys.executable, "-m", "agent", "watch", "-n", namespace, "-o", "jsonl", f"--context={cluster.context}"]
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
