"""Joins findings to the blueprint rows that speak to them, and turns their fixes into values for one Helm release."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from agent.blueprint.cells import Cell, CellType
from agent.blueprint.control import Binding, Blueprints, Control, Profile
from agent.diagnose import modes
from agent.diagnose.engine import Diagnosis
from agent.diagnose.finding import Change, Citation, Finding, Fix, Remedy
from agent.kube.releases import HelmOwner, helm_owner, helm_upgrade
from agent.remedy.patch import Leaf, patch
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Ref, Snapshot
from tools.quantity import parse_quantity

SCALARS = (CellType.INTEGER, CellType.QUANTITY, CellType.PERCENT, CellType.DURATION)
"""Cell types whose text is a value to write; a text is one only where it is a single word."""

SAME_DECISION = {"service.ports[].targetPort": "containers[].ports[].containerPort"}
"""Fields that only repeat what another one decides: where a Service sends to is where the container listens."""

COLLECTIONS = ("containers[].env", "initContainers[].env")
"""Fields that hold many values, each with a path of its own."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A change, the row that governs it and the values path it stands at."""

    change: Change
    control: Control
    path: str
    cells: tuple[Cell, ...]
    """What the row says for the profile; for both when no profile is named and they differ."""

    @property
    def own_limit(self) -> bool:
        """Return whether the value that is in force is the blueprint's own."""
        return bool(self.change.old) and any(_same(cell, self.change.old) for cell in self.cells)

    @property
    def value(self) -> str:
        """The value to write: the blueprint's, unless that is what fails or there are two of them."""
        if self.own_limit or len(self.cells) != 1:
            return self.change.new
        return _written(self.cells[0], self.path) or self.change.new


def ground(diagnosis: Diagnosis, blueprints: Blueprints, snapshot: Snapshot, profile: str | None) -> Diagnosis:
    """Return the diagnosis with citations and remedies filled in.

    `profile` is `dev` or `prod`; with None, rows that differ between the two are cited with both values and neither
    is proposed.
    """
    graph = Graph(snapshot)
    chosen = Profile(profile) if profile in set(Profile) else None
    grounded = [_grounded(finding, blueprints, graph, chosen) for finding in diagnosis.findings]
    return replace(diagnosis, findings=tuple(grounded))


def _grounded(finding: Finding, blueprints: Blueprints, graph: Graph, profile: Profile | None) -> Finding:
    objects = _objects(finding, graph)
    place = helm_owner(objects, graph)
    binding = _binding(objects, blueprints, place)
    bound = [found for change in finding.fix.changes for found in _bound(change, finding, binding, blueprints, profile)]
    bound += _entries(finding, blueprints, place)
    return replace(
        finding,
        citations=tuple(dict.fromkeys(_citation(found, profile) for found in bound)),
        fix=_fix(finding.fix, bound),
        remedy=_remedy(finding, bound, place, profile),
    )


def _objects(finding: Finding, graph: Graph) -> list[Ref]:
    """Return the objects a binding may name: the subject, its workload, then whom it affects."""
    names = [finding.subject]
    for name in (finding.subject, *finding.affected):
        obj = graph.get(*name)
        names += [ref(graph.workload(obj)), name] if obj is not None else [name]
    return list(dict.fromkeys(names))


def _binding(objects: Sequence[Ref], blueprints: Blueprints, place: HelmOwner | None) -> Binding | None:
    release = place.release if place else ""
    for name in objects:
        for binding in blueprints.bindings:
            if (binding.kind, binding.name.replace("{release}", release)) == (name.kind, name.name):
                return binding
    return None


def _bound(
    change: Change, finding: Finding, binding: Binding | None, blueprints: Blueprints, profile: Profile | None
) -> Iterator[Bound]:
    other = binding and finding.container and binding.container not in ("", finding.container)
    if binding is None or (other and change.field.startswith(("containers[]", "initContainers[]"))):
        return
    for control in blueprints.controls:
        path = _path(change, control, binding) if _speaks(control, change, binding) else None
        if path is not None:
            yield Bound(change, control, path, _cells(control, profile))


def _entries(finding: Finding, blueprints: Blueprints, place: HelmOwner | None) -> list[Bound]:
    """Return what governs a key of a bound ConfigMap or Secret (`data.KEY`): the mapping row that owns its values."""
    mentioned = [*finding.affected, *finding.roots, *(item.where for item in finding.evidence)]
    holders = [name for name in dict.fromkeys(mentioned) if name.kind in ("ConfigMap", "Secret")]
    binding = _binding(holders, blueprints, place)
    keys = [change for change in finding.fix.changes if change.field.startswith("data.")]
    if binding is None or not keys:
        return []
    rows = [control for control in blueprints.controls if f"{binding.values}.*" in control.paths]
    shown = binding.kind == "ConfigMap"  # a Secret's values never stand in a patch
    return [Bound(key, row, f"{binding.values}.{key.field[5:]}" if shown else "", ()) for key in keys for row in rows]


