"""What an audit needs beside the snapshot: the release, and the chart as it renders now."""

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.audit.drift import differing_pairs
from agent.audit.inputs import Rendered, identity
from agent.audit.verdict import Fidelity
from agent.blueprint.control import Profile
from agent.config import Settings
from agent.errors import UsageError
from agent.snapshot.record import Ref, Release, Snapshot
from agent.world.chart import Chart
from tools import helm
from tools.deadline import Deadline
from tools.failure import Failure
from tools.sandbox import Sandbox, sandbox

RANDOM = re.compile(r"\b(rand\w+|gen(CA|Signed|SelfSigned|PrivateKey)\w*|uuidv4|now|htpasswd|bcrypt|derivePassword)\b")
"""Template functions that give something else each time."""


@dataclass(frozen=True, slots=True)
class Target:
    """The release an audit is about, or the reason there is none; `name` is what the chart would be installed as."""

    namespace: str
    name: str
    release: Release | None
    reason: str = ""


def target(chart: Chart, snapshot: Snapshot, namespace: str | None, release: str | None) -> Target:
    """Return the release of this chart in the namespace that was asked for, of that name where one was given.

    Raises:
        UsageError: several releases fit, or no namespace was named and none is telling.

    """
    fitting = [item for item in snapshot.releases if _fits(item, chart, namespace or snapshot.namespace, release)]
    if len(fitting) > 1:
        places = ", ".join(f"{item.name} in {item.namespace}" for item in fitting)
        raise UsageError(f"several releases of {chart.name}: {places}; say which with -n and --release")
    if fitting:
        found = fitting[0]
        readable = found.manifest is not None
        reason = "" if readable else "this identity may not read the release (helm keeps it in Secrets)"
        return Target(found.namespace, found.name, found, reason)
    place = namespace or snapshot.namespace
    if not place:
        raise UsageError(f"no release of {chart.name} was found; say which namespace with -n")
    return Target(place, release or chart.name, None, _reason(chart, snapshot, place))


def _fits(release: Release, chart: Chart, place: str | None, named: str | None) -> bool:
    if place and release.namespace != place:
        return False
    return release.name == named if named else release.chart.rpartition("-")[0] == chart.name


def _reason(chart: Chart, snapshot: Snapshot, namespace: str) -> str:
    part = next((part for part in snapshot.parts if part.name == "releases"), None)
    if part is not None and part.state != "complete":
        return f"releases {part.state}: {part.reason}"
    return f"namespace {namespace} has no release of {chart.name}"


def rendered(
    chart: Chart, profile: Profile, where: Target, snapshot: Snapshot, settings: Settings, deadline: Deadline
) -> Rendered | Failure:
    """Return what the chart makes of the files now, or why nobody knows; twice where it uses random functions."""
    files = [path for _, path in chart.files(profile)]
    times = 2 if any(RANDOM.search(text) for text in chart.templates().values()) else 1
    with sandbox(path=settings.path, deadline=deadline) as box, ThreadPoolExecutor(times) as workers:
        jobs = [workers.submit(_template, box, chart, files, where, snapshot) for _ in range(times)]
        found = [job.result() for job in jobs]
    first, last = found[0], found[-1]
    if isinstance(first, Failure):
        return first
    if isinstance(last, Failure):
        return last
    known = bool(snapshot.cluster.version)
    return Rendered(first, Fidelity.CLIENT if known else Fidelity.STATIC, _unstable(first, last, where.namespace))


def _template(
    box: Sandbox, chart: Chart, files: Sequence[Path], where: Target, snapshot: Snapshot
) -> Sequence[Mapping[str, Any]] | Failure:
    version = snapshot.cluster.version
    return helm.template(box, where.name, where.namespace, chart.path, files, kube_version=version)


def _unstable(
    one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]], namespace: str
) -> frozenset[tuple[Ref, str]]:
    again = {identity(obj, namespace): obj for obj in other}
    named = ((identity(obj, namespace), obj) for obj in one)
    return frozenset(
        (name, pointer) for name, obj in named for pointer, _, _ in differing_pairs(obj, again.get(name, {}))
    )
