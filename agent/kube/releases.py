"""Which Helm release an object belongs to, by Helm's own marks on it, and the command that would change it."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from agent.kube.fields import metadata
from agent.snapshot.graph import Graph, labels
from agent.snapshot.record import Object, Ref

_VERSIONED = re.compile(r"(.+?)-v?\d+\.\d+\.\d+.*")


class Home(NamedTuple):
    """A Helm release: its name, namespace, and the name of its chart ("" when nothing says it)."""

    release: str
    namespace: str
    chart: str
    plain: bool = False
    """Whether it is known to run on the chart's own values alone."""


def home(objects: Sequence[Ref], graph: Graph) -> Home | None:
    """Return the release that owns the first of these objects any release owns, None when none does."""
    for name in objects:
        obj = graph.get(*name)
        found = _marked(obj, graph) if obj is not None else None
        found = found or _listed(name, graph)
        if found is not None:
            return found
    return None


def _marked(obj: Object, graph: Graph) -> Home | None:
    annotations = metadata(obj).get("annotations") or {}
    release = annotations.get("meta.helm.sh/release-name")
    if not release:
        return None
    namespace = annotations.get("meta.helm.sh/release-namespace") or metadata(obj).get("namespace", "")
    releases = graph.snapshot.releases
    known = next((found for found in releases if (found.name, found.namespace) == (release, namespace)), None)
    chart = (known.chart if known else "") or labels(obj).get("helm.sh/chart") or ""
    return Home(release, namespace, chart_name(chart), known is not None and known.values == {})


def _listed(name: Ref, graph: Graph) -> Home | None:
    for release in graph.snapshot.releases:
        for item in release.manifest or ():
            home_of = metadata(item).get("namespace") or release.namespace
            if (item.get("kind"), home_of, metadata(item).get("name")) == tuple(name):
                return Home(release.name, release.namespace, chart_name(release.chart), release.values == {})
    return None


def chart_name(text: str) -> str:
    """Return `todo-app` of `todo-app-0.1.0`: the chart's name without its version."""
    found = _VERSIONED.fullmatch(text)
    return found[1] if found else text


def helm_upgrade(place: Home, *, prod: bool) -> str:
    """Return the command that would apply a patch saved as patch.yaml, from a checkout with the chart in it.

    `--reset-values` drops what the release was given before, so that file is named too unless there was none.
    """
    chart = f"./charts/{place.chart}" if place.chart else "CHART"
    files = ["values.yaml", *(["values-prod.yaml"] if prod else [])]
    given = " ".join(f"-f {chart}/{name}" if place.chart else f"-f {name}" for name in files)
    own = "" if place.plain else " -f YOUR-VALUES.yaml"
    target = f"{place.release} {chart} --namespace {place.namespace}"
    return f"helm upgrade {target} --reset-values {given}{own} -f patch.yaml"
