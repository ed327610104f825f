"""The results of what was found: a cause, a control's verdict or a concern each, and what nobody could judge."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from agent.audit.verdict import Outcome
from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.finding import Citation, Finding
from agent.diagnose.unsettled import Unsettled
from agent.health.concern import Concern
from agent.health.engine import Health
from agent.health.held import Held
from agent.policyreport.result import WORDS, Question, Report, Result, Word
from agent.severity import Severity
from agent.snapshot.record import State

OUTCOMES: Mapping[Outcome, Word] = {Outcome.PASS: Word.PASS, Outcome.FAIL: Word.FAIL, Outcome.UNKNOWN: Word.ERROR}

UNKNOWN, UNSETTLED, WELL = "unknown", "unsettled", "nothing-wrong"
"""Rules of what is no cause: what nobody could judge, what may become well by itself, and a namespace that is."""


def of_diagnosis(diagnosis: Diagnosis, namespace: str, at: datetime) -> Report:
    """Return what a diagnosis of one namespace says; a note about an object of none stands in the cluster's report."""
    own = (item for item in diagnosis.findings if item.subject.namespace or item.severity is not Severity.INFO)
    found = (*map(_of_finding, own), *map(_unknown, diagnosis.unknown), *map(_of_unsettled, diagnosis.unsettled))
    nothing = (Result(WELL, Word.PASS, "nothing is wrong", Severity.INFO),)
    return Report(Question.DIAGNOSE, namespace, at, found or nothing)


def of_audits(audits: Iterable[Held], namespace: str, at: datetime) -> Report:
    """Return how the releases of a namespace stand to the blueprints, what fails first; none where there is none."""
    own = (item for item in audits if item.namespace == namespace)
    results = (result for item in own for result in _of_held(item))
    return Report(Question.AUDIT, namespace, at, tuple(sorted(results, key=_rank)))


def of_health(health: Health, namespace: str, at: datetime) -> Report:
    """Return what speaks against the health of a cluster, or of a namespace, with the score."""
    found = (*map(_of_concern, health.concerns), *_of_alerts(health), *map(_unknown, health.unknown))
    nothing = (Result(WELL, Word.PASS, "nothing speaks against it", Severity.INFO),)
    lost = {item.area.value: item.points for item in health.score.deductions}
    return Report(Question.HEALTH, namespace, at, found or nothing, score=health.score.points, lost=lost)


def _of_finding(item: Finding) -> Result:
    command = item.remedy.command or item.fix.command
    more = _more(item.citations, item.fix.summary, str(command) if command else "")
    return Result(item.mode.code, WORDS[item.severity], item.cause, item.severity, item.subject, "diagnosis", more)


def _of_unsettled(item: Unsettled) -> Result:
    until = {"until": item.until.isoformat()} if item.until else {}
    return Result(UNSETTLED, Word.SKIP, item.says, Severity.INFO, item.subject, "diagnosis", until)


def _of_held(held: Held) -> Iterator[Result]:
    """Yield a result for each control; an error for what was not read, or why the release was not audited."""
    release = {"release": held.release}
    for gap in held.audit.gaps if held.audit else (held.reason,):
        yield replace(_unknown(gap), properties=release)
    for verdict in held.audit.verdicts if held.audit else ():
        control = verdict.control
        says = f"{control.title}: {verdict.why}" if verdict.why else f"{control.title} = {control.raw}"
        more = release | {"blueprint": str(control.source), "says": control.raw}
        word = OUTCOMES[verdict.outcome]
        yield Result(control.id, word, says, verdict.severity, None, control.blueprint, more)


def _of_concern(item: Concern) -> Result:
    more = _more(item.citations, item.advice, item.command)
    return Result(item.code, WORDS[item.severity], item.says, item.severity, item.subject, item.area.value, more)


def _of_alerts(health: Health) -> Iterator[Result]:
    for alert in health.alerts.raised:
        more = _more(alert.citations, "", "")
        yield Result(f"alert-{alert.code}", Word.FAIL, alert.says, Severity.ERROR, alert.subject, "alerts", more)


def _unknown(text: str) -> Result:
    """Return what a line says that nobody could judge: an error, but for what this identity may not see by design."""
    denied = text.partition(": ")[2].startswith(State.DENIED)
    return Result(UNKNOWN, Word.SKIP if denied else Word.ERROR, text, Severity.WARNING)


def _more(citations: Sequence[Citation], advice: str, command: str) -> Mapping[str, str]:
    rows = ", ".join(f"{row.control} ({row.source})" for row in citations)
    said = {"blueprint": rows, "advice": advice, "command": command}
    return {key: text for key, text in said.items() if text}


def _rank(result: Result) -> tuple[int, int]:
    return list(Word).index(result.word), list(Severity).index(result.severity)
