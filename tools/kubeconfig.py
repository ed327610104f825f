"""The user's kubeconfig: files merged as kubectl merges them, one context chosen, its credentials resolved.

Credential plugins (`exec:`, what EKS, GKE and AKS use) run through tools/credential.py, so that this is no second way
to start a process; the old `auth-provider` is refused.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.access import Access
from tools.deadline import Deadline
from tools.documents import plain
from tools.failure import Failure, FailureKind
from tools.files import read
from tools.incluster import in_cluster
from tools.text import clean
from tools.urls import proxy_fault, server_fault

HINT = "name another with --context or --kubeconfig"

PLUGIN = 30.0
"""Seconds for a credential plugin where no command's deadline counts."""


def access(context: str = "", kubeconfig: str = "", deadline: Deadline | None = None) -> Access | Failure:
    """Return how to reach the cluster a context names; "" is the current context of the files kubectl would read.

    A credential plugin has until the deadline to answer, without one its own time.
    """
    files = _files(kubeconfig)
    merged = _merged(files)
    if isinstance(merged, Failure):
        return merged
    if not merged["contexts"]:
        nothing = Failure(FailureKind.CONFIG, "kubeconfig", _nothing(files), "set KUBECONFIG or give --kubeconfig FILE")
        return in_cluster() or nothing
    return _chosen(merged, context, deadline or Deadline.after(PLUGIN))


def contexts(kubeconfig: str = "") -> tuple[list[str], str] | Failure:
    """Return the names of all contexts and the current one's."""
    merged = _merged(_files(kubeconfig))
    return merged if isinstance(merged, Failure) else (sorted(merged["contexts"]), str(merged["current"]))


def written_to(kubeconfig: str = "") -> str:
    """Return the user's files as $KUBECONFIG names them, for a program that is to enter a context there."""
    return os.pathsep.join(map(str, _files(kubeconfig)))


