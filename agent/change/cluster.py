"""What minikube has to do so that the cluster's own rows hold: start it as they say, enable what they name. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from agent.audit.cluster import aspect, is_clusters, meets, observation, shown
from agent.audit.inputs import ClusterFacts
from agent.blueprint.cells import Cell
from agent.blueprint.commands import Command
from agent.blueprint.control import Blueprints, Control, ControlKind, Profile
from agent.change.grounds import Grounds, Refusal
from agent.change.plan import JSON, Change
from agent.verify import line
from tools.quantity import parse_quantity

MEBIBYTE = 1 << 20

MINIKUBE = "minikube"

RUNS = "running"
"""The property that a `minikube status` line of a checklist states."""

ADDONS = "addons."

PARTS = ("Host", "Kubelet", "APIServer")

LOCAL = "Local"
"""How a row says that the registry is the cluster's own, which is an addon."""

REGISTRY = "registry"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster of minikube's by its name; `facts` is None where there is none of that name yet."""

    name: str
    facts: ClusterFacts | None

    @property
    def standing(self) -> str:
        """Return how it stands: `Running`, `Stopped`, or that it is not there."""
        if self.facts is None:
            return "not there"
        states = [str(self.facts.status.get(part) or "unknown") for part in PARTS]
        return next((state for state in states if state != "Running"), "Running")

    @property
    def is_running(self) -> bool:
        """Return whether host, kubelet and API server run."""
        return self.standing == "Running"

    def has(self, name: str) -> bool:
        """Return whether an addon is enabled."""
        return self.facts is not None and bool(self.facts.addons.get(name))


@dataclass(slots=True)
class Wish:
    """What minikube is asked for, and what is refused with its reason."""

    changes: list[Change] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    @property
    def options(self) -> Mapping[str, str]:
        """Return what a new cluster is made with, option by option."""
        return {item.path: str(item.new) for item in self.changes if item.path in OPTIONS.values()}

    @property
    def starts(self) -> bool:
        """Return whether a cluster is started: one that is made, or one that stands still."""
        return bool(self.options) or any(item.path == RUNS for item in self.changes)

    @property
    def addons(self) -> Sequence[str]:
        """Return the addons to enable."""
        return [item.path.removeprefix(ADDONS) for item in self.changes if item.path.startswith(ADDONS)]


def rows(blueprints: Blueprints) -> list[Control]:
    """Return the rows of the cluster itself: what it is made with, and that it runs."""
    own = (row for row in blueprints.controls if is_clusters(row, blueprints))
    return [row for row in own if row.kind is ControlKind.PARAMETER or _says_it_runs(row)]


def wish(controls: Iterable[Control], cluster: Cluster, grounds: Grounds) -> Wish:
    """Return what minikube has to do so that these rows hold."""
    made = Wish()
    for row in controls:
        refusal = grounds.uncommitted(row) if _says_it_runs(row) else grounds.refusal(row)
        found = refusal or _asked(row, cluster, grounds.profile)
        if isinstance(found, Refusal):
            made.refusals.append(found)
        else:
            made.changes += [item for item in found if item.path not in {known.path for known in made.changes}]
    return made


def unheld(controls: Iterable[Control], cluster: Cluster, profile: Profile) -> Iterator[str]:
    """Yield the rows that do not hold, each in a sentence."""
    for row in controls:
        cell = row.values.get(profile)
        seen = observation(row, cluster.facts)
        if _says_it_runs(row) and not cluster.is_running:
            yield f"{row.id}: {cluster.name} is {cluster.standing}"
        elif cell is not None and seen is not None and not meets(cell, seen):
            yield f"{row.id}: the cluster has {shown(seen)}, the row says {row.raw}"


def _asked(row: Control, cluster: Cluster, profile: Profile) -> list[Change] | Refusal:
    if _says_it_runs(row):
        is_stopped = cluster.facts is not None and not cluster.is_running
        return [_change(row, RUNS, cluster.standing, "Running")] if is_stopped else []
    cell, name = row.values[profile], aspect(row)
    if name in ("addon", REGISTRY):
        wanted = _addons(cell, name)
        return [_change(row, f"{ADDONS}{each}", "disabled", "enabled") for each in wanted if not cluster.has(each)]
    if name not in OPTIONS:
        return Refusal(row.id, f"{row.source} states nothing that minikube is asked for")
    return _option(row, cell, name) if cluster.facts is None else _unchangeable(row, cell, cluster)


def _addons(cell: Cell, name: str) -> Sequence[str]:
    if name == REGISTRY:
        return [REGISTRY] if meets(cell, LOCAL) else []
    return list(map(str, cell.value)) if isinstance(cell.value, list) else [str(cell.value)]


def _option(row: Control, cell: Cell, name: str) -> list[Change] | Refusal:
    """Return what a row says of a cluster that is to be made; "or later" leaves the choice to minikube."""
    value = WORDS[name](cell)
    if value is None:
        return Refusal(row.id, f"{row.source} says {row.raw!r}, which is no {OPTIONS[name]} of minikube's")
    return [_change(row, OPTIONS[name], None, value)] if value else []


def _unchangeable(row: Control, cell: Cell, cluster: Cluster) -> list[Change] | Refusal:
    """Refuse to change what minikube settles once, when it makes a cluster."""
    seen = observation(row, cluster.facts)
    if seen is None or meets(cell, seen):
        return []
    why = f"{cluster.name} was made with {shown(seen)}, and minikube changes that of no cluster it has made"
    remade = f"minikube delete --profile={cluster.name} is yours to type, and takes everything in it"
    return Refusal(row.id, why, remade)


def _change(row: Control, path: str, old: JSON, new: JSON) -> Change:
    said = row.raw if row.kind is ControlKind.PARAMETER else row.title
    return Change(row.id, str(row.source), said, row.fingerprint, path, MINIKUBE, 0, old, new, ())


def _says_it_runs(row: Control) -> bool:
    return row.kind is ControlKind.CHECK and _asks_whether_it_runs(line.parse(row).command)


def _asks_whether_it_runs(command: Command) -> bool:
    return (command.program, command.verb) == (MINIKUBE, "status")


OPTIONS: Mapping[str, str] = {
    "driver": "driver", "cpu": "cpus", "memory": "memory", "version": "kubernetes-version",
}  # fmt: skip
"""A property of the cluster -> the option of `minikube start` that decides it."""


def _mebibytes(cell: Cell) -> str | None:
    found = parse_quantity(str(cell.value))
    return None if found is None else str(int(found) // MEBIBYTE)


def _version(cell: Cell) -> str | None:
    if not isinstance(cell.value, dict):
        return None
    return "" if cell.value["or_later"] else f"v{cell.value['version']}"


def _word(cell: Cell) -> str | None:
    said = str(cell.value).casefold()
    return said if re.fullmatch(r"[a-z]+", said) else None


WORDS: Mapping[str, Callable[[Cell], str | None]] = {
    "driver": _word,
    "cpu": lambda cell: str(cell.value) if isinstance(cell.value, int) else None,
    "memory": _mebibytes,
    "version": _version,
}
"""How a row's value is said to minikube: None for what it cannot mean, "" for what it leaves open."""