def _speaks(control: Control, change: Change, binding: Binding) -> bool:
    """Return whether a row governs the changed field of the bound component (or of every component)."""
    field = SAME_DECISION.get(change.field, change.field)
    if control.component not in ("", binding.component) or not any(covers(known, field) for known in control.fields):
        return False
    structured = change.new.startswith(("[", "{"))  # a list of tolerations is not what a row of one number decides
    return not (structured and any(cell.type in SCALARS for cell in control.values.values()))


def covers(governed: str, field: str) -> bool:
    """Return whether a row for one field speaks of another: the same, or one below it."""
    return field == governed or field.startswith((f"{governed}.", f"{governed}["))


def _path(change: Change, control: Control, binding: Binding) -> str | None:
    """Return the values path of the change, "" for a row without one; None when the row speaks of a sibling value.

    Of several paths the component's own, and of those the one that ends alike (`image.tag`). A row for a whole
    (`backend.probes.readiness`, `backend.env`) governs what is below it; one for `frontend.env.BACKEND_URL` says
    nothing of another variable.
    """
    own = [path for path in control.paths if path.split(".")[0] == binding.component] or list(control.paths)
    above, _, last = change.scaffold.rpartition(".")
    alike = [path for path in own if path.rpartition(".")[2] == last]
    found = next(iter(alike or own), "")
    if alike or not found or not last:
        return found
    parent, _, name = found.rpartition(".")
    if change.field in COLLECTIONS:
        kept = above.rpartition(".")[2]
        return f"{found}.{last}" if name == kept else None if parent.rpartition(".")[2] == kept else found
    exact = change.field in control.fields or change.field in SAME_DECISION
    return found if exact else f"{found}.{last}"


def _cells(control: Control, profile: Profile | None) -> tuple[Cell, ...]:
    if profile is not None:
        return (control.values[profile],) if profile in control.values else ()
    distinct: dict[str, Cell] = {}
    for cell in control.values.values():
        distinct.setdefault(str(cell.value), cell)
    return tuple(distinct.values())


def _citation(bound: Bound, profile: Profile | None) -> Citation:
    control = bound.control
    differs = len({str(cell.value) for cell in control.values.values()}) > 1
    says = f"{bound.cells[0].raw} ({profile})" if differs and profile and bound.cells else control.raw
    return Citation(control.id, control.title, says, control.rationale, control.source, bound.path)


def _fix(fix: Fix, bound: Sequence[Bound]) -> Fix:
    """Return the fix saying where the blueprint stands: it sets the failing value itself, or asks for another."""
    own = next((found for found in bound if found.own_limit), None)
    if own is not None:
        where = f"{own.control.id}, {own.control.source}"
        first = f"The blueprint itself sets {own.change.old} ({where}): change it there first, then the values"
        return replace(fix, summary=f"{first}. {fix.summary}")
    asked = next((found for found in bound if found.value and found.value != found.change.new), None)
    if asked is not None:
        return replace(fix, summary=f"{fix.summary}; the blueprint asks for {asked.value} ({asked.control.id})")
    return fix


def _remedy(finding: Finding, bound: Sequence[Bound], place: HelmOwner | None, profile: Profile | None) -> Remedy:
    governed = {found.change: found for found in bound if found.path}
    leaves = [_leaf(change, governed.get(change)) for change in finding.fix.changes if change.scaffold]
    leaves = [leaf for leaf in leaves if leaf.path]
    guessed = any(change not in governed for change in finding.fix.changes if change.scaffold)
    if place is not None and finding.mode is modes.ROLLOUT_STUCK:
        return Remedy(command=f"helm rollback {place.release} --namespace {place.namespace}")
    if place is None or not leaves:
        return Remedy(command=_by_hand(finding))
    return Remedy(patch(leaves), helm_upgrade(place, prod=profile is Profile.PROD and not guessed), guessed)


def _leaf(change: Change, bound: Bound | None) -> Leaf:
    if bound is None:
        return Leaf(change.scaffold, change.new, change.old)
    both = " / ".join(cell.raw for cell in bound.cells) if len(bound.cells) > 1 and not bound.value else ""
    return Leaf(bound.path, bound.value, f"{change.old}; the blueprint says {both}" if both else change.old)


def _by_hand(finding: Finding) -> str:
    """Return what to run where no Helm release is known to own the object and the rule names no command."""
    subject = next((name for name in (finding.subject, *finding.affected) if name.kind != "Pod"), finding.subject)
    if finding.fix.command or not finding.fix.changes:
        return ""
    place = f" -n {subject.namespace}" if subject.namespace else ""
    return f"kubectl edit {subject.kind.lower()}/{subject.name}{place}"


def _same(cell: Cell, text: str) -> bool:
    if str(cell.value) == text or cell.raw == text:
        return True
    ours, theirs = parse_quantity(str(cell.value)), parse_quantity(text)
    return ours is not None and ours == theirs


def _written(cell: Cell, path: str) -> str:
    """Return a cell as a value to write, "" when it is no single value."""
    if cell.type is CellType.IMAGE and isinstance(cell.value, dict):
        return str(cell.value.get(path.rpartition(".")[2]) or "")
    word = cell.type is CellType.TEXT and " " not in str(cell.value)
    return str(cell.value) if cell.type in SCALARS or word else ""
