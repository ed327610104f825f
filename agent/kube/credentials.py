"""Where a container's credentials come from: the Secrets and keys its environment names, never what they hold."""

import re
from collections.abc import Iterator

from agent.kube.containers import Container

_CREDENTIAL = re.compile(r"PASS|PWD|USER|SECRET|TOKEN|KEY|URL|URI|DSN|CONN|CRED|AUTH", re.IGNORECASE)
"""Names of variables that hold who somebody is."""


def credentials(container: Container) -> list[str]:
    """Return `Secret db, key password (DB_PASSWORD)` for each variable of credentials, Secrets taken whole last."""
    return [*_single(container), *_whole(container)]


def _single(container: Container) -> Iterator[str]:
    for variable in container.spec.get("env") or ():
        chosen = (variable.get("valueFrom") or {}).get("secretKeyRef") or {}
        name = str(variable.get("name") or "")
        if chosen.get("name") and _CREDENTIAL.search(name):
            yield f"Secret {chosen['name']}, key {chosen.get('key')} ({name})"


def _whole(container: Container) -> Iterator[str]:
    for source in container.spec.get("envFrom") or ():
        name = (source.get("secretRef") or {}).get("name")
        if name:
            yield f"Secret {name}"
