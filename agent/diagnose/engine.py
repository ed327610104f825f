"""Asks every rule about every object it is for, and ranks what they say. Pure: a snapshot in, a diagnosis out."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain

from agent.diagnose import unexplained
from agent.diagnose.answer import Answer, answer
from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.finding import Finding, Severity
from agent.diagnose.modes import Layer
from agent.diagnose.rank import founded, ranked
from agent.diagnose.registry import Rule
from agent.diagnose.relatives import relatives
from agent.diagnose.rules.every import ALL
from agent.diagnose.unsettled import Unsettled, unsettled
from agent.kube.containers import probed_unwell
from agent.kube.history import is_history
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref, Snapshot, State
from agent.snapshot.shape import ODD
from agent.snapshot.suspects import is_suspect
from tools.failure import Failure, FailureKind

BUDGET = 60.0
"""Seconds for all rules together: 5,000 pods take two. What is not asked by then is named as not decided."""


def diagnose(snapshot: Snapshot, subject: Ref | None = None, seconds: float | None = None) -> Diagnosis | Failure:
    """Return the ranked causes in a snapshot; about one object, when a subject is named.

    `seconds` is how long all rules together may take, None for as long as they ever may.

    Returns:
        A Failure when the subject does not exist, or when nobody can say because its kind could not be read.

    """
    inquiry = _Inquiry(Graph(snapshot), time.monotonic() + (BUDGET if seconds is None else min(seconds, BUDGET)))
    findings, waiting = inquiry.run(ALL)
    asked = inquiry.graph.get(*subject) if subject else None
    if subject is not None and asked is None:
        return _absent(subject, snapshot)
    about = None
    if asked is not None:
        near = relatives(ref(asked), inquiry.graph)
        findings = [finding for finding in findings if not near.isdisjoint(_names(finding))]
        waiting = [item for item in waiting if not near.isdisjoint((item.subject, *item.affected))]
        about = inquiry.answer(asked, findings, waiting)
    unknown = [f"{part.name}: {part.state}{f', {part.reason}' if part.reason else ''}" for part in snapshot.gaps()]
    return Diagnosis(
        findings=tuple(findings),
        unsettled=tuple(waiting),
        about=about,
        unknown=(*unknown, *inquiry.undecided, *inquiry.unasked()),
        examined={kind: len(objects) for kind, objects in snapshot.objects.items()},
    )


def _suffers(finding: Finding) -> tuple[Ref, ...]:
    return (finding.subject, *finding.affected)


def _names(finding: Finding) -> Iterator[Ref]:
    return chain((finding.subject,), finding.affected, finding.roots)


def _absent(subject: Ref, snapshot: Snapshot) -> Failure:
    if snapshot.knows(subject.kind):
        place = f"namespace {subject.namespace}" if subject.namespace else "the cluster"
        return Failure(FailureKind.NOT_FOUND, f"{subject.kind}/{subject.name}", f"not found in {place}")
    part = next((part for part in snapshot.parts if part.name == subject.kind), None)
    if part is None:
        return Failure(FailureKind.NOT_FOUND, f"{subject.kind}/{subject.name}", "objects of this kind were not read")
    kind = FailureKind.FORBIDDEN if part.state is State.DENIED else FailureKind.TRUNCATED
    return Failure(
        kind, f"{subject.kind}/{subject.name}", f"{subject.kind} list {part.state}: {part.reason}", part.hint
    )


class _Inquiry:
    """One run over all rules, with the one guard: a rule that cannot read an object is named, and the rest go on."""

    def __init__(self, graph: Graph, until: float) -> None:
        self.graph, self.until = graph, until
        self.undecided: list[str] = []
        self._late: Counter[str] = Counter()

    def unasked(self) -> Iterator[str]:
        """Yield a line for each rule there was no time for."""
        return (
            f"{what}: the time for rules was up, {count} objects not looked at" for what, count in self._late.items()
        )

    def run(self, rules: Sequence[Rule]) -> tuple[list[Finding], list[Unsettled]]:
        suspects = [pod for pod in self.graph.all("Pod") if self._is_asked(pod)]
        found: list[Finding] = []
        for kind, asked in _by_kind(rules).items():
            for obj in suspects if kind == "Pod" else _objects(kind, self.graph):
                for rule in asked:
                    found += self._ask(f"mode {rule.mode.number} {rule.mode.code}", rule.test, obj)
        found += self._rest(suspects, found)
        return self._ranked(found), self._unsettled(suspects, found)

    def answer(self, asked: Object, findings: Sequence[Finding], waiting: Sequence[Unsettled]) -> Answer | None:
        """Return what is said of the object a person asked about, None where a finding names it."""
        if any(ref(asked) in _suffers(finding) for finding in findings):
            return None
        try:
            return answer(asked, waiting, self.graph)
        except ODD as error:
            self.undecided.append(_undecided("whether it is as asked", asked, error))
            return None

    def _unsettled(self, suspects: Sequence[Object], found: Sequence[Finding]) -> list[Unsettled]:
        """Return what is not settled; what a finding names is not waited for as well."""
        told = [finding for finding in founded(found) if finding.severity is not Severity.INFO]
        explained = {name for finding in told for name in _suffers(finding)}
        try:
            return unsettled(suspects, explained, self.graph)
        except ODD as error:
            self.undecided.append(f"what is not settled yet: {type(error).__name__}: {error}")
            return []

    def _ranked(self, found: Sequence[Finding]) -> list[Finding]:
        try:
            return ranked(found, self.graph)
        except ODD as error:
            self.undecided.append(f"which cause explains which: {type(error).__name__}: {error}")
            return list(found)

    def _rest(self, suspects: Sequence[Object], found: Sequence[Finding]) -> list[Finding]:
        """Return what is broken and explained by no rule."""
        explained = {name for finding in found if finding.mode.layer is Layer.CAUSE for name in _suffers(finding)}
        more: list[Finding] = []
        for obj in chain(suspects, self.graph.all("Node"), *(self.graph.all(kind) for kind in unexplained.KINDS)):
            more += self._ask("unexplained", lambda obj, graph: unexplained.test(obj, graph, explained), obj)
        return more

    def _is_asked(self, pod: Object) -> bool:
        try:
            return (is_suspect(pod) or ref(pod) in probed_unwell(self.graph)) and not is_history(pod, self.graph)
        except ODD as error:
            self.undecided.append(_undecided("whether it is healthy", pod, error))
            return False

    def _ask(self, what: str, test: Callable[[Object, Graph], Iterator[Finding]], obj: Object) -> list[Finding]:
        if time.monotonic() > self.until:
            self._late[what] += 1
            return []
        try:
            return list(test(obj, self.graph))
        except ODD as error:
            self.undecided.append(_undecided(what, obj, error))
            return []


def _objects(kind: str, graph: Graph) -> Sequence[Object]:
    """Return what rules of a kind are asked about; a Helm release is no object, and is put as one."""
    if kind != "Release":
        return graph.all(kind)
    return [
        {"kind": kind, "metadata": {"name": found.name, "namespace": found.namespace}, "release": found}
        for found in graph.snapshot.releases
    ]


def _by_kind(rules: Sequence[Rule]) -> Mapping[str, Sequence[Rule]]:
    kinds: dict[str, list[Rule]] = {}
    for rule in rules:
        kinds.setdefault(rule.on, []).append(rule)
    return kinds


def _undecided(what: str, obj: Object, error: Exception) -> str:
    return f"{what} on {ref(obj)}: its fields could not be read ({type(error).__name__}: {error})"