def _files(given: str) -> list[Path]:
    if given:
        return [Path(given)]
    listed = [Path(part) for part in os.environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    return listed or [Path.home() / ".kube" / "config"]


def _nothing(files: list[Path]) -> str:
    missing = [str(path) for path in files if not path.exists()]
    return f"no such file: {', '.join(missing)}" if missing else f"{', '.join(map(str, files))} names no context"


def _merged(files: list[Path]) -> dict[str, Any] | Failure:
    """Merge as kubectl does: the first file to name a thing wins, relative paths belong to their own file."""
    merged: dict[str, Any] = {"contexts": {}, "clusters": {}, "users": {}, "current": ""}
    for path in files:
        found = _read(path)
        if isinstance(found, Failure):
            return found
        for section in ("contexts", "clusters", "users"):
            for item in found.get(section) or ():
                merged[section].setdefault(item.get("name"), (item.get(section.removesuffix("s")) or {}, path))
        merged["current"] = merged["current"] or found.get("current-context") or ""
    return merged


def _read(path: Path) -> Mapping[str, Any] | Failure:
    try:
        found = plain(read(path))
    except FileNotFoundError:
        return {}
    except OSError as error:
        return Failure(FailureKind.CONFIG, f"kubeconfig {path}", error.strerror or "unreadable")
    except ValueError as error:
        return Failure(FailureKind.CONFIG, f"kubeconfig {path}", clean(str(error), 160))
    if found is not None and not _is_kubeconfig(found):
        return Failure(FailureKind.CONFIG, f"kubeconfig {path}", "not a kubeconfig")
    return found or {}


FLAGS = ("insecure-skip-tls-verify", "disable-compression")
NESTED = ("exec", "auth-provider", "extensions", "as-groups", "as-user-extra")


def _is_kubeconfig(found: Any) -> bool:
    """Return whether every field is of the type it must have, so that nothing below meets another."""
    if not isinstance(found, dict) or not isinstance(found.get("current-context") or "", str):
        return False
    sections = [(found.get(f"{entry}s") or [], entry) for entry in ("context", "cluster", "user")]
    return all(
        isinstance(listed, list) and all(_is_entry(item, entry) for item in listed) for listed, entry in sections
    )


def _is_entry(item: Any, entry: str) -> bool:
    if not isinstance(item, dict) or not isinstance(item.get("name"), str):
        return False
    fields = item.get(entry) or {}
    return isinstance(fields, dict) and all(
        key in NESTED or isinstance(value, bool if key in FLAGS else str) or value is None
        for key, value in fields.items()
    )


def _chosen(merged: dict[str, Any], context: str, deadline: Deadline) -> Access | Failure:
    name = context or merged["current"]
    if name not in merged["contexts"]:
        known = ", ".join(sorted(map(str, merged["contexts"])))
        what = f"context {name!r}" if name else "current context"
        kind = FailureKind.NOT_FOUND if context else FailureKind.CONFIG
        return Failure(kind, what, f"not in the kubeconfig; there are: {known}", HINT)
    found, _ = merged["contexts"][name]
    cluster, cluster_file = merged["clusters"].get(found.get("cluster"), ({}, Path()))
    user, user_file = merged["users"].get(found.get("user"), ({}, Path()))
    if not cluster.get("server"):
        return Failure(
            FailureKind.CONFIG, f"context {name!r}", f"names a cluster without server: {found.get('cluster')}", HINT
        )
    cluster = {**cluster, "server": _with_scheme(cluster)}
    fault = server_fault(str(cluster["server"])) or proxy_fault(str(cluster.get("proxy-url") or ""))
    if fault:
        return Failure(FailureKind.CONFIG, f"context {name!r}", fault, f"mend it in {cluster_file}")
    return _resolved(name, found.get("namespace") or "default", (cluster, cluster_file), (user, user_file), deadline)


def _with_scheme(cluster: Mapping[str, Any]) -> str:
    """Return a server's URL; without a scheme it is what client-go takes it for: https where TLS is configured."""
    server = str(cluster["server"])
    secure = any(key.startswith(("certificate-", "insecure-", "tls-")) and cluster[key] for key in cluster)
    return server if "://" in server else f"{'https' if secure else 'http'}://{server}"


_Entry = tuple[Mapping[str, Any], Path]


def _resolved(context: str, namespace: str, cluster: _Entry, user: _Entry, deadline: Deadline) -> Access | Failure:
    from tools.credential import credential, is_sendable

    authority = _content(*cluster, "certificate-authority")
    if isinstance(authority, Failure):
        return authority
    made = credential(user[0], _with_authority(cluster[0], authority), user[1], deadline)
    if isinstance(made, Failure):
        return made
    files = (
        _content(*user, "client-certificate"),
        _content(*user, "client-key"),
        _content(*user, "token", file_key="tokenFile"),
    )
    failed = next((found for found in files if isinstance(found, Failure)), None)
    if failed is not None:
        return failed
    certificate, key, said = (found for found in files if not isinstance(found, Failure))
    token = made.token or said.decode(errors="replace").strip()
    if not is_sendable(token):
        return Failure(FailureKind.CONFIG, f"kubeconfig {user[1]}", "the token holds characters no header can carry")
    return Access(
        context,
        str(cluster[0]["server"]).rstrip("/"),
        namespace,
        authority,
        made.certificate or certificate,
        made.key or key,
        token,
        str(user[0].get("username") or ""),
        str(user[0].get("password") or ""),
        not cluster[0].get("insecure-skip-tls-verify"),
        str(cluster[0].get("tls-server-name") or ""),
        str(cluster[0].get("proxy-url") or ""),
    )


def _with_authority(cluster: Mapping[str, Any], authority: bytes) -> Mapping[str, Any]:
    """Return a cluster as a plugin is told of it: kubectl hands on the authority itself, never the path of its file."""
    return {**cluster, "certificate-authority-data": base64.b64encode(authority).decode()} if authority else cluster


def _content(entry: Mapping[str, Any], origin: Path, key: str, *, file_key: str = "") -> bytes | Failure:
    """Return what a field holds: inline base64 (`KEY-data`), inline text (a token), or a file beside its kubeconfig."""
    if entry.get(f"{key}-data"):
        try:
            return base64.b64decode(entry[f"{key}-data"], validate=False)
        except (binascii.Error, ValueError, TypeError):
            return Failure(FailureKind.CONFIG, f"kubeconfig {origin}", f"{key}-data is not base64")
    if file_key and entry.get(key):
        return str(entry[key]).encode()
    named = entry.get(file_key or key)
    if not named:
        return b""
    try:
        return read(origin.parent / Path(str(named)).expanduser())
    except OSError as error:
        return Failure(FailureKind.CONFIG, f"kubeconfig {origin}", f"{named}: {error.strerror}")
