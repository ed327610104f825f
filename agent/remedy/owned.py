"""A fix as whoever owns the object applies it: values for a Helm release, a manifest for GitOps, else kubectl."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agent.diagnose.finding import Fix, Grounded
from agent.kube.gitops import Keeper
from agent.kube.paths import applied, is_fixed, pointer, shown, value_at
from agent.kube.remedies import JSON, Command, Edit, Item, NeedsPerson, Op, Path, Remedy, Step, kubectl
from agent.kube.wording import said
from agent.remedy.patch import manifest
from agent.snapshot.graph import Graph, controller
from agent.snapshot.record import Object, Ref
from tools.text import clean

LOOKS = ("get", "describe", "logs", "auth", "api-resources", "history")
"""Verbs of kubectl and helm that only look: a command that changes what is wrong goes before them."""

BESIDE_HELM = ("edit", "patch", "set")
"""Verbs that change an object beside the release it is of: the next upgrade undoes it, or fails for it."""

UNDONE = (*BESIDE_HELM, "undo", "rollback", "upgrade")
"""Verbs whose change a GitOps tool undoes at its next look."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A values path that was shown by rendering to decide exactly the field of an edit, and the value it takes."""

    path: str
    value: JSON | NeedsPerson


Proofs = Mapping[tuple[Ref, Path], Proof | None]
"""(object, path) of an edit -> its proof; None where the chart is at hand and no value of it moves that field alone."""


def by_repository(fix: Fix, keeper: Keeper, graph: Graph) -> Grounded:
    """Return what to change in the repository that a GitOps tool applies, as the object's own manifest has it."""
    where = f"{keeper} owns it: make the change in its repository, what is changed by hand is undone"
    obj = graph.get(*fix.edits[0].object) if fix.edits else None
    edits = [edit for edit in fix.edits if obj is not None and edit.object == fix.edits[0].object]
    text = manifest(obj, edits) if obj is not None else ""
    return Grounded(patch=text, advice=(where, *(() if text else map(in_words, fix.edits))))


def kept(fix: Fix, undone: Sequence[str]) -> Fix:
    """Return a fix without the commands whose change the owner would undo: of those verbs, or what an edit says too."""
    verbs = {*undone, *(("scale",) if fix.edits else ())}
    return replace(fix, remedies=tuple(found for found in fix.remedies if verbs.isdisjoint(_verbs(found))))


def _verbs(found: Remedy) -> tuple[str, ...]:
    return found.argv[1:3] if isinstance(found, Command) else ()


def by_hand(fix: Fix, graph: Graph) -> Grounded:
    """Return the kubectl command for an object that nobody is known to own."""
    own, edits = fix.command, fix.edits
    if not edits or (own is not None and own.argv[1] not in LOOKS):
        return Grounded()
    obj = graph.get(*edits[0].object)
    above = controller(obj) if obj is not None else None
    if above is not None:
        maker = f"{above.get('kind')} {above.get('name')} makes {said(edits[0].object)}"
        return Grounded(
            advice=(f"{maker}: make the change there, what is changed here is undone", *map(in_words, edits))
        )
    if any(is_fixed(edit, obj) for edit in edits):
        again = (
            f"The API lets nobody change this in {said(edits[0].object)}: delete it and create it with the new value"
        )
        return Grounded(advice=(again, *map(in_words, edits)))
    if obj is None or not all(edit.known and edit.object == edits[0].object for edit in edits):
        return Grounded(command=None if own else _edit(edits[0]), advice=tuple(map(in_words, edits)))
    return Grounded(command=_scale(edits) or _patch(obj, edits))


def in_words(edit: Edit) -> str:
    """Return an edit as a sentence: which field of which object, and what is to stand there."""
    place, value = f"{shown(edit.path)} of {said(edit.object)}", edit.value
    now = "" if edit.old is None else f" (now {_short(edit.old)})"
    if edit.op is Op.REMOVE:
        return f"Remove {place}{now}"
    return f"Set {place} to {value.what if isinstance(value, NeedsPerson) else _short(value)}{now}"


def _short(value: JSON) -> str:
    return clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), 120)


def _edit(edit: Edit) -> Command:
    return kubectl("edit", _name(edit), namespace=edit.object.namespace)


def _name(edit: Edit) -> str:
    return f"{edit.object.kind.lower()}/{edit.object.name}"


def _scale(edits: Sequence[Edit]) -> Command | None:
    first = edits[0]
    if len(edits) > 1 or first.path != ("spec", "replicas"):
        return None
    return kubectl("scale", _name(first), f"--replicas={first.value}", namespace=first.object.namespace)


def _patch(obj: Object, edits: Sequence[Edit]) -> Command:
    """Return the JSON Patch of these edits; each item of a list it passes is tested to be the one that is meant."""
    operations: list[dict[str, JSON]] = []
    here: Object | None = obj
    for edit in edits:
        operations += [step for step in (*_tests(here, edit), _operation(here, edit)) if step not in operations]
        here = applied(here or {}, edit)
    text = json.dumps(operations, ensure_ascii=False)
    place = ("-n", edits[0].object.namespace) if edits[0].object.namespace else ()
    return kubectl("patch", _name(edits[0]), *place, "--type=json", "-p", text)


def _tests(obj: Object | None, edit: Edit) -> list[dict[str, JSON]]:
    """Return the operations that make sure that an item of a list is still the one that was seen."""
    found: list[dict[str, JSON]] = []
    if edit.op is Op.SET and any(isinstance(step, int) for step in edit.path):
        found.append({"op": "test", "path": pointer(obj, edit.path), "value": edit.old})
    for size, step in enumerate(edit.path, 1):
        if isinstance(step, Item) and value_at(obj, edit.path[:size]) is not None:
            below = tuple(step.key.split("."))
            found.append({"op": "test", "path": pointer(obj, (*edit.path[:size], *below)), "value": step.value})
    return found


def _operation(obj: Object | None, edit: Edit) -> dict[str, JSON]:
    if edit.op is Op.REMOVE:
        return {"op": "remove", "path": pointer(obj, edit.path)}
    size = next(size for size in range(len(edit.path), -1, -1) if value_at(obj, edit.path[:size]) is not None)
    if size == len(edit.path):
        return {"op": "replace", "path": pointer(obj, edit.path), "value": edit.value}
    path, rest = edit.path[: size + 1], edit.path[size + 1 :]
    return {"op": "add", "path": pointer(obj, path), "value": _nested(path[-1], rest, edit.value)}


def _nested(step: Step, rest: Path, value: JSON) -> JSON:
    """Return a value inside what has to be made around it."""
    if not rest:
        return value
    inner = _nested(rest[0], rest[1:], value)
    below = [inner] if isinstance(rest[0], Item | int) or rest[0] == "-" else {str(rest[0]): inner}
    return {step.key: step.value, **below} if isinstance(step, Item) and isinstance(below, dict) else below
