"""kubeconfig credential plugins (`exec:`), as kubectl runs them, through tools/run.py.

Run only for a kubeconfig that the user owns, that nobody else may write, and that lies outside the repository: a
checkout must not start programs.
"""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tools.checkouts import inside_checkout
from tools.deadline import Deadline
from tools.failure import Failure, FailureKind
from tools.redact import MASK, is_secret_name
from tools.run import run_credential_plugin
from tools.text import clean

PASSED = (
    "HOME",
    "PATH",
    "USER",
    "LOGNAME",
    "LANG",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",  # az, behind a company's proxy
    "CURL_CA_BUNDLE",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_RUNTIME_DIR",
)
PASSED_PREFIXES = ("AWS_", "GOOGLE_", "CLOUDSDK_", "AZURE_", "ARM_", "KUBELOGIN_", "TELEPORT_", "OCI_", "DIGITALOCEAN_")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")

VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """What a plugin gave. Never printed."""

    token: str = ""
    certificate: bytes = b""
    key: bytes = b""
    expires: float = 0.0
    """Seconds since the epoch, 0.0 for never."""


_CACHE: dict[str, Credential] = {}


def credential(
    user: Mapping[str, Any], cluster: Mapping[str, Any], origin: Path, deadline: Deadline
) -> Credential | Failure:
    """Return the credential a kubeconfig user's plugin gives in time; an empty one where the user names none."""
    if user.get("auth-provider"):
        hint = "kubectl dropped it too; use the provider's `exec:` plugin"
        return Failure(FailureKind.CONFIG, f"kubeconfig {origin}", "auth-provider is not supported", hint)
    plugin = user.get("exec")
    if not plugin:
        return Credential()
    refusal = _refusal(plugin, origin)
    if refusal:
        return Failure(FailureKind.CONFIG, f"kubeconfig {origin}", refusal)
    return _cached(plugin | {"command": _program(plugin["command"], origin)}, cluster, deadline)


def _program(command: str, origin: Path) -> str:
    """Return a command as kubectl reads it: with a slash in it, it is relative to the kubeconfig.

    To the file itself, not to a link: a link in a checkout must not choose the program.
    """
    return str(origin.resolve().parent / command) if "/" in command else command


def _refusal(plugin: object, origin: Path) -> str:
    if not isinstance(plugin, dict) or not plugin.get("command"):
        return "exec: names no command"
    if not _well_formed(plugin):
        return "exec: args or env are not as they must be"
    if plugin.get("apiVersion") not in VERSIONS:
        return clean(f"exec: apiVersion {plugin.get('apiVersion')!r} is not one of {', '.join(VERSIONS)}")
    if plugin.get("interactiveMode") == "Always":
        return "its credential plugin wants a terminal (interactiveMode: Always), and gets none here; use IfAvailable"
    found = origin.resolve().stat()
    if found.st_uid not in (os.getuid(), 0) or found.st_mode & 0o022:
        return "its credential plugin is not run: the file belongs to, or may be written by, somebody else"
    if inside_checkout(origin):
        return "its credential plugin is not run: the file lies inside a git checkout; move it out, or use another"
    return ""


def _well_formed(plugin: Mapping[str, Any]) -> bool:
    """Return whether the words and variables of a plugin are texts a process can be given."""
    args, env = plugin.get("args") or [], plugin.get("env") or []
    if not isinstance(args, list) or not isinstance(env, list) or not all(isinstance(item, dict) for item in env):
        return False
    names = [item.get("name") for item in env]
    texts = [plugin["command"], *args, *names, *(item.get("value") or "" for item in env)]
    return all(isinstance(text, str) and "\0" not in text for text in texts) and not any("=" in name for name in names)


def _cached(plugin: Mapping[str, Any], cluster: Mapping[str, Any], deadline: Deadline) -> Credential | Failure:
    key = json.dumps([plugin, cluster.get("server")], sort_keys=True, default=str)
    kept = _CACHE.get(key)
    if kept is not None and (not kept.expires or kept.expires > time.time() + 30):
        return kept
    made = _made(plugin, cluster, deadline)
    if isinstance(made, Credential):
        _CACHE[key] = made
    return made


def _made(plugin: Mapping[str, Any], cluster: Mapping[str, Any], deadline: Deadline) -> Credential | Failure:
    argv = [plugin["command"], *(plugin.get("args") or ())]
    printed = run_credential_plugin(argv, _environment(plugin, cluster), deadline=deadline)
    if isinstance(printed, Failure):
        missing = printed.kind is FailureKind.MISSING
        hint = clean(str(plugin.get("installHint") or "")) if missing else "log in again, then retry"
        return Failure(printed.kind, _name(argv[0]), _without_secrets(printed.detail, plugin), hint)
    return _parsed(printed.stdout, _name(argv[0]))


def _name(command: str) -> str:
    return clean(f"credential plugin {command}")


def _without_secrets(said: str, plugin: Mapping[str, Any]) -> str:
    """Return a plugin's last words without the secrets the kubeconfig gave it: a client secret is often echoed."""
    for item in plugin.get("env") or ():
        if item.get("value") and is_secret_name(item["name"]):
            said = said.replace(clean(item["value"]), MASK)
    return said


def _environment(plugin: Mapping[str, Any], cluster: Mapping[str, Any]) -> dict[str, str]:
    kept = {
        key: value
        for key, value in os.environ.items()
        if key in PASSED or key.lower() in PROXIES or key.startswith(PASSED_PREFIXES)
    }
    named = {item["name"]: item.get("value") or "" for item in plugin.get("env") or () if item["name"]}
    info: dict[str, Any] = {
        "apiVersion": plugin["apiVersion"],
        "kind": "ExecCredential",
        "spec": {"interactive": False},
    }
    if plugin.get("provideClusterInfo"):
        info["spec"]["cluster"] = {key: value for key, value in cluster.items() if key in _CLUSTER_INFO}
    return kept | named | {"KUBERNETES_EXEC_INFO": json.dumps(info)}


_CLUSTER_INFO = ("server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data", "proxy-url")


def _parsed(text: str, what: str) -> Credential | Failure:
    try:
        status = json.loads(text)["status"]
        given = [status.get(key) or "" for key in ("token", "clientCertificateData", "clientKeyData")]
        token, certificate, key = (part.strip() for part in given)
        made = Credential(token, certificate.encode(), key.encode(), _epoch(status.get("expirationTimestamp")))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return Failure(FailureKind.MALFORMED, what, "printed no ExecCredential with a status")
    fault = _fault(made)
    return Failure(FailureKind.MALFORMED, what, fault) if fault else made


def _fault(made: Credential) -> str:
    """Return why a credential cannot be used, "" when it can."""
    if not made.token and not made.certificate and not made.key:
        return "gave neither token nor certificate"
    if bool(made.certificate) != bool(made.key):
        return "gave a certificate without its key, or a key without its certificate"
    return "" if is_sendable(made.token) else "gave a token with characters no header can carry"


def is_sendable(token: str) -> bool:
    """Return whether a header can carry a token: what http.client refuses it quotes, token and all."""
    return token.isascii() and token.isprintable()


def _epoch(text: str | None) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() if text else 0.0
