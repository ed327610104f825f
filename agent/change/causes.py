"""What a diagnosis asks to be changed: the failing controls that reach its causes, and why the others stay. Pure.

A control mends a cause where its value decides, as rendering the chart with it shows, a field that the cause lies in.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from agent.audit.verdict import Leg
from agent.change.grounds import Refusal
from agent.change.proposal import Proposal
from agent.change.spots import is_given, is_meant, objects, ran, reaches, spots
from agent.diagnose.finding import Finding, Severity
from agent.diagnose.unsettled import Unsettled
from agent.kube.references import configs
from agent.kube.releases import released
from agent.remedy.owned import Proofs
from agent.snapshot.graph import Graph
from agent.snapshot.record import Ref
from agent.trace.rendering import RenderedField

Decides = Mapping[str, Sequence[RenderedField]]
"""Values path -> the fields that the chart makes of it."""

Fits = Callable[[Ref, str, str], bool]
"""Whether a field of an object, by its pointer and what stands there now, is one that is looked for."""

AWAITED = ("Deployment", "StatefulSet", "DaemonSet", "Job", "Pod", "PersistentVolumeClaim")
"""Kinds helm waits for until they are ready."""


@dataclass(frozen=True, slots=True)
class Known:
    """What causes are held against: the failing controls, the fields their values decide, and the cluster."""

    failing: Proposal
    decides: Decides
    graph: Graph
    stated: Decides = field(default_factory=dict)
    """The same of every value the files state, where that was asked: of what nobody justifies it names the value."""
    proofs: Proofs = field(default_factory=dict)
    """Which value each edit of a cause is, as rendering shows."""
    withheld: Mapping[str, Refusal] = field(default_factory=dict)
    """Values path -> why no plan gives it what its row states."""


def from_findings(findings: Sequence[Finding], subject: Ref, known: Known) -> Proposal:
    """Return what would mend these causes; without any, the failing controls of the object itself."""
    found = Proposal()
    for finding in findings:
        _add(found, _mending(finding, known))
    if not findings:
        _add(found, _chosen(known, lambda name, *_: name == subject))
    return found


def beside(findings: Sequence[Finding], planned: Proposal, known: Known) -> tuple[Proposal, list[str]]:
    """Return what would mend the other causes that helm would wait for in vain, and a sentence for each of them."""
    more, notes = Proposal(), list[str]()
    for finding in findings:
        mends = _mending(finding, known)
        if finding.severity is not Severity.ERROR or not _is_awaited(finding, known.graph):
            continue
        if set(mends.controls) & set(planned.controls):
            continue
        _add(more, mends)
        with_it = f"{', '.join(mends.controls)} goes with it" if mends.controls else "no row mends it"
        notes.append(f"helm waits for the whole release, and {finding.cause}: {with_it}")
    return more, notes


def _is_awaited(finding: Finding, graph: Graph) -> bool:
    return any(name.kind in AWAITED and name in released(graph) for name in objects(finding, graph))


def _mending(finding: Finding, known: Known) -> Proposal:
    """Return the failing controls that decide what a cause lies in."""
    chosen = (_chosen(known, fits) for fits in _places(finding, known.graph))
    return next((found for found in chosen if found.controls), Proposal())


def _places(finding: Finding, graph: Graph) -> Iterator[Fits]:
    """Yield where a cause may be mended, the nearest first: its own fields; of a program that ends, all it is given."""
    wanted = spots(finding, graph)
    yield lambda name, pointer, _: reaches(name, pointer, wanted)
    if ran(finding):
        near = {*objects(finding, graph), *(spot.object for spot in wanted)}
        near |= {config for name in near if (obj := graph.get(*name)) for config in configs(obj)}
        yield (
            lambda name, pointer, now: (
                name in near and is_given(pointer, finding.container) and is_meant(finding, pointer, now)
            )
        )


def _chosen(known: Known, fits: Fits) -> Proposal:
    def reached(path: str) -> bool:
        return any(fits(item.object, item.pointer, item.now) for item in known.decides.get(path, ()))

    wanted = [item for item in known.failing.wanted if reached(item.path)]
    again = [item for item in known.failing.reapplied if fits(*item.place, item.point.reading(Leg.LIVE).raw)]
    return Proposal(wanted, again)


def _add(found: Proposal, more: Proposal) -> None:
    found.wanted += [item for item in more.wanted if item not in found.wanted]
    found.reapplied += [item for item in more.reapplied if item not in found.reapplied]


def unmended(findings: Sequence[Finding], waiting: Sequence[Unsettled], known: Known) -> Iterator[Refusal]:
    """Say of each cause why nothing is planned for it, and which row would have to be there; of the rest to wait."""
    yield from known.failing.refusals
    for item in waiting if not findings else ():
        yield Refusal(f"{item.subject.kind}/{item.subject.name}", f"not settled yet: {item.says}", "look again later")
    for finding in findings:
        subject = f"{finding.subject.kind}/{finding.subject.name}"
        if finding.citations:
            row = finding.citations[0]
            asks = f"the value is what {row.source} asks for ({row.control}: {row.says}), and that is what fails"
            yield Refusal(subject, asks, f"change {row.source}")
            continue
        named = _named(finding, known)
        withheld = [known.withheld[path] for path in named if path in known.withheld]
        yield from withheld
        if not withheld:
            yield Refusal(subject, "no row of a blueprint states what would mend it", _first(finding, named))


def _named(finding: Finding, known: Known) -> list[str]:
    """Return the values that decide what a cause lies in, those first that rendering has shown to mend it."""
    proofs = (known.proofs.get((edit.object, edit.path)) for edit in finding.fix.edits)
    found = (
        [
            path
            for path, fields in known.stated.items()
            if any(fits(item.object, item.pointer, item.now) for item in fields)
        ]
        for fits in _places(finding, known.graph)
    )
    return list(dict.fromkeys([*(proof.path for proof in proofs if proof), *next(filter(None, found), [])]))


def _first(finding: Finding, named: Sequence[str]) -> str:
    """Return which values a row would have to state, else what a person can do without one."""
    if named:
        stated = " or ".join(f"agent spec propose {path} VALUE" for path in named)
        return f"a row for {' or '.join(named)}, then fix it again: {stated}"
    if finding.remedy.command:
        return str(finding.remedy.command)
    return "; ".join(finding.remedy.advice) or finding.fix.summary
