"""What a changed value changes: the difference of two renderings, object by object."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from agent.audit.drift import differing_pairs
from agent.audit.inputs import identity
from agent.audit.legs import shown_value
from agent.snapshot.record import Object, Ref
from tools.redact import MASK

RANDOM = "(random name"
ABSENT = shown_value(None)

Sourced = tuple[str, Object]
"""The template an object came out of (`templates/backend.yaml`), and the object."""


@dataclass(frozen=True, slots=True)
class RenderedField:
    """One place a value decides. `pointer` is "" where it decides whether the object is there at all."""

    template: str
    object: Ref
    pointer: str
    now: str
    """What stands there with the value in force."""


Group = tuple[str, str]
"""A template and a kind: the objects of one kind that it makes."""


def changed_fields(
    before: Sequence[Sourced], after: Sequence[Sourced], namespace: str, random: Set[Group] = frozenset()
) -> list[RenderedField]:
    """Return where two renderings differ, in the order of the first; objects of `random` groups are paired in order."""
    one, other = _named(before, namespace, random), _named(after, namespace, random)
    found: list[RenderedField] = []
    for name in dict.fromkeys((*one, *other)):
        if name not in one or name not in other:
            template, _ = one.get(name) or other[name]
            found.append(RenderedField(template, name, "", "there" if name in one else "not there"))
            continue
        template, obj = one[name]
        pairs = differing_pairs(obj, other[name][1])
        found += [RenderedField(template, name, pointer, shown_value(now)) for pointer, now, _ in pairs]
    return _without_twins([item for item in found if not is_checksum(item.pointer)])


def _without_twins(found: Sequence[RenderedField]) -> list[RenderedField]:
    """Leave out an item that a list gained where it lost one too: a key that changed is one place, not two."""
    lost = {(item.object, _list(item.pointer)) for item in found if item.now != ABSENT and item.pointer.endswith("]")}
    return [item for item in found if item.now != ABSENT or (item.object, _list(item.pointer)) not in lost]


def _list(pointer: str) -> str:
    return pointer.rpartition("/[")[0]


def is_checksum(pointer: str) -> bool:
    """Return whether a place only repeats that something else changed."""
    return "checksum" in pointer or pointer.endswith("/helm.sh~1chart")


def hidden(field: RenderedField) -> RenderedField:
    """Return a field of a secret value: where it stands, and not what."""
    return replace(field, now=MASK) if field.pointer else field


def random_names(one: Sequence[Sourced], other: Sequence[Sourced], namespace: str) -> frozenset[Group]:
    """Return the groups whose objects were called differently in two renderings of the same values."""
    known, again = _named(one, namespace, frozenset()), _named(other, namespace, frozenset())
    strangers = [*(known[name] for name in known.keys() - again), *(again[name] for name in again.keys() - known)]
    return frozenset((template, str(obj.get("kind"))) for template, obj in strangers)


def is_random(name: Ref) -> bool:
    """Return whether a name is made anew each time the chart is rendered: no object can be looked up by it."""
    return name.name.startswith(RANDOM)


def _named(rendered: Sequence[Sourced], namespace: str, random: Set[Group]) -> dict[Ref, Sourced]:
    found: dict[Ref, Sourced] = {}
    for template, obj in rendered:
        name = identity(obj, namespace)
        number = sum(kept == template and ref.kind == name.kind for ref, (kept, _) in found.items())
        anonymous = (template, name.kind) in random
        found[Ref(name.kind, name.namespace, f"{RANDOM} {number + 1})") if anonymous else name] = (template, obj)
    return found
