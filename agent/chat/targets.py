"""The objects a question is about: those it names, the one spoken of before, or the only one in question."""

import re
from collections.abc import Sequence

from agent.chat.call import Reason, Turned
from agent.chat.lexicon import WORKLOADS
from agent.chat.names import workload_behind, workload_of
from agent.chat.seen import Seen
from agent.chat.subjects import narrowed
from agent.kube.wording import listed, said
from agent.snapshot.record import Ref

MOST = 3
"""Objects that one question is answered about."""

_BACK = re.compile(r"\b(?:it|its|that|this|they|them|their|these|those|there|same|he|she)\b")
_ON = re.compile(r"(?:and|also|then|so|now)\b")
"""How one goes on about the same."""

_SAME = re.compile(r"(?:(?:and|or) )?(?:what|how) about\b|same\b|(?:and|or) (?:in|for)\b")
"""How one asks the same of another namespace."""

_BARE = re.compile(r"\bthe (?:pod|deployment|service|app|application|container|workload|release|job|thing)\b")


def targets(seen: Seen, *, trouble: bool = False) -> tuple[Ref, ...] | Turned:
    """Return the objects meant; none where the question names none.

    Args:
        seen: the question.
        trouble: whether it asks what is wrong, so that of several objects those that are not well are meant.

    """
    chosen: list[Ref] = []
    for meant in seen.subjects.meant:
        refs = narrowed(meant.refs, seen.graph, unwell=trouble)
        if len(refs) > (MOST if trouble else 1):
            return _which(meant.term.text, refs)
        chosen += refs
    if chosen:
        return tuple(dict.fromkeys(chosen))[:MOST]
    if seen.subjects.absent:
        return Turned(Reason.MISSING, "; ".join(seen.subjects.absent))
    if seen.memory.subject is not None and seen.place.namespace:
        there = seen.memory.subject._replace(namespace=seen.place.namespace)
        return (there,) if _SAME.match(seen.asked.plain) and seen.graph.get(*there) is not None else ()
    if is_back(seen) and seen.memory.subject is not None:
        return (seen.memory.subject,)
    return ()


def is_back(seen: Seen) -> bool:
    """Return whether a question refers to what was spoken of before."""
    if _ON.match(seen.asked.plain) and not seen.place.namespace and not seen.place.everywhere:
        return True
    plain = re.sub(r"^(?:that|this|it) is\b|\bis (?:it|there|that|this) (?=\w+ing\b)", "", seen.asked.plain)
    return _BACK.search(plain) is not None or _BARE.search(plain) is not None


def one(seen: Seen, what: str, *, trouble: bool = True) -> Ref | Turned:
    """Return the one object a question needs: named, spoken of before, or the only one that is not well."""
    found = targets(seen, trouble=trouble)
    if isinstance(found, Turned):
        return found
    if found:
        return found[0]
    if seen.memory.subject is not None and not seen.place.namespace:
        return seen.memory.subject
    unwell = seen.unwell()
    if len(unwell) == 1:
        return unwell[0]
    if unwell:
        return _which("", unwell, f"{what}: which one? Not well are")
    return Turned(Reason.MISSING, f"{what}: say whose, as in `deploy/web` or a pod's name")


def running(name: Ref, seen: Seen) -> Ref:
    """Return the workload, or lone pod, that an object is about: what has pods, logs and usage."""
    if name.kind == "Service":
        return workload_behind(name, seen.graph) or name
    if name.kind == "HorizontalPodAutoscaler":
        same = next((kind for kind in WORKLOADS if seen.graph.get(kind, name.namespace, name.name)), "")
        return Ref(same, name.namespace, name.name) if same else name
    return name


def owner(name: Ref, seen: Seen) -> Ref:
    """Return the workload that a plan changes for an object."""
    return workload_of(running(name, seen), seen.graph)


def _which(text: str, refs: Sequence[Ref], lead: str = "") -> Turned:
    lead = lead or f"{text}: which one is meant?"
    places = {name.namespace for name in refs}
    shown = [said(name) + (f" in {name.namespace}" if len(places) > 1 and name.namespace else "") for name in refs]
    choices = tuple(
        f"{name.kind.lower()}/{name.name}" + (f" in {name.namespace}" if name.namespace else "") for name in refs[:6]
    )
    return Turned(Reason.MISSING, f"{lead} {listed(shown, 6)}", choices)
