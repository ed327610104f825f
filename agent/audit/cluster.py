"""The cluster's own rows: what minikube says it made, and what the API server says it is."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from agent.audit.inputs import ClusterFacts, Inputs
from agent.audit.normalise import text
from agent.audit.verdict import Cause, Fidelity, Leg, Outcome, Point, Reading, Standing, Verdict
from agent.blueprint.cells import Cell, CellType
from agent.blueprint.control import Blueprints, Control, ControlKind
from agent.diagnose.finding import Severity
from tools.quantity import parse_quantity

MEBIBYTE = 1 << 20


def is_clusters(control: Control, blueprints: Blueprints) -> bool:
    """Return whether a row is of a blueprint that the mapping puts out of Helm's scope."""
    outside = [row for row in blueprints.controls if row.kind is ControlKind.MAPPING and not row.paths]
    return any(row.title.casefold() == control.blueprint.casefold() for row in outside)


def cluster(control: Control, inputs: Inputs) -> Verdict:
    """Judge a row by minikube's profile; the version by the API server where minikube says nothing."""
    cell = control.values.get(inputs.profile)
    observed = observation(control, inputs.cluster, inputs.snapshot.cluster.version)
    if cell is None or observed is None:
        return _unknown(control, observed_reason(inputs) if observed is None else "the row states no value")
    met = meets(cell, observed)
    readings = (
        Reading(Leg.BLUEPRINT, Standing.AGREES, str(control.source), control.raw),
        Reading(Leg.LIVE, Standing.AGREES if met else Standing.DIFFERS, "the cluster", shown(observed)),
    )
    if met:
        return Verdict(control, Outcome.PASS, Severity.INFO, (Point("", readings, Outcome.PASS),))
    why = f"the cluster has {shown(observed)}; no values change that, minikube does: agent plan cluster"
    found = Point("", readings, Outcome.FAIL, Cause.EDITED, why)
    return Verdict(control, Outcome.FAIL, Severity.ERROR, (found,), Cause.EDITED, why)


def observed_reason(inputs: Inputs) -> str:
    """Return why a row of the cluster cannot be judged."""
    return inputs.cluster_reason or "nothing that was read says it"


def _unknown(control: Control, why: str) -> Verdict:
    return Verdict(control, Outcome.UNKNOWN, Severity.WARNING, (), Cause.UNSEEN, why, fidelity=Fidelity.STATIC)


def aspect(control: Control) -> str:
    """Return which of the cluster's properties a row states, "" for none that anybody can observe."""
    name = control.title.casefold()
    return next((word for word in LOOKS if word in name), "")


def observation(control: Control, facts: ClusterFacts | None, version: str = "") -> Any:
    """Return what is observed of the property a row states, None where nobody says it.

    Args:
        control: the row.
        facts: what minikube says of the cluster.
        version: what the API server says of itself, "" where it was not asked.

    """
    name = aspect(control)
    if name == "version" and version:
        return version
    return LOOKS[name](facts) if name and facts is not None else None


def _config(facts: ClusterFacts, *path: str) -> Any:
    found: Any = facts.config
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _memory(facts: ClusterFacts) -> Any:
    found = _config(facts, "Memory")
    return None if found is None else f"{found}Mi"


LOOKS: Mapping[str, Callable[[ClusterFacts], Any]] = {
    "driver": lambda facts: _config(facts, "Driver"),
    "cpu": lambda facts: _config(facts, "CPUs"),
    "memory": _memory,
    "version": lambda facts: _config(facts, "KubernetesConfig", "KubernetesVersion"),
    "addon": lambda facts: sorted(name for name, on in facts.addons.items() if on),
    "registry": lambda facts: "Local" if facts.addons.get("registry") else "none",
}
"""A word of a row's title -> what is observed of it; a registry inside minikube is its addon."""


def meets(cell: Cell, observed: Any) -> bool:
    """Return whether what is observed is at least what a row states."""
    if cell.type is CellType.VERSION and isinstance(cell.value, dict):
        return _version_fits(cell.value, text(observed))
    if cell.type is CellType.LIST and isinstance(cell.value, list):
        return set(map(str.casefold, cell.value)) <= set(map(str.casefold, observed))
    if cell.type is CellType.QUANTITY:
        wanted, found = parse_quantity(text(cell.value)), parse_quantity(text(observed))
        return wanted is not None and found is not None and found >= wanted
    if cell.type is CellType.INTEGER:
        return int(text(observed)) >= int(text(cell.value))
    return text(observed).casefold() in re.split(r"[\s/]+", text(cell.value).casefold())


def _version_fits(wanted: Mapping[str, Any], found: str) -> bool:
    """Compare as far as the row goes: v1.28+ is met by v1.36.3, v1.28 by v1.28.4 alone."""
    asked = [int(part) for part in str(wanted["version"]).split(".")]
    given = [int(part) for part in re.findall(r"\d+", found)[: len(asked)]]
    return given >= asked if wanted["or_later"] else given == asked


def shown(observed: Any) -> str:
    """Return what was observed for a person."""
    return ", ".join(observed) if isinstance(observed, list) else text(observed)
