"""From everything the rules said to the few causes worth reading: merged, explained away, ordered."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace

from agent.diagnose import modes
from agent.diagnose.consequences import consequences
from agent.diagnose.finding import Confidence, Finding, Severity
from agent.diagnose.messages.lines import failing_line
from agent.diagnose.messages.network import COMPLAINTS, NAMES, UNSURE
from agent.diagnose.unexplained import NO_CAUSE
from agent.kube.addresses import mentions
from agent.kube.upstreams import called, chain_of, is_dead
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref

SEVERITIES = list(Severity)
CONFIDENCES = list(Confidence)

MOST_EVIDENCE = 12
"""Pieces of evidence kept of findings that are merged; every affected object stays named."""


def ranked(findings: Sequence[Finding], graph: Graph) -> list[Finding]:
    """Return one finding per cause, the one to start with first; what a cause explains is in its `symptoms`."""
    found = _merged(founded(findings))
    unreachable = {finding.subject for finding in found if finding.mode.unreachable}
    merged = sorted((_rooted(finding, unreachable, graph) for finding in found), key=_order)
    parents = _parents(merged)
    below: dict[int, list[Finding]] = {}
    for index, finding in enumerate(merged):
        below.setdefault(_root(index, parents), []).append(finding)
    kept = [_with_symptoms(merged[index], group, graph) for index, group in below.items()]
    return sorted(kept, key=_order)


def founded(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings less those of a change that broke nothing."""
    shown: dict[Ref, list[Finding]] = {}
    for finding in findings:
        for name in _names(finding):
            shown.setdefault(name, []).append(finding)
    return [finding for finding in findings if not finding.mode.contingent or _shows(finding, shown)]


def _shows(change: Finding, shown: Mapping[Ref, Sequence[Finding]]) -> bool:
    """Return whether a change broke something: a revision any of its pods, a field what such a field brings about."""
    beside = [found for name in _names(change) for found in shown[name] if not found.mode.contingent]
    if change.mode.is_symptom:
        return any(found.severity is Severity.ERROR for found in beside)
    return any(_goes_before(change, found) for found in beside)


def _merged(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings with the same cause on several pods of one workload as one."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        key = (finding.mode, finding.subject, finding.container, finding.fix.summary, repr(finding.fix.edits))
        groups.setdefault(key, []).append(finding)
    return [_one(group) for group in groups.values()]


def _one(group: list[Finding]) -> Finding:
    first = min(group, key=lambda finding: (*_worth(finding), finding.affected))
    if len(group) == 1:
        return first
    others = [finding for finding in group if finding is not first]
    evidence = [*first.evidence, *(item for finding in others for item in finding.evidence)]
    return replace(
        first,
        affected=_united(finding.affected for finding in (first, *others)),
        roots=_united(finding.roots for finding in (first, *others)),
        symptoms=tuple(dict.fromkeys(line for finding in (first, *others) for line in finding.symptoms)),
        evidence=tuple(dict.fromkeys(evidence))[:MOST_EVIDENCE],
    )


def _united(groups: Iterator[tuple[Ref, ...]]) -> tuple[Ref, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))


def _rooted(finding: Finding, unreachable: Set[Ref], graph: Graph) -> Finding:
    """Return the finding with the Services its workload calls and gets no answer from among its roots."""
    if not finding.mode.dependent or (not finding.mode.is_symptom and finding.confidence is Confidence.CERTAIN):
        return finding
    workload = graph.get(*finding.subject)
    if workload is None or not isinstance(workload.get("spec"), dict):
        return finding
    services = list(called(workload, graph))
    silent = [service for service in services if ref(service) in unreachable or is_dead(service, graph)]
    blamed = [service for service in silent if _blames(finding, service, services, graph)]
    return replace(finding, roots=_united(iter((finding.roots, *(tuple(chain_of(item, graph)) for item in blamed)))))


def _blames(finding: Finding, service: Object, services: Sequence[Object], graph: Graph) -> bool:
    """Return whether a program that ends, or is not ready, may do so for a Service: its log names it, or nobody.

    A log that names nobody blames a Service only where it complains of a connection; one that says nothing may.
    """
    told = (item.text for item in finding.evidence if item.pointer.startswith("log"))
    lines = [text for text in told if failing_line(text)]
    if not lines or any(mentions(line, service, graph) for line in lines):
        return True
    elsewhere = any(mentions(line, other, graph) for line in lines for other in services)
    return not elsewhere and any(pattern.search(line) for line in lines for pattern in (COMPLAINTS, NAMES, UNSURE))


