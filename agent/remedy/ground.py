"""Joins findings to the blueprint rows that speak to them, and turns their fixes into values for one Helm release."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agent.blueprint.cells import Cell, CellType
from agent.blueprint.control import Binding, Blueprints, Control, Profile
from agent.diagnose import modes
from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.finding import Citation, Finding, Fix, Grounded
from agent.kube.gitops import keeper
from agent.kube.releases import HelmOwner, helm_owner, helm_upgrade
from agent.kube.remedies import JSON, Command, NeedsPerson
from agent.remedy.leaves import Leaf, leaves
from agent.remedy.owned import BESIDE_HELM, UNDONE, Proof, Proofs, by_hand, by_repository, in_words, kept
from agent.remedy.patch import Setting, patch
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Ref, Snapshot
from tools.quantity import parse_quantity

NUMBERS = (CellType.INTEGER, CellType.PERCENT, CellType.DURATION)
SCALARS = (*NUMBERS, CellType.QUANTITY)
"""Cell types whose text is a value to write; a text is one only where it is a single word."""

SAME_DECISION = {"service.ports[].targetPort": "containers[].ports[].containerPort"}
"""Fields that only repeat what another one decides: where a Service sends to is where the container listens."""

COLLECTIONS = ("containers[].env[].value", "initContainers[].env[].value")
"""Fields of which there are many, each with a values path of its own."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A field, the row that governs it and the values path it stands at; `leaf` is None for one that is only cited."""

    field: str
    leaf: Leaf | None
    control: Control
    path: str
    cells: tuple[Cell, ...]
    """What the row says for the profile; for both when no profile is named and they differ."""

    @property
    def own_limit(self) -> bool:
        """Return whether the value that is in force is the blueprint's own."""
        old = self.leaf.old if self.leaf else None
        return old not in (None, "") and any(_same(cell, str(old)) for cell in self.cells)

    @property
    def value(self) -> JSON | NeedsPerson:
        """The value to write: the blueprint's, unless that is what fails or there are two of them."""
        new, old = (self.leaf.new, self.leaf.old) if self.leaf else (None, None)
        if self.own_limit or len(self.cells) != 1:
            return new
        written = _written(self.cells[0], self.path)
        return new if written is None else _alike(written, old if isinstance(new, NeedsPerson) else new)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a diagnosis is grounded in."""

    blueprints: Blueprints
    graph: Graph
    profile: Profile | None
    proofs: Proofs


def ground(
    diagnosis: Diagnosis, blueprints: Blueprints, snapshot: Snapshot, profile: str | None, proofs: Proofs | None = None
) -> Diagnosis:
    """Return the diagnosis with citations and remedies filled in.

    `profile` is `dev` or `prod`; with None, rows that differ between the two are cited with both values and neither
    is proposed. `proofs` is what rendering the chart has shown, empty where no chart is at hand.
    """
    chosen = Profile(profile) if profile in set(Profile) else None
    on = Ground(blueprints, Graph(snapshot), chosen, proofs or {})
    return replace(diagnosis, findings=tuple(_grounded(finding, on) for finding in diagnosis.findings))


def _grounded(finding: Finding, on: Ground) -> Finding:
    objects = _objects(finding, on.graph)
    place = helm_owner(objects, on.graph)
    binding = bound_to(objects, on.blueprints, place)
    wanted = [leaf for edit in finding.fix.edits for leaf in leaves(edit, on.graph.get(*edit.object))]
    bound = [found for leaf in wanted for found in _bound(leaf.field, leaf, finding, binding, on)]
    spoken = {found.field for found in bound}
    cited = [field for field in finding.fix.concerns if field not in spoken]
    bound += [row for field in cited for row in _bound(field, None, finding, binding, on)]
    bound += _entries(finding, wanted, place, on)
    return _applied(
        replace(
            finding,
            citations=tuple(dict.fromkeys(citation(found.control, found.path, on.profile) for found in bound)),
            fix=_fix(finding.fix, bound),
        ),
        wanted,
        bound,
        place,
        on,
    )


def _objects(finding: Finding, graph: Graph) -> list[Ref]:
    """Return the objects a binding may name: the subject, its workload, then whom it affects."""
    names = [finding.subject]
    for name in (finding.subject, *finding.affected):
        obj = graph.get(*name)
        names += [ref(graph.workload(obj)), name] if obj is not None else [name]
    return list(dict.fromkeys(names))


def bound_to(objects: Sequence[Ref], blueprints: Blueprints, place: HelmOwner | None) -> Binding | None:
    """Return the binding that names one of these objects, the first that any does; `place` is their release."""
    release = place.release if place else ""
    for name in objects:
        for binding in blueprints.bindings:
            if (binding.kind, binding.name.replace("{release}", release)) == (name.kind, name.name):
                return binding
    return None


def _bound(field: str, leaf: Leaf | None, finding: Finding, binding: Binding | None, on: Ground) -> Iterator[Bound]:
    other = binding and finding.container and binding.container not in ("", finding.container)
    if binding is None or (other and field.startswith(("containers[]", "initContainers[]"))):
        return
    for control in on.blueprints.controls:
        path = _path(field, leaf, control, binding) if _speaks(control, field, leaf, binding) else None
        if path is not None:
            yield Bound(field, leaf, control, path, _cells(control, on.profile))


def _entries(finding: Finding, wanted: Sequence[Leaf], place: HelmOwner | None, on: Ground) -> list[Bound]:
    """Return what governs a key of a bound ConfigMap or Secret (`data.KEY`): the mapping row that owns its values."""
    mentioned = [*finding.affected, *finding.roots, *(item.where for item in finding.evidence)]
    mentioned += [leaf.edit.object for leaf in wanted]
    holders = [name for name in dict.fromkeys(mentioned) if name.kind in ("ConfigMap", "Secret")]
    binding = bound_to(holders, on.blueprints, place)
    found: dict[str, Leaf | None] = {field: None for field in finding.fix.concerns if field.startswith("data.")}
    found |= {leaf.field: leaf for leaf in wanted if leaf.field.startswith("data.")}
    if binding is None or not found:
        return []
    rows = [control for control in on.blueprints.controls if f"{binding.values}.*" in control.paths]
    shown = binding.kind == "ConfigMap"  # a Secret's values never stand in a patch
    return [
        Bound(field, leaf, row, f"{binding.values}.{field[5:]}" if shown else "", ())
        for field, leaf in found.items()
        for row in rows
    ]


def _speaks(control: Control, field: str, leaf: Leaf | None, binding: Binding) -> bool:
    """Return whether a row governs the changed field of the bound component (or of every component)."""
    field = SAME_DECISION.get(field, field)
    if control.component not in ("", binding.component) or not any(covers(known, field) for known in control.fields):
        return False
    structured = leaf is not None and isinstance(leaf.new, list | dict)  # tolerations are not what one number decides
    return not (structured and any(cell.type in SCALARS for cell in control.values.values()))


def covers(governed: str, field: str) -> bool:
    """Return whether a row for one field speaks of another: the same, or one below it."""
    return field == governed or field.startswith((f"{governed}.", f"{governed}["))


def _path(field: str, leaf: Leaf | None, control: Control, binding: Binding) -> str | None:
    """Return the values path of the field, "" for a row without one; None when the row speaks of a sibling value.

    Of several paths the component's own, and of those the one that ends alike (`image.tag`). A row for a whole
    (`backend.probes.readiness`, `backend.env`) governs what is below it; one for `frontend.env.BACKEND_URL` says
    nothing of another variable. Inside a list a row's path says nothing of an item.
    """
    own = [path for path in control.paths if path.split(".")[0] == binding.component] or list(control.paths)
    above, _, last = (leaf.name if leaf else "").rpartition(".")
    alike = [path for path in own if path.rpartition(".")[2] == last]
    found, exact = next(iter(alike or own), ""), field in control.fields or field in SAME_DECISION
    if leaf is not None and not last and not exact:
        return ""
    if alike or not found or not last:
        return found
    parent, _, name = found.rpartition(".")
    if field in COLLECTIONS:
        kept_in = above.rpartition(".")[2]
        return f"{found}.{last}" if name == kept_in else None if parent.rpartition(".")[2] == kept_in else found
    return found if exact else f"{found}.{last}"


def _cells(control: Control, profile: Profile | None) -> tuple[Cell, ...]:
    if profile is not None:
        return (control.values[profile],) if profile in control.values else ()
    distinct: dict[str, Cell] = {}
    for cell in control.values.values():
        distinct.setdefault(str(cell.value), cell)
    return tuple(distinct.values())


def citation(control: Control, path: str, profile: Profile | None) -> Citation:
    """Return what a row says for a profile; of one whose profiles differ all of it where none is named."""
    differs = len({str(cell.value) for cell in control.values.values()}) > 1
    cells = _cells(control, profile)
    says = f"{cells[0].raw} ({profile})" if differs and profile and cells else control.raw
    return Citation(control.id, control.title, says, control.rationale, control.source, path)


def _fix(fix: Fix, bound: Sequence[Bound]) -> Fix:
    """Return the fix saying where the blueprint stands: it sets the failing value itself, or asks for another."""
    own = next((found for found in bound if found.own_limit and found.leaf), None)
    if own is not None and own.leaf is not None:
        where = f"{own.control.id}, {own.control.source}"
        first = f"The blueprint itself sets {own.leaf.old} ({where}): change it there first, then the values"
        return replace(fix, summary=f"{first}. {fix.summary}")
    asked = next((found for found in bound if found.leaf and _is_asked(found.value, found.leaf.new)), None)
    if asked is not None:
        return replace(fix, summary=f"{fix.summary}; the blueprint asks for {asked.value} ({asked.control.id})")
    return fix


def _is_asked(value: JSON | NeedsPerson, new: JSON | NeedsPerson) -> bool:
    return not isinstance(value, NeedsPerson) and value not in (None, "") and value != new


def _applied(
    finding: Finding, wanted: Sequence[Leaf], bound: Sequence[Bound], place: HelmOwner | None, on: Ground
) -> Finding:
    """Return the finding with its fix as whoever owns the object applies it."""
    owner = keeper(_owned(finding, on.graph), on.graph)
    if owner is not None:
        return replace(finding, fix=kept(finding.fix, UNDONE), remedy=by_repository(finding.fix, owner, on.graph))
    if place is None:
        return replace(finding, remedy=by_hand(finding.fix, on.graph))
    if finding.mode is modes.ROLLOUT_STUCK:
        back = Command(("helm", "rollback", place.release, "--namespace", place.namespace))
        return replace(finding, remedy=Grounded(command=back))
    remedy = _values(wanted, bound, place, on)
    return replace(finding, fix=kept(finding.fix, BESIDE_HELM), remedy=remedy)


def _owned(finding: Finding, graph: Graph) -> list[Ref]:
    """Return the objects whose keeper decides: those to be edited, the finding's own, and what its release is of."""
    edited = [edit.object for edit in finding.fix.edits]
    released = [
        Ref(str(item.get("kind")), ref(item).namespace or release.namespace, ref(item).name)
        for release in graph.snapshot.releases
        if finding.subject.kind == "Release" and finding.subject == Ref("Release", release.namespace, release.name)
        for item in release.manifest or ()
    ]
    return edited or [*_objects(finding, graph), *released]


