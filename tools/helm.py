"""helm, read only: releases, their values and manifests, and charts that are on this machine."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tools.failure import Failure, FailureKind
from tools.run import Sandbox, run, run_json, run_manifest

ATTEMPTS = 4
"""helm processes at a time: each holds a connection and 60 MB."""

Objects = Sequence[Mapping[str, Any]]


def version(box: Sandbox) -> str | Failure:
    """Return helm's version: `v4.1.4`."""
    found = run(["helm", "version", "--short"], box)
    return found if isinstance(found, Failure) else found.stdout.strip().partition("+")[0]


def releases(box: Sandbox, namespace: str | None) -> list[dict[str, Any]] | Failure:
    """Return every release of a namespace (None: of all), with user-supplied values and manifest where readable.

    Keys: name, namespace, revision, status, chart, app_version, updated, values (redacted), manifest (objects without
    Secrets); the last two are None where this identity may not read them.
    """
    scope = "--all-namespaces" if namespace is None else f"--namespace={namespace}"
    listed = run_json(["helm", "list", scope, f"--kube-context={box.context}", "--output=json"], box)
    if isinstance(listed, Failure):
        return listed
    if not isinstance(listed, list):
        return Failure(FailureKind.MALFORMED, "helm list", "printed no list")
    with ThreadPoolExecutor(ATTEMPTS) as workers:
        return list(workers.map(lambda item: _release(box, item), listed))


def _release(box: Sandbox, item: Mapping[str, Any]) -> dict[str, Any]:
    name, namespace = str(item.get("name")), str(item.get("namespace"))
    return {
        "name": name,
        "namespace": namespace,
        "revision": int(item.get("revision") or 0),
        "status": str(item.get("status") or ""),
        "chart": str(item.get("chart") or ""),
        "app_version": str(item.get("app_version") or ""),
        "updated": str(item.get("updated") or ""),
        "values": _value(values(box, name, namespace)),
        "manifest": _value(manifest(box, name, namespace)),
    }


def values(box: Sandbox, name: str, namespace: str) -> Mapping[str, Any] | Failure:
    """Return the values a release was given (not the chart's defaults), redacted."""
    found = run_json(["helm", "get", "values", name, *_target(box, namespace), "--output=json"], box)
    if isinstance(found, Failure):
        return found
    return found if isinstance(found, dict) else {}


def manifest(box: Sandbox, name: str, namespace: str) -> Objects | Failure:
    """Return the objects a release's stored manifest names, without its Secrets."""
    found: Objects | Failure = run_manifest(["helm", "get", "manifest", name, *_target(box, namespace)], box)
    return found


def template(box: Sandbox, name: str, chart: Path, files: Sequence[Path] = ()) -> Objects | Failure:
    """Render a chart that is on this machine; Secrets are dropped from what comes out."""
    given = [f"--values={path.resolve()}" for path in files]
    found: Objects | Failure = run_manifest(["helm", "template", name, str(chart.resolve()), *given], box)
    return found


def lint(box: Sandbox, chart: Path, files: Sequence[Path] = ()) -> str | Failure:
    """Return what `helm lint --strict` says of a chart that passes."""
    given = [f"--values={path.resolve()}" for path in files]
    found = run(["helm", "lint", str(chart.resolve()), "--strict", *given], box)
    return found if isinstance(found, Failure) else found.stdout


def _target(box: Sandbox, namespace: str) -> list[str]:
    return [f"--namespace={namespace}", f"--kube-context={box.context}"]


def _value(found: Any) -> Any:
    return None if isinstance(found, Failure) else found
