"""helm, read only: releases, their values and manifests, and charts that are on this machine."""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.failure import Failure, FailureKind
from tools.files import refuse
from tools.run import run, run_json, run_manifest, run_sourced
from tools.sandbox import Sandbox
from tools.schemas import odd_schema
from tools.text import clean

PROCESSES = 4
"""helm processes at a time: each holds a connection and 60 MB."""

MOST = 100_000
"""Releases asked for: helm alone stops at 256 and does not say so."""

Objects = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a release's newest revision. `status` is helm's word: `deployed`, `failed`, `pending-upgrade` …"""

    name: str
    namespace: str
    revision: int
    status: str
    description: str
    updated: str
    """When it was last deployed, RFC 3339."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One line of a release's history."""

    revision: int
    status: str
    chart: str
    app_version: str
    description: str
    updated: str


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a release was made of."""

    name: str
    namespace: str
    revision: int
    status: str
    chart: str
    version: str
    app_version: str
    deployed_at: str
    applied: str = ""
    """`ssa` where the server applied it, `csa` where helm did; "" from a helm that does not say."""


@dataclass(frozen=True, slots=True)
class Lint:
    """The verdict of `helm lint --strict`, and what it printed."""

    passed: bool
    text: str


def version(box: Sandbox) -> str | Failure:
    """Return helm's version: `v4.1.4`."""
    found = run(["helm", "version", "--short"], box)
    return found if isinstance(found, Failure) else found.stdout.strip().partition("+")[0]


def releases(box: Sandbox, namespace: str | None, *, described: bool = False) -> list[dict[str, Any]] | Failure:
    """Return every release of a namespace (None: of all), with user-supplied values and manifest where readable.

    Keys: name, namespace, revision, status, chart, app_version, updated, values (redacted), manifest (objects without
    Secrets); the last two are None where this identity may not read them. `described` adds what Helm notes of the
    newest revision, which costs one process more for each.
    """
    scope = "--all-namespaces" if namespace is None else f"--namespace={namespace}"
    argv = ["helm", "list", scope, f"--kube-context={box.context}", f"--max={MOST}", "--output=json"]
    listed = _listed(run_json(argv, box), "helm list")
    if isinstance(listed, Failure):
        return listed
    with ThreadPoolExecutor(PROCESSES) as workers:
        return list(workers.map(lambda item: _release(box, item, described=described), listed))


def _release(box: Sandbox, item: Mapping[str, Any], *, described: bool) -> dict[str, Any]:
    name, namespace = _text(item, "name"), _text(item, "namespace")
    return {
        "name": name,
        "namespace": namespace,
        "revision": _number(item, "revision"),
        "status": _text(item, "status"),
        "chart": _text(item, "chart"),
        "app_version": _text(item, "app_version"),
        "updated": _text(item, "updated"),
        "values": _value(values(box, name, namespace)),
        "manifest": _value(manifest(box, name, namespace)),
        "description": _described(box, name, namespace) if described else "",
    }


def _described(box: Sandbox, name: str, namespace: str) -> str:
    found = history(box, name, namespace)
    return found[-1].description if not isinstance(found, Failure) and found else ""


def values(box: Sandbox, name: str, namespace: str) -> Mapping[str, Any] | Failure:
    """Return the values a release was given (not the chart's defaults), redacted."""
    found = run_json(["helm", "get", "values", name, *_target(box, namespace), "--output=json"], box)
    return {} if found is None else _mapping(found, "helm get values")


def manifest(box: Sandbox, name: str, namespace: str, revision: int = 0) -> Objects | Failure:
    """Return the objects that the stored manifest of a release's revision names, without its Secrets; 0 is the last."""
    words = ["helm", "get", "manifest", name, *_target(box, namespace)]
    found: Objects | Failure = run_manifest([*words, *([f"--revision={revision}"] if revision else [])], box)
    return found


def metadata(box: Sandbox, name: str, namespace: str) -> Metadata | Failure:
    """Return what a release's newest revision was made of."""
    argv = ["helm", "get", "metadata", name, *_target(box, namespace), "--output=json"]
    found = _mapping(run_json(argv, box), "helm get metadata")
    if isinstance(found, Failure):
        return found
    return Metadata(
        _text(found, "name"),
        _text(found, "namespace"),
        _number(found, "revision"),
        _text(found, "status"),
        _text(found, "chart"),
        _text(found, "version"),
        _text(found, "appVersion"),
        _text(found, "deployedAt"),
        _text(found, "applyMethod"),
    )


def status(box: Sandbox, name: str, namespace: str) -> Status | Failure:
    """Return a release's state. helm prints every object beside it, Secrets with their data: those stay behind."""
    argv = ["helm", "status", name, *_target(box, namespace), "--output=json"]
    found = _mapping(run_json(argv, box), "helm status")
    if isinstance(found, Failure):
        return found
    info = found.get("info")
    told: Mapping[str, Any] = info if isinstance(info, dict) else {}
    return Status(
        _text(found, "name"),
        _text(found, "namespace"),
        _number(found, "version"),
        _text(told, "status"),
        _text(told, "description"),
        _text(told, "last_deployed"),
    )


def history(box: Sandbox, name: str, namespace: str) -> list[Revision] | Failure:
    """Return a release's revisions, oldest first."""
    found = run_json(["helm", "history", name, *_target(box, namespace), "--output=json"], box)
    listed = _listed(found, "helm history")
    return listed if isinstance(listed, Failure) else [_revision(item) for item in listed]


