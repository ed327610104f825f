"""The cluster's own rows: what minikube says it made, and what the API server says it is."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from agent.audit.inputs import Inputs
from agent.audit.normalise import text
from agent.audit.verdict import Cause, Fidelity, Leg, Outcome, Point, Reading, Standing, Verdict
from agent.blueprint.cells import Cell, CellType
from agent.blueprint.control import Control
from agent.diagnose.finding import Severity
from tools.quantity import parse_quantity

MEBIBYTE = 1 << 20


def is_cluster_row(control: Control, components: tuple[str, ...]) -> bool:
    """Return whether a row speaks of the cluster itself: no component, no values path, no field."""
    return control.component not in components and not control.paths and not control.fields


def cluster(control: Control, inputs: Inputs) -> Verdict:
    """Judge a row by minikube's profile; the version by the API server where minikube says nothing."""
    cell = control.values.get(inputs.profile)
    name = control.title.casefold()
    observed = next((look(inputs) for word, look in LOOKS if word in name), None)
    if cell is None or observed is None:
        return _unknown(control, observed_reason(inputs) if observed is None else "the row states no value")
    met = _meets(cell, observed)
    readings = (
        Reading(Leg.BLUEPRINT, Standing.AGREES, str(control.source), control.raw),
        Reading(Leg.LIVE, Standing.AGREES if met else Standing.DIFFERS, "the cluster", _shown(observed)),
    )
    if met:
        return Verdict(control, Outcome.PASS, Severity.INFO, (Point("", readings, Outcome.PASS),))
    why = f"the cluster has {_shown(observed)}; minikube made it, no values change it"
    found = Point("", readings, Outcome.FAIL, Cause.EDITED, why)
    return Verdict(control, Outcome.FAIL, Severity.ERROR, (found,), Cause.EDITED, why)


def observed_reason(inputs: Inputs) -> str:
    """Return why a row of the cluster cannot be judged."""
    return inputs.cluster_reason or "nothing that was read says it"


def _unknown(control: Control, why: str) -> Verdict:
    return Verdict(control, Outcome.UNKNOWN, Severity.WARNING, (), Cause.UNSEEN, why, fidelity=Fidelity.STATIC)


def _config(inputs: Inputs, *path: str) -> Any:
    found: Any = inputs.cluster.config if inputs.cluster else None
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _version(inputs: Inputs) -> Any:
    return inputs.snapshot.cluster.version or _config(inputs, "KubernetesConfig", "KubernetesVersion")


def _addons(inputs: Inputs) -> Any:
    return sorted(name for name, on in inputs.cluster.addons.items() if on) if inputs.cluster else None


def _registry(inputs: Inputs) -> Any:
    """A registry inside minikube is its addon; without minikube nobody says which registry a node may reach."""
    return None if inputs.cluster is None else ("Local" if inputs.cluster.addons.get("registry") else "none")


def _memory(inputs: Inputs) -> Any:
    found = _config(inputs, "Memory")
    return None if found is None else f"{found}Mi"


LOOKS: tuple[tuple[str, Callable[[Inputs], Any]], ...] = (
    ("driver", lambda inputs: _config(inputs, "Driver")),
    ("cpu", lambda inputs: _config(inputs, "CPUs")),
    ("memory", _memory),
    ("version", _version),
    ("addon", _addons),
    ("registry", _registry),
)
"""A word of a row's title -> what is observed of it."""


def _meets(cell: Cell, observed: Any) -> bool:
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


def _shown(observed: Any) -> str:
    return ", ".join(observed) if isinstance(observed, list) else text(observed)
