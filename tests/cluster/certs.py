"""Certificates of a cluster that lives for an afternoon, made with openssl."""

import base64
import json
import subprocess
from pathlib import Path

from tests.cluster.layout import API_SERVICE, CONTEXT, NODE, PORTS, kubeconfig, node_ip, run_dir

DAYS = "30"

CLIENTS = {
    "admin": "/O=system:masters/CN=bluehelm-admin",
    "kube-controller-manager": "/CN=system:kube-controller-manager",
    "kube-scheduler": "/CN=system:kube-scheduler",
    "kube-proxy": "/CN=system:kube-proxy",
    "kubelet-client": f"/O=system:nodes/CN=system:node:{NODE}",
    "front-proxy": "/CN=front-proxy-client",
}


def folder() -> Path:
    """Return where keys and certificates are."""
    return run_dir() / "pki"


def create() -> None:
    """Make the authority, every client, the two servers and the key for service accounts."""
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    _openssl("req", "-x509", *_new_key("ca"), "-out", "ca.crt", "-days", DAYS, "-subj", "/CN=bluehelm-test-ca")
    for name, subject in CLIENTS.items():
        _signed(name, subject, "clientAuth")
    names = "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
    addresses = f"IP:127.0.0.1,IP:{node_ip()},IP:{API_SERVICE}"
    _signed("kube-apiserver", "/CN=kube-apiserver", "serverAuth", f"{names},DNS:localhost,{addresses}")
    _signed("kubelet", f"/CN={NODE}", "serverAuth", f"DNS:{NODE},IP:127.0.0.1,IP:{node_ip()}")
    _openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "service-accounts.key")
    _openssl("pkey", "-in", "service-accounts.key", "-pubout", "-out", "service-accounts.pub")


def write_kubeconfigs() -> None:
    """Write the administrator's kubeconfig and one for each part that talks to the API server."""
    for name in ("kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet-client"):
        _write(folder() / f"{name}.kubeconfig", name)
    _write(kubeconfig(), "admin")


def _write(path: Path, client: str) -> None:
    server = f"https://127.0.0.1:{PORTS['kube-apiserver']}"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "clusters": [{"name": CONTEXT, "cluster": {"server": server, "certificate-authority-data": _data("ca.crt")}}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": client}}],
        "users": [
            {
                "name": client,
                "user": {
                    "client-certificate-data": _data(f"{client}.crt"),
                    "client-key-data": _data(f"{client}.key"),
                },
            }
        ],
    }
    path.write_text(json.dumps(config, indent=1))
    path.chmod(0o600)


def _data(name: str) -> str:
    return base64.b64encode((folder() / name).read_bytes()).decode()


def _signed(name: str, subject: str, usage: str, alternatives: str = "") -> None:
    extensions = f"extendedKeyUsage={usage}\nkeyUsage=digitalSignature,keyEncipherment\n"
    extensions += f"subjectAltName={alternatives}\n" if alternatives else ""
    (folder() / f"{name}.ext").write_text(extensions)
    _openssl("req", *_new_key(name), "-out", f"{name}.csr", "-subj", subject)
    authority = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial")
    files = ("-in", f"{name}.csr", "-out", f"{name}.crt", "-extfile", f"{name}.ext")
    _openssl("x509", "-req", *files, *authority, "-days", DAYS)


def _new_key(name: str) -> tuple[str, ...]:
    return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key")


def _openssl(*args: str) -> None:
    subprocess.run(["openssl", *args], cwd=folder(), check=True, capture_output=True)
