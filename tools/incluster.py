"""The access a pod has to its own cluster: the files its service account mounts, and the address it is given."""

import os
from pathlib import Path

from tools.access import Access
from tools.failure import Failure, FailureKind
from tools.files import read
from tools.urls import server_fault

MOUNTED = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def in_cluster() -> Access | Failure | None:
    """Return the access a pod has, a Failure where its files cannot be used, None outside of a pod.

    Without a `namespace` file it is `default`, as kubectl takes it. Without the authority nothing is trusted: the
    system's own would vouch for any server.
    """
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
    if not host or not port or not (MOUNTED / "token").exists():
        return None
    server = f"https://{f'[{host}]' if ':' in host else host}:{port}"
    fault = server_fault(server)
    if fault:
        return Failure(FailureKind.CONFIG, "in-cluster configuration", fault, "it is KUBERNETES_SERVICE_HOST and _PORT")
    return _mounted(server)


def _mounted(server: str) -> Access | Failure:
    from tools.credential import is_sendable

    try:
        authority, token = read(MOUNTED / "ca.crt"), read(MOUNTED / "token")
        named = MOUNTED / "namespace"
        namespace = read(named).decode(errors="replace").strip() if named.exists() else ""
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}"
        return Failure(FailureKind.CONFIG, "in-cluster configuration", reason, "give --kubeconfig FILE")
    text = token.decode(errors="replace").strip()
    if not is_sendable(text):
        return Failure(FailureKind.CONFIG, "in-cluster configuration", "the token holds characters no header can carry")
    return Access("in-cluster", server, namespace or "default", ca=authority, token=text)
