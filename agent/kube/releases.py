"""Which Helm release an object belongs to, by Helm's own marks on it, and the command that would change it."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agent.kube.fields import metadata
from agent.kube.memo import per_graph
from agent.kube.remedies import Command
from agent.snapshot.graph import Graph, labels
from agent.snapshot.record import Object, Ref, Release

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
    known = _releases(graph).get((release, namespace))
    chart = (known.chart if known else "") or labels(obj).get("helm.sh/chart") or ""
    return Home(release, namespace, chart_name(chart), known is not None and known.values == {})


def _listed(name: Ref, graph: Graph) -> Home | None:
    return _homes(graph).get(name)


@per_graph
def _homes(graph: Graph) -> Mapping[Ref, Home]:
    """Return object -> the release whose manifest has it."""
    found: dict[Ref, Home] = {}
    for release in graph.snapshot.releases:
        place = Home(release.name, release.namespace, chart_name(release.chart), release.values == {})
        for item in release.manifest or ():
            namespace = str(metadata(item).get("namespace") or release.namespace)
            found.setdefault(Ref(str(item.get("kind")), namespace, str(metadata(item).get("name"))), place)
    return found


@per_graph
def _releases(graph: Graph) -> Mapping[tuple[str, str], Release]:
    """Return (name, namespace) -> the release."""
    return {(found.name, found.namespace): found for found in graph.snapshot.releases}


def chart_name(text: str) -> str:
    """Return `todo-app` of `todo-app-0.1.0`: the chart's name without its version."""
    found = _VERSIONED.fullmatch(text)
    return found[1] if found else text


def helm_upgrade(place: Home, *, prod: bool) -> Command | None:
    """Return the command that would apply a patch saved as patch.yaml, from a checkout with the chart in it.

    `--reset-values` drops what the release was given before, so that file is named too unless there was none. None
    where nothing says which chart the release is of.
    """
    if not place.chart:
        return None
    chart = f"./charts/{place.chart}"
    files = ["values.yaml", *(["values-prod.yaml"] if prod else [])]
    given = [f"{chart}/{name}" for name in files] + ([] if place.plain else ["YOUR-VALUES.yaml"]) + ["patch.yaml"]
    named = [word for name in given for word in ("-f", name)]
    return Command(("helm", "upgrade", place.release, chart, "--namespace", place.namespace, "--reset-values", *named))