def template(
    box: Sandbox, name: str, namespace: str, chart: Path, files: Sequence[Path] = (), *, kube_version: str = ""
) -> Objects | Failure:
    """Render a chart that is on this machine as a release in a namespace; Secrets are dropped from what comes out.

    `kube_version` is the cluster's, for charts that ask; "" leaves it to helm's own idea.
    """
    found = sourced(box, name, namespace, chart, files, kube_version=kube_version)
    return found if isinstance(found, Failure) else [obj for _, obj in found]


def sourced(
    box: Sandbox, name: str, namespace: str, chart: Path, files: Sequence[Path] = (), *, kube_version: str = ""
) -> Sequence[tuple[str, Mapping[str, Any]]] | Failure:
    """Render a chart as `template` does, each object with the template below the chart's folder it came out of."""
    asked = [f"--kube-version={kube_version}"] if kube_version else []
    argv = ["helm", "template", name, str(chart.resolve()), f"--namespace={namespace}", *asked, *_given(files)]
    found: Sequence[tuple[str, Mapping[str, Any]]] | Failure = refusal(chart, files) or run_sourced(argv, box)
    return found


def lint(box: Sandbox, chart: Path, files: Sequence[Path] = ()) -> Lint | Failure:
    """Return what `helm lint --strict` says of a chart."""
    argv = ["helm", "lint", str(chart.resolve()), "--strict", *_given(files)]
    found = refusal(chart, files) or run(argv, box, answers=(0, 1))
    return found if isinstance(found, Failure) else Lint(found.code == 0, found.stdout)


def show_chart(box: Sandbox, chart: Path) -> str | Failure:
    """Return a chart's Chart.yaml as helm reads it."""
    return _said(["helm", "show", "chart", str(chart.resolve())], box, chart)


def show_values(box: Sandbox, chart: Path) -> str | Failure:
    """Return a chart's default values with their comments, redacted."""
    return _said(["helm", "show", "values", str(chart.resolve())], box, chart)


def _said(argv: Sequence[str], box: Sandbox, chart: Path) -> str | Failure:
    found = refusal(chart) or run(argv, box)
    return found if isinstance(found, Failure) else found.stdout


def refusal(chart: Path, files: Sequence[Path] = ()) -> Failure | None:
    """Return why a chart or a values file is not handed to helm, None where it may have them.

    helm follows links out of a chart, waits for a pipe, reads a device to its end and fetches what a schema refers to.
    """
    what, root = f"chart {chart}", chart.resolve()
    if not (root / "Chart.yaml").is_file():
        return Failure(FailureKind.NOT_FOUND, what, "no Chart.yaml there")
    reason = next((said for path in _entries(root) if (said := _stray(path, root))), "")
    odd = None if reason else odd_schema(root)
    if reason or odd:
        return Failure(FailureKind.DENIED, what, reason or clean(f"{odd.file} {odd.reason}" if odd else "", 200))
    return next((failed for path in files if (failed := _unfit(path))), None)


def _entries(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        yield from (Path(folder, name) for name in (*folders, *files))


def _stray(path: Path, root: Path) -> str:
    """Return what is wrong with one entry of a chart, "" when nothing is."""
    if path.is_symlink():
        try:
            inside = path.resolve().is_relative_to(root)
        except (OSError, RuntimeError):  # what a ring of links makes it raise
            return f"{path.relative_to(root)} is a link that leads nowhere"
        if not inside:
            return f"{path.relative_to(root)} is a link that leaves the chart"
    if path.exists() and not path.is_dir() and not path.is_file():
        return f"{path.relative_to(root)} is neither a file nor a folder"
    return ""


def _unfit(file: Path) -> Failure | None:
    try:
        refuse(file)
    except FileNotFoundError:
        return None  # helm says so itself
    except OSError as error:
        return Failure(FailureKind.CONFIG, f"values file {file}", error.strerror or "cannot be read")
    return None


def _revision(item: Mapping[str, Any]) -> Revision:
    return Revision(
        _number(item, "revision"),
        _text(item, "status"),
        _text(item, "chart"),
        _text(item, "app_version"),
        _text(item, "description"),
        _text(item, "updated"),
    )


def _given(files: Sequence[Path]) -> list[str]:
    return [f"--values={path.resolve()}" for path in files]


def _target(box: Sandbox, namespace: str) -> list[str]:
    return [f"--namespace={namespace}", f"--kube-context={box.context}"]


def _value(found: Any) -> Any:
    return None if isinstance(found, Failure) else found


def _mapping(found: Any, what: str) -> Mapping[str, Any] | Failure:
    if isinstance(found, (dict, Failure)):
        return found
    return Failure(FailureKind.MALFORMED, what, "printed no mapping")


def _listed(found: Any, what: str) -> Sequence[Mapping[str, Any]] | Failure:
    if isinstance(found, Failure):
        return found
    if isinstance(found, list) and all(isinstance(item, dict) for item in found):
        return found
    return Failure(FailureKind.MALFORMED, what, "printed no list")


def _text(item: Mapping[str, Any], key: str) -> str:
    found = item.get(key)
    return found if isinstance(found, str) else ""


def _number(item: Mapping[str, Any], key: str) -> int:
    """Return a revision: `helm list` prints it as text, the other commands as a number; 0 for what is none."""
    found = str(item.get(key))
    return int(found) if found.isascii() and found.isdigit() else 0