def _values(wanted: Sequence[Leaf], bound: Sequence[Bound], place: HelmOwner, on: Ground) -> Grounded:
    """Return the values that a release is to have: by the blueprint, by proof, or by what charts usually call them."""
    settings: list[Setting] = []
    words: list[str] = []
    guessed, proved = False, True
    for leaf in wanted:
        row = next((found for found in reversed(bound) if found.leaf is leaf and found.path), None)
        proof = on.proofs.get((leaf.edit.object, leaf.edit.path))
        searched = (leaf.edit.object, leaf.edit.path) in on.proofs
        setting = _setting(leaf, row, proof, searched=searched)
        if setting is None:
            words.append(in_words(leaf.edit))
            continue
        settings.append(setting)
        proved = proved and proof is not None and setting.path == proof.path
        guessed = guessed or (row is None and proof is None)
    command = helm_upgrade(place, prod=on.profile is Profile.PROD and not guessed) if settings else None
    by_chart = tuple(f"In the chart of release {place.release}: {word}" for word in dict.fromkeys(words))
    return Grounded(patch(settings), command, guessed, proved and bool(settings), by_chart)


def _setting(leaf: Leaf, row: Bound | None, proof: Proof | None, *, searched: bool) -> Setting | None:
    """Return the value to set, None where no values path is known: a chart that was searched in vain is not guessed."""
    old = "" if leaf.old is None else str(leaf.old)
    if row is not None:
        open_ = isinstance(row.value, NeedsPerson)
        both = " / ".join(cell.raw for cell in row.cells) if len(row.cells) > 1 and open_ else ""
        return Setting(row.path, row.value, f"{old}; the blueprint says {both}" if both else old)
    if proof is not None:
        return Setting(proof.path, proof.value, old)
    return Setting(leaf.usual, leaf.new, old) if leaf.usual and not searched else None


def _same(cell: Cell, text: str) -> bool:
    if str(cell.value) == text or cell.raw == text:
        return True
    ours, theirs = parse_quantity(str(cell.value)), parse_quantity(text)
    return ours is not None and ours == theirs


def _written(cell: Cell, path: str) -> JSON:
    """Return a cell as a value to write, None when it is no single value."""
    if cell.type is CellType.IMAGE and isinstance(cell.value, dict):
        return cell.value.get(path.rpartition(".")[2])
    if cell.type in NUMBERS and str(cell.value).isdigit():
        return int(str(cell.value))
    word = cell.type is CellType.TEXT and " " not in str(cell.value)
    return str(cell.value) if cell.type in SCALARS or word else None


def _alike(written: JSON, like: Any) -> JSON:
    """Return a row's value in the type that stands in that place: a port is a number, a variable is a text."""
    if isinstance(like, bool):
        return {"true": True, "false": False}.get(str(written).lower(), written)
    if isinstance(like, int) and str(written).isdigit():
        return int(str(written))
    return str(written) if isinstance(like, str) else written