def _parents(findings: Sequence[Finding]) -> dict[int, int]:
    """Return which finding explains which, by position, without circles: the better of a circle stays."""
    about: dict[Ref, list[int]] = {}
    for index, finding in enumerate(findings):
        for name in _names(finding):
            about.setdefault(name, []).append(index)
    parents: dict[int, int] = {}
    for index, finding in reversed(list(enumerate(findings))):
        for other in _explainers(finding, findings, about):
            if other != index and index not in _chain(other, parents):
                parents[index] = other
                break
    return parents


def _explainers(finding: Finding, findings: Sequence[Finding], about: Mapping[Ref, Sequence[int]]) -> Iterator[int]:
    """Yield the findings that explain this one away: who says so, what it stands on, then a cause of the same pods."""
    for other in _positions(_names(finding), about):
        if _goes_before(findings[other], finding):
            yield other
    for other in _positions(finding.roots, about):
        if _may_explain(findings[other], finding):
            yield other
    if finding.mode.is_symptom or finding.mode.general:
        for other in _positions(_names(finding), about):
            if not _goes_before(finding, findings[other]) and _outranks(findings[other], finding):
                yield other


def _goes_before(cause: Finding, finding: Finding) -> bool:
    """Return whether a finding says that another one only shows it: by the catalogue, or because of its object."""
    return finding.mode.code in cause.mode.explains or finding.mode in cause.instead_of


def _positions(names: Iterable[Ref], about: Mapping[Ref, Sequence[int]]) -> list[int]:
    return sorted({other for name in names for other in about.get(name, ())})


def _may_explain(cause: Finding, finding: Finding) -> bool:
    """Return whether a root's finding weighs enough: a warning upstream breaks nobody."""
    return cause.severity is Severity.ERROR or finding.severity is not Severity.ERROR


def _same_container(one: Finding, other: Finding) -> bool:
    """Return whether two findings are about one container, or one of them about its pod as a whole."""
    return "" in (one.container, other.container) or one.container == other.container


def _outranks(cause: Finding, finding: Finding) -> bool:
    """Return whether a finding about the same pods is nearer the cause: a warning only where it is of the same ones."""
    if cause.mode.is_symptom or cause.mode is finding.mode:
        return False
    if finding.mode.general:
        return cause.severity is Severity.ERROR and _same_container(cause, finding)
    if finding.mode is modes.UNEXPLAINED or cause.severity is Severity.ERROR:
        return cause.severity is not Severity.INFO
    return cause.severity is Severity.WARNING and not set(cause.affected).isdisjoint(finding.affected)


def _names(finding: Finding) -> Set[Ref]:
    return {finding.subject, *finding.affected}


def _chain(start: int, parents: Mapping[int, int]) -> set[int]:
    seen = {start}
    while start in parents:
        start = parents[start]
        seen.add(start)
    return seen


def _root(index: int, parents: Mapping[int, int]) -> int:
    while index in parents:
        index = parents[index]
    return index


def _with_symptoms(finding: Finding, group: Sequence[Finding], graph: Graph) -> Finding:
    """Return a cause with what it explains: the rest of its group, and what follows for those who use them."""
    below = [found for found in group if found is not finding]
    lines = [_line(found) for found in below]
    told = {name for found in (finding, *below) for name in (found.subject,)}
    finding = replace(finding, severity=min((found.severity for found in group), key=SEVERITIES.index))
    lines += [line for found in (finding, *below) for line in consequences(found, told, graph)]
    if finding.mode.is_symptom:  # its pods show the nearest to a cause there is
        more = (item for found in below for item in found.evidence)
        finding = replace(finding, evidence=tuple(dict.fromkeys((*finding.evidence, *more)))[:MOST_EVIDENCE])
    return finding.with_symptoms(tuple(dict.fromkeys(lines)))


def _line(finding: Finding) -> str:
    """Return an explained finding as one line; that it had no known cause is no longer so."""
    cause = finding.cause.removesuffix(NO_CAUSE)
    if finding.mode.contingent and finding.mode.is_symptom:  # going back is a way out, whatever the cause
        return f"{cause}. {finding.fix.summary}"
    return cause if finding.subject.name in cause else f"{finding.subject}: {cause}"


def _order(finding: Finding) -> tuple[int, int, int, int, Ref, str]:
    impact = len(finding.affected) + len(finding.symptoms)
    return (*_worth(finding), -impact, finding.mode.number, finding.subject, finding.container)


def _worth(finding: Finding) -> tuple[int, int]:
    return SEVERITIES.index(finding.severity), CONFIDENCES.index(finding.confidence)
