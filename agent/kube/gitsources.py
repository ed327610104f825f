"""Where a GitOps tool takes from what it keeps: the repository, the revision, the path and the values files. Pure.

By the API of Argo CD (Application, v1alpha1) and of Flux (HelmRelease v2, Kustomization v1, the sources v1).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agent.blueprint.values import keys
from agent.kube.fields import metadata, spec
from agent.snapshot.record import Object
from tools.documents import Unreadable, plain
from tools.text import clean
from tools.urls import without_login

OWN_SOURCE = "$"
"""Argo CD: a values file `$NAME/PATH` lies in the source of that name."""

LONGEST = 400


@dataclass(frozen=True, slots=True)
class Source:
    """One place that decides what is applied."""

    repository: str
    """Its URL without credentials, "" where the values stand in the tool's own object."""
    revision: str
    """Branch, tag, version or commit."""
    path: str
    """A folder in the repository, or a chart's name in a registry of charts."""
    files: tuple[str, ...] = ()
    """Values files, as the tool names them."""
    holder: str = ""
    """Where values stand in the tool's own object: `spec.values of HelmRelease shop in flux-system`."""
    note: str = ""

    def __str__(self) -> str:
        """`https://git.example.org/shop.git at main, charts/shop, values file values-prod.yaml`."""
        place = f"{self.repository} at {self.revision}" if self.revision else self.repository
        files = f"values file{'s' if len(self.files) > 1 else ''} {', '.join(self.files)}" if self.files else ""
        return ", ".join(part for part in (self.holder, place, self.path, files) if part)


@dataclass(frozen=True, slots=True)
class Inline:
    """Values that stand in the tool's own object: they win over every file."""

    holder: str
    values: Mapping[str, Any]
    parameters: frozenset[str] = frozenset()
    """Values paths that are set one by one."""

    def sets(self, path: str) -> bool:
        """Return whether a values path, or what is above or below it, stands here."""
        here: Any = self.values
        for key in keys(path):
            if not isinstance(here, Mapping) or key not in here:
                return path in self.parameters or not isinstance(here, Mapping)
            here = here[key]
        return True


def of_application(obj: Object) -> Iterator[Source]:
    """Yield the sources of an Argo CD Application."""
    every = _argo_sources(obj)
    named = {str(item["ref"]): item for item in every if item.get("ref")}
    for item in every:
        helm = item.get("helm") or {}
        files = [str(name) for name in helm.get("valueFiles") or ()]
        own = tuple(name for name in files if not name.startswith(OWN_SOURCE))
        if item.get("path") or item.get("chart"):
            yield _argo(item, own)
        for name in files:
            ref, _, path = name.removeprefix(OWN_SOURCE).partition("/")
            if name.startswith(OWN_SOURCE) and ref in named:
                yield _argo({**named[ref], "path": ""}, (path,))


def _argo_sources(obj: Object) -> Sequence[Mapping[str, Any]]:
    asked = spec(obj)
    return [item for item in asked.get("sources") or [asked.get("source")] if isinstance(item, dict)]


def _argo(item: Mapping[str, Any], files: tuple[str, ...]) -> Source:
    place, where = item.get("path") or item.get("chart"), without_login(_said(item.get("repoURL")))
    return Source(where, _said(item.get("targetRevision")) or "HEAD", _said(place), files)


def of_release(obj: Object, source: Object | None) -> Iterator[Source]:
    """Yield where a Flux HelmRelease takes its chart from; `source` is the object its chart names."""
    chart = (spec(obj).get("chart") or {}).get("spec") or {}
    files = tuple(_said(name) for name in chart.get("valuesFiles") or ())
    found = _flux(source, str(chart.get("chart") or ""), files)
    if found is not None and source is not None and source.get("kind") == "GitRepository":
        waits = chart.get("reconcileStrategy") != "Revision"
        yield replace(found, note="Flux takes it up only with a new version in Chart.yaml" if waits else "")
    elif found is not None:
        yield replace(found, revision=_said(chart.get("version")) or found.revision)
    for given in spec(obj).get("valuesFrom") or ():
        yield Source("", "", "", holder=_said(f"{given.get('kind')} {given.get('name')}, from which values come"))


def of_kustomization(obj: Object, source: Object | None) -> Iterator[Source]:
    """Yield where a Flux Kustomization takes its manifests from."""
    found = _flux(source, str(spec(obj).get("path") or ""), ())
    if found is not None:
        yield found


def chart_reference(obj: Object) -> Mapping[str, Any]:
    """Return what a HelmRelease or a Kustomization names as its source: kind, name, namespace."""
    asked = spec(obj)
    chart = (asked.get("chart") or {}).get("spec") or {}
    found = asked.get("chartRef") or chart.get("sourceRef") or asked.get("sourceRef") or {}
    return {"namespace": metadata(obj).get("namespace"), **found} if isinstance(found, dict) else {}


def inline(obj: Object) -> Iterator[Inline]:
    """Yield the values that stand in an Application or a HelmRelease itself."""
    name = _said(f"{obj.get('kind')} {metadata(obj).get('name')} in {metadata(obj).get('namespace')}")
    if obj.get("kind") == "HelmRelease" and isinstance(spec(obj).get("values"), dict):
        yield Inline(f"spec.values of {name}", spec(obj)["values"])
    for item in _argo_sources(obj) if obj.get("kind") == "Application" else ():
        helm = item.get("helm") or {}
        own = {str(given.get("name")) for given in helm.get("parameters") or () if isinstance(given, dict)}
        yield Inline(f"helm.parameters of {name}", {}, frozenset(own))
        yield Inline(f"helm.valuesObject of {name}", helm.get("valuesObject") or {})
        yield Inline(f"helm.values of {name}", _document(helm.get("values")))


def _document(text: Any) -> Mapping[str, Any]:
    try:
        found = plain(str(text or "").encode())
    except Unreadable:
        return {}
    return found if isinstance(found, dict) else {}


def _flux(source: Object | None, path: str, files: tuple[str, ...]) -> Source | None:
    if source is None:
        return None
    asked = spec(source)
    ref = asked.get("ref") or {}
    revision = next((str(ref[key]) for key in ("commit", "name", "semver", "tag", "branch") if ref.get(key)), "")
    where = without_login(_said(asked.get("url"))) or _said(asked.get("bucketName"))
    default = "master" if source.get("kind") == "GitRepository" else ""
    return Source(where, _said(revision) or default, _said(path), files)


def _said(value: Any) -> str:
    return clean(str(value or ""), LONGEST)
