"""The test bed's own kubectl and helm: they may change the cluster, the product's may not."""

import os
import subprocess
from pathlib import Path

from tests.cluster.binaries import program
from tests.cluster.layout import kubeconfig
from tests.cluster.trouble import Trouble


def kubectl(*args: str, stdin: str | None = None, check: bool = False) -> subprocess.CompletedProcess[str]:
    """Run kubectl against the local cluster.

    Raises:
        Trouble: check was asked for and kubectl failed; says what kubectl said.
    """
    return _run([str(program("kubectl")), f"--kubeconfig={kubeconfig()}", *args], stdin, check=check)


def helm(*args: str, check: bool = False) -> subprocess.CompletedProcess[str]:
    """Run helm 4 against the local cluster."""
    return _run([str(program("helm")), f"--kubeconfig={kubeconfig()}", *args], None, check=check)


def _run(argv: list[str], stdin: str | None, *, check: bool) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith(("KUBE", "HELM"))}
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, env=env)
    if check and done.returncode:
        raise Trouble(f"{Path(argv[0]).name} {' '.join(argv[2:5])} failed: {done.stderr.strip()[-300:]}")
    return done
