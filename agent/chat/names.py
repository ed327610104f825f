"""Every name a look holds, and how near a word comes to each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import IntEnum

from agent.chat.lexicon import MEANT, ONLY_BY_KIND, WORKLOADS
from agent.kube.containers import containers_of, last_end
from agent.kube.endpoints import behind, chosen
from agent.kube.fields import containers, template
from agent.kube.standing import standing
from agent.snapshot.graph import Graph, labels, ref
from agent.snapshot.record import Object, Ref

ALIKE = 0.8
"""How alike a mistyped name has to be, as difflib counts."""

APP_LABELS = ("app", "app.kubernetes.io/name", "app.kubernetes.io/component", "k8s-app", "component")
"""Labels in which people write what a workload is called."""


class Nearness(IntEnum):
    """How a word names an object, the surest last."""

    ALIKE = 1
    """Mistyped."""
    PART = 2
    """Some of its dash-separated words: `backend` of `todo-backend`."""
    LABEL = 3
    """It is labelled so, or a container of it is called so."""
    START = 4
    """Its name goes on after the word: `web` of `web-6567454967-4f7mx`."""
    EXACT = 5


@dataclass(frozen=True, slots=True)
class Near:
    """An object that a word may name."""

    ref: Ref
    nearness: Nearness


def near(word: str, graph: Graph, kinds: Sequence[str] = (), namespace: str | None = None) -> list[Near]:
    """Return the objects a word names best, of these kinds (default: of all) and in that namespace.

    Pods that a workload among them owns stand back behind it, as does whatever else carries the workload's name.
    """
    low = word.lower()
    found = list(_all(low, graph, kinds, namespace))
    best = max((item.nearness for item in found), default=None)
    nearest = [item for item in found if item.nearness is best]
    return nearest if kinds else _foremost(nearest, graph)


def _all(word: str, graph: Graph, kinds: Sequence[str], namespace: str | None) -> Iterator[Near]:
    for kind in kinds or MEANT:
        for obj in graph.all(kind) if namespace is None else graph.all(kind, namespace):
            found = _nearness(word, obj, named=bool(kinds))
            if found is not None:
                yield Near(ref(obj), found)


def _nearness(word: str, obj: Object, *, named: bool) -> Nearness | None:
    """Return how a word names an object, None for not at all. `named` says that its kind was said as well."""
    name = ref(obj).name.lower()
    if name == word:
        return Nearness.EXACT
    if ref(obj).kind in ONLY_BY_KIND and not named:
        return None
    if len(word) > 2 and name.startswith(f"{word}-"):
        return Nearness.START
    if ref(obj).kind in (*WORKLOADS, "Pod") and word in _called(obj):
        return Nearness.LABEL
    if len(word) > 2 and f"-{word}-" in f"-{name}-":
        return Nearness.PART
    return Nearness.ALIKE if _alike(word, name) else None


def _called(obj: Object) -> set[str]:
    """Return what else a workload is called: its labels for people, its containers."""
    found = {str(labels(obj).get(key) or "").lower() for key in APP_LABELS}
    return found | {str(item.get("name") or "").lower() for _, item in containers(template(obj))}


def _alike(word: str, name: str) -> bool:
    """Return whether a word is the name, or one of its longer parts, mistyped."""
    if len(word) < 5:
        return False
    parts = [name, *(part for part in name.split("-") if len(part) > 4)]
    return any(abs(len(part) - len(word)) <= 2 and _ratio(word, part) >= ALIKE for part in parts)


def _ratio(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one, other)
    return matcher.ratio() if matcher.real_quick_ratio() >= ALIKE else 0.0


def _foremost(found: Sequence[Near], graph: Graph) -> list[Near]:
    """Return the objects without those that only belong to another one of them, or carry its name."""
    workloads = {item.ref for item in found if item.ref.kind in WORKLOADS}
    places = {(name.namespace, name.name) for name in workloads}
    kept = []
    for item in found:
        top = workload_of(item.ref, graph)
        if top != item.ref and top in workloads:
            continue
        if workloads and item.ref.kind not in WORKLOADS and (item.ref.namespace, item.ref.name) in places:
            continue
        if workloads and item.ref.kind not in (*WORKLOADS, "Pod"):
            continue
        kept.append(item)
    owners = {workload_of(item.ref, graph) for item in kept}
    if not workloads and len(owners) == 1 and len(kept) > 1:
        return [Near(owner, kept[0].nearness) for owner in owners]
    return kept


def workload_of(name: Ref, graph: Graph) -> Ref:
    """Return the workload at the top of whatever made an object, the object itself where nobody did."""
    obj = graph.get(*name)
    above = list(graph.owners(obj)) if obj is not None else []
    return ref(above[-1]) if above else name


def workload_behind(service: Ref, graph: Graph) -> Ref | None:
    """Return the workload a Service sends its traffic to, None where that is none or several."""
    obj = graph.get(*service)
    found = behind(service.namespace, chosen(obj), graph) if obj is not None else []
    return ref(found[0]) if len(found) == 1 else None


def is_unwell(name: Ref, graph: Graph) -> bool:
    """Return whether an object says of itself that it is not as asked."""
    obj = graph.get(*name)
    return obj is not None and (
        not standing(obj, graph).well or any(_keeps_ending(pod, graph) for pod in graph.pods(obj))
    )


def _keeps_ending(pod: Object, graph: Graph) -> bool:
    """Return whether a container of a pod has just ended with an error, though it runs again now."""
    return any(last_end(container, graph) is not None for container in containers_of(pod))
