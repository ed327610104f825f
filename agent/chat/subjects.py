"""Which objects a question speaks of: names resolved against a look, the near ones too, and what was assumed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from agent.chat.lexicon import WORKLOADS, is_ordinary, is_plural, kind_of
from agent.chat.names import Near, Nearness, is_unwell, near, workload_behind, workload_of
from agent.chat.question import Question
from agent.kube.wording import closest, listed, said
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Ref

LONGEST = 3
"""Words that may be said apart in a name of one: `todo backend`."""


@dataclass(frozen=True, slots=True)
class Term:
    """Words of a question that may name an object."""

    text: str
    kind: str = ""
    """The kind that was said with it."""
    is_name: bool = False
    """Whether it can be nothing but a name: it is quoted, stands beside its kind, or is spelled like one."""
    first: int = 0
    """The place of its first word."""
    words: int = 1


@dataclass(frozen=True, slots=True)
class Meant:
    """What one term means."""

    term: Term
    refs: tuple[Ref, ...]
    """One object; several where it stays open which."""
    notes: tuple[str, ...] = ()
    """What was assumed, in sentences."""


@dataclass(frozen=True, slots=True)
class Subjects:
    """What a question speaks of."""

    meant: tuple[Meant, ...] = ()
    absent: tuple[str, ...] = ()
    """What is named and is not here, a sentence each."""
    kinds: tuple[str, ...] = ()
    """The kinds that were said, names or no names."""
    used: frozenset[int] = field(default_factory=frozenset)
    """The places of the words that were names."""


def subjects(asked: Question, graph: Graph, namespace: str, skip: Sequence[str] = ()) -> Subjects:
    """Return what a question speaks of.

    Args:
        asked: the question.
        graph: everything that was looked at.
        namespace: the one the question speaks of, or is asked from; objects there go before others, "" for none.
        skip: words that were understood otherwise, such as the namespace's name.

    """
    meant, absent, used = [], [], set[int]()
    for term in sorted(_terms(asked, skip), key=lambda item: -item.words):
        places = set(range(term.first, term.first + term.words))
        if places & used:
            continue
        found = _meant(term, graph, namespace)
        if found is not None:
            used |= places
            meant.append(found)
        elif term.is_name and term.words == 1:
            absent.append((term.first, _absent(term, graph, namespace)))
    meant.sort(key=lambda item: item.term.first)
    missing = tuple(text for place, text in absent if place not in used)
    kinds = dict.fromkeys(kind for word in asked.words if (kind := kind_of(word)))
    return Subjects(tuple(_distinct(meant)), missing, tuple(kinds), frozenset(used))


def _terms(asked: Question, skip: Sequence[str]) -> Iterator[Term]:
    """Yield what may be a name, with its kind where that stands beside it."""
    words, passed = asked.words, {word.lower() for word in skip}
    free = [word.lower() not in passed and "=" not in word for word in words]
    for first in range(len(words)):
        for count in range(1, LONGEST + 1):
            chosen = words[first : first + count]
            if len(chosen) < count or not all(free[first : first + count]):
                break
            if count > 1 and any(is_ordinary(word) or "/" in word for word in chosen):
                continue
            yield from _term(asked, first, chosen)


def _term(asked: Question, first: int, chosen: Sequence[str]) -> Iterator[Term]:
    text = "-".join(chosen)
    kind, slash, name = text.rpartition("/")
    if slash:
        yield Term(name, kind_of(kind.rpartition("/")[2]), is_name=True, first=first)
        return
    beside = _kind_beside(asked.words, first, len(chosen))
    quoted = text in asked.quoted or any(text == word for item in asked.quoted for word in item.split())
    if is_ordinary(text) and not quoted and not (beside and _is_named_so(asked.words, first)):
        return
    yield Term(text, beside, quoted or bool(beside) or _is_spelled_so(text), first, len(chosen))


def _kind_beside(words: Sequence[str], first: int, count: int) -> str:
    """Return the kind said right before or behind some words: `deployment web`, `pod called web`, `the web service`."""
    before = [word.lower() for word in words[max(0, first - 2) : first]]
    if before and before[-1] in ("called", "named"):
        before.pop()
    behind = words[first + count].lower() if first + count < len(words) else ""
    found = kind_of(before[-1]) if before and not is_plural(before[-1]) else ""
    return found or ("" if is_plural(behind) else kind_of(behind))


def _is_named_so(words: Sequence[str], first: int) -> bool:
    return first > 0 and words[first - 1].lower() in ("called", "named")


def _is_spelled_so(text: str) -> bool:
    """Return whether a word is spelled as objects are and words are not: `todo-api`, `web2`."""
    return (
        len(text) > 3 and ("-" in text.strip("-") or any(letter.isdigit() for letter in text)) and not text[0].isdigit()
    )


def _meant(term: Term, graph: Graph, namespace: str) -> Meant | None:
    """Return what a term names; of another kind where none of the kind that was said is called so."""
    kinds = (term.kind,) if term.kind else ()
    found = _nearest(term, graph, kinds, namespace)
    if (
        found
        and term.kind == "Pod"
        and all(item.nearness in (Nearness.START, Nearness.PART, Nearness.LABEL) for item in found)
    ):
        found = [Near(name, Nearness.EXACT) for name in dict.fromkeys(workload_of(item.ref, graph) for item in found)]
    if kinds and (not found or found[0].nearness is Nearness.ALIKE):
        found = _nearest(term, graph, (), namespace) or found
    if not found or (found[0].nearness is Nearness.ALIKE and not _may_be_mistyped(term)):
        return None
    chosen, notes = _chosen([item.ref for item in found], graph, namespace)
    if not term.kind:
        chosen = [_served(name, graph) for name in chosen]
    return Meant(term, tuple(dict.fromkeys(chosen)), (*notes, *_assumed(term, found[0], chosen)))


def _nearest(term: Term, graph: Graph, kinds: Sequence[str], namespace: str) -> list[Near]:
    """Return what is called so in the namespace, elsewhere where nothing there is."""
    here = near(term.text, graph, kinds, namespace) if namespace else []
    everywhere = near(term.text, graph, kinds)
    if here and (not everywhere or here[0].nearness >= everywhere[0].nearness - 2):
        return here
    return everywhere


def _may_be_mistyped(term: Term) -> bool:
    return term.is_name or not is_ordinary(term.text)


def _served(name: Ref, graph: Graph) -> Ref:
    """Return the workload behind a Service that was named without its kind: people mean what runs."""
    return (workload_behind(name, graph) or name) if name.kind == "Service" else name


def _chosen(found: Sequence[Ref], graph: Graph, namespace: str) -> tuple[list[Ref], list[str]]:
    """Return what is meant of several: what is in the namespace; a note where nothing is."""
    here = [name for name in found if name.namespace in ("", namespace)]
    if here or not namespace:
        return list(here or found), []
    places = listed(sorted({name.namespace for name in found}))
    return list(found), [f"there is no {found[0].name} in namespace {namespace}; it is in {places}"]


def _assumed(term: Term, best: Near, chosen: Sequence[Ref]) -> Iterator[str]:
    name = chosen[0]
    if best.nearness is Nearness.ALIKE:
        yield f"nothing is called {term.text}; {said(name)} is taken to be meant"
    elif term.kind and name.kind != term.kind and not (term.kind == "Pod" and name.kind in WORKLOADS):
        yield f"there is no {term.kind} {term.text}; {said(name)} is taken to be meant"


def _absent(term: Term, graph: Graph, namespace: str) -> str:
    kinds = (term.kind,) if term.kind else WORKLOADS
    names = [ref(obj).name for kind in kinds for obj in graph.all(kind)]
    hint = closest(term.text, names)
    noun = f"{term.kind} " if term.kind else ""
    there = f"did you mean {hint}?" if hint else f"there are {listed(sorted(set(names)), 5)}" if names else ""
    return f"nothing is called {noun}{term.text}{f' ({there})' if there else ''}"


def _distinct(found: Sequence[Meant]) -> Iterator[Meant]:
    seen: set[tuple[Ref, ...]] = set()
    for item in found:
        if item.refs not in seen:
            seen.add(item.refs)
            yield item


def narrowed(refs: Sequence[Ref], graph: Graph, *, unwell: bool) -> tuple[Ref, ...]:
    """Return those of several objects that are not well, where a question is about what is not; else all."""
    bad = [name for name in refs if unwell and is_unwell(name, graph)]
    return tuple(bad or refs)
