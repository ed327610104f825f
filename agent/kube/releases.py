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


class HelmOwner(NamedTuple):
    """The Helm release that owns an object: its name, namespace and chart ("" when nothing says it)."""

    release: str
    namespace: str
    chart: str
    plain: bool = False
    """Whether it is known to run on the chart's own values alone."""


def helm_owner(objects: Sequence[Ref], graph: Graph) -> HelmOwner | None:
    """Return the release that owns the first of these objects any release owns, None when none does."""
    for name in objects:
        obj = graph.get(*name)
        found = _marked(obj, graph) if obj is not None else None
        found = found or _listed(name, graph)
        if found is not None:
            return found
    return None


def _marked(obj: Object, graph: Graph) -> HelmOwner | None:
    annotations = metadata(obj).get("annotations") or {}
    release = annotations.get("meta.helm.sh/release-name")
    if not release:
        return None
    namespace = annotations.get("meta.helm.sh/release-namespace") or metadata(obj).get("namespace", "")
    known = _by_name(graph).get((release, namespace))
    chart = (known.chart if known else "") or labels(obj).get("helm.sh/chart") or ""
    return HelmOwner(release, namespace, chart_name(chart), known is not None and known.values == {})


def _listed(name: Ref, graph: Graph) -> HelmOwner | None:
    found = released(graph).get(name)
    if found is None:
        return None
    release = found[0]
    return HelmOwner(release.name, release.namespace, chart_name(release.chart), release.values == {})


MARKED = ("Deployment", "StatefulSet", "DaemonSet", "Service", "CronJob", "Job")
"""Kinds whose marks are read: a chart that makes none of them runs nothing."""


def installed(chart: str, graph: Graph) -> list[tuple[str, str]]:
    """Return (namespace, release) of each release of a chart: as helm lists them, and as the marks on objects say."""
    listed = [(item.namespace, item.name) for item in graph.snapshot.releases if chart_name(item.chart) == chart]
    owners = (_marked(obj, graph) for kind in MARKED for obj in graph.all(kind))
    marked = [(owner.namespace, owner.release) for owner in owners if owner and owner.chart == chart]
    return sorted({*listed, *marked})


@per_graph
def released(graph: Graph) -> Mapping[Ref, tuple[Release, Object]]:
    """Return object -> (release, the object as its manifest has it); of two releases that name it the first."""
    found: dict[Ref, tuple[Release, Object]] = {}
    for release in graph.snapshot.releases:
        for item in release.manifest or ():
            place = str(metadata(item).get("namespace") or release.namespace)
            found.setdefault(Ref(str(item.get("kind")), place, str(metadata(item).get("name"))), (release, item))
    return found


@per_graph
def _by_name(graph: Graph) -> Mapping[tuple[str, str], Release]:
    return {(release.name, release.namespace): release for release in reversed(graph.snapshot.releases)}


def chart_name(text: str) -> str:
    """Return `todo-app` of `todo-app-0.1.0`: the chart's name without its version."""
    found = _VERSIONED.fullmatch(text)
    return found[1] if found else text


def helm_upgrade(place: HelmOwner, *, prod: bool) -> Command | None:
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
