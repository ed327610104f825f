"""The API of PolicyReports on the test bed, as Kyverno defines it: the files of its own release, from its Go module."""

import json
import subprocess
from pathlib import Path

from tests.cluster.binaries import go
from tests.cluster.client import kubectl
from tests.cluster.trouble import Trouble

KYVERNO = "github.com/kyverno/kyverno@v1.15.2"


def define() -> None:
    """Have the cluster know PolicyReport and ClusterPolicyReport."""
    done = subprocess.run([go(), "mod", "download", "-json", KYVERNO], capture_output=True, text=True)
    if done.returncode:
        raise Trouble(f"Kyverno's definitions cannot be had: {done.stderr.strip()[-200:]}")
    folder = Path(json.loads(done.stdout)["Dir"]) / "config" / "crds" / "policyreport"
    kubectl("apply", "--server-side", f"--filename={folder}", check=True)
    kubectl("wait", "--for=condition=Established", "crd/policyreports.wgpolicyk8s.io", "--timeout=30s", check=True)
