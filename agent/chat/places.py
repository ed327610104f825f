"""Which namespace a question speaks of."""

import re
from dataclasses import dataclass

from agent.chat.lexicon import MEANT, is_ordinary
from agent.chat.question import Question
from agent.snapshot.graph import Graph, ref

EVERYWHERE = re.compile(
    r"\b(?:all|every|any|across|each) (?:the |my )?(?:namespaces?|ns)\b|\b(?:whole|entire) cluster\b|\beverywhere\b"
    r"|\banywhere\b|\bcluster[- ]wide\b|\bacross the cluster\b"
    r"|\b(?:in|on|of|for) (?:the |my |our )?(?:whole |entire )?cluster\b"
)
_NAMED = re.compile(r"(?:\bnamespaces?[ /=]|\bns[ /=]|(?<!\S)-n |--namespace[ =])(?:called |named )?([a-z0-9][\w-]*)")
_BEFORE = re.compile(r"([a-z0-9][\w-]*) (?:namespace|ns)\b")
_PREPOSITIONS = frozenset(("in", "from", "within", "inside", "of", "for", "on", "across", "into", "at", "to"))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question looks."""

    namespace: str = ""
    """The namespace it names, "" for none."""
    everywhere: bool = False
    """Whether it says that it means the whole cluster."""
    absent: str = ""
    """What it calls a namespace and is none here, "" for nothing."""


def namespaces(graph: Graph) -> list[str]:
    """Return the namespaces a look knows of: those that are listed, and those that something is in."""
    listed = [ref(obj).name for obj in graph.all("Namespace")]
    lived = {ref(obj).namespace for kind in ("Pod", "Deployment", "Service") for obj in graph.all(kind)}
    return list(dict.fromkeys([*listed, *sorted(lived - {""})]))


def place(asked: Question, graph: Graph) -> Place:
    """Return where a question looks, as far as it says so."""
    known = called(graph)
    named = [found[1] for found in _NAMED.finditer(asked.text.lower())] + [
        found[1] for found in _BEFORE.finditer(asked.plain)
    ]
    for word in named:
        if word in known:
            return Place(known[word])
    said = _by_preposition(asked, known) or _alone(asked, known, graph)
    if said:
        return Place(said)
    slashed = [known[part] for word in asked.words for part in word.lower().split("/")[:-1] if part in known]
    if slashed:
        return Place(slashed[0])
    strange = [word for word in named if word not in _NO_NAMES]
    return Place(everywhere=EVERYWHERE.search(asked.plain) is not None, absent=strange[0] if strange else "")


ENVIRONMENTS = ("dev", "prod", "production", "staging", "test", "local")

_NO_NAMES = frozenset(
    """the this that my our your a an each every any all which what is are do does has have with in of by and or per
    kubernetes same other one another whole entire current please status""".split()
)


def called(graph: Graph) -> dict[str, str]:
    """Return word -> the namespace it names, also in short: `staging`, where `todo-staging` alone is called so."""
    known = {name.lower(): name for name in namespaces(graph)}
    parts: dict[str, set[str]] = {}
    for name in known.values():
        for part in name.lower().split("-"):
            parts.setdefault(part, set()).add(name)
    taken = {ref(obj).name.lower() for kind in MEANT for obj in graph.all(kind)}
    single = {part: min(names) for part, names in parts.items() if len(names) == 1 and len(part) > 2}
    return {**{part: name for part, name in single.items() if part not in taken}, **known}


def _alone(asked: Question, known: dict[str, str], graph: Graph) -> str:
    """Return the namespace that is named without a preposition, where nothing else is called so."""
    word = next((word.lower() for word in asked.words if word.lower() in known), "")
    found = known.get(word, "")
    taken = (
        any(graph.get(kind, obj, found) for kind in MEANT if kind != "Namespace" for obj in known.values())
        if found
        else False
    )
    return "" if taken or (is_ordinary(word) and word not in ENVIRONMENTS) else found


def _by_preposition(asked: Question, known: dict[str, str]) -> str:
    """Return the namespace that stands behind a preposition: `in shop`, `the pods of shop`."""
    low = [word.lower() for word in asked.words]
    for place, word in enumerate(low):
        before = [item for item in low[max(0, place - 2) : place] if item not in ("the", "our", "my")]
        if word in known and before and before[-1] in _PREPOSITIONS:
            return known[word]
    return ""
