"""How a cluster is reached: what is left of a kubeconfig once a context is chosen and its credentials resolved."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, repr=False)
class Access:
    """One cluster, one identity. Never printed: it holds credentials."""

    context: str
    server: str
    namespace: str
    ca: bytes = b""
    """PEM of the authority, b"" for the system's."""
    certificate: bytes = b""
    key: bytes = b""
    token: str = ""
    username: str = ""
    password: str = ""
    verify: bool = True
    tls_server_name: str = ""
    proxy: str = ""


def write_kubeconfig(access: Access, path: Path) -> None:
    """Write a kubeconfig of exactly this one context, readable by its owner only: what helm and kubectl get to see."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": access.context,
        "clusters": [{"name": access.context, "cluster": _cluster(access)}],
        "users": [{"name": access.context, "user": _user(access)}],
        "contexts": [{"name": access.context, "context": _context(access)}],
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(document), encoding="utf-8")


def _cluster(access: Access) -> dict[str, object]:
    return _said(
        {
            "server": access.server,
            "certificate-authority-data": _base64(access.ca),
            "tls-server-name": access.tls_server_name,
            "proxy-url": access.proxy,
            "insecure-skip-tls-verify": not access.verify,
        }
    )


def _user(access: Access) -> dict[str, object]:
    return _said(
        {
            "client-certificate-data": _base64(access.certificate),
            "client-key-data": _base64(access.key),
            "token": access.token,
            "username": access.username,
            "password": access.password,
        }
    )


def _context(access: Access) -> dict[str, object]:
    return {"cluster": access.context, "user": access.context, "namespace": access.namespace}


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _said(fields: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in fields.items() if value}
