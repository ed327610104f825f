"""How a diagnosis reads: for people, and as `bluehelm/diagnosis/v1`."""

from datetime import datetime

from agent.diagnose.answer import Answer
from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.finding import Citation, Confidence, Finding, Severity
from agent.diagnose.unsettled import Unsettled
from agent.kube.paths import field, shown
from agent.kube.remedies import JSON, Edit, NeedsPerson
from agent.operate.diagnose import Diagnosed
from agent.report.data import Data, document
from agent.report.terminal import Screen, Terminal
from agent.snapshot.evidence import Evidence
from agent.snapshot.record import Ref, Snapshot

SCHEMA = "bluehelm/diagnosis/v1"

COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}

MOST_EVIDENCE = 4
"""Lines of evidence and of symptoms a person is shown; `-o json` has all."""


def as_json(result: Diagnosed, screen: Screen) -> str:
    """Return the diagnosis for machines."""
    diagnosis, snapshot = result.diagnosis, result.snapshot
    return document(
        SCHEMA,
        {
            "taken_at": snapshot.taken_at.isoformat(),
            "origin": snapshot.origin,
            "cluster": {"context": snapshot.cluster.context, "version": snapshot.cluster.version},
            "namespace": snapshot.namespace,
            "complete": not diagnosis.unknown,
            "findings": [_finding(finding) for finding in diagnosis.findings],
            "unsettled": [_unsettled(item) for item in diagnosis.unsettled],
            "about": _about(diagnosis.about),
            "unknown": list(diagnosis.unknown),
            "examined": dict(diagnosis.examined),
        },
        screen,
    )


def as_text(result: Diagnosed, screen: Screen) -> str:
    """Return the diagnosis for a person: the verdict, each cause, what is not settled yet, what is not known."""
    diagnosis, snapshot = result.diagnosis, result.snapshot
    terminal = Terminal(screen)
    terminal.line(_headline(diagnosis, snapshot), "bold")
    if diagnosis.about is not None and diagnosis.about.subject not in {item.subject for item in diagnosis.unsettled}:
        terminal.line()
        for sentence in diagnosis.about.sentences:
            terminal.line(f"   {sentence}")
    for number, finding in enumerate(diagnosis.findings, 1):
        terminal.line()
        _show(terminal, number, finding)
    if diagnosis.unsettled:
        terminal.line()
        terminal.line("Not settled yet, within the time it is given:", "yellow")
        for item in diagnosis.unsettled:
            terminal.line(f"   {item.subject}: {item.says}")
            terminal.line(f"      {_time(item, snapshot)}", "dim")
    if diagnosis.unknown:
        terminal.line()
        terminal.line("Not known, so not called healthy:", "yellow")
        for text in diagnosis.unknown:
            terminal.line(f"   {text}")
    return terminal.text()


def _headline(diagnosis: Diagnosis, snapshot: Snapshot) -> str:
    place = f"namespace {snapshot.namespace}" if snapshot.namespace else "all namespaces"
    pods = diagnosis.examined.get("Pod", 0)
    return f"{_verdict(diagnosis)}: {place}, {_count(pods, 'pod')}, {_origin(snapshot)}"


def _verdict(diagnosis: Diagnosis) -> str:
    """Claim health only of what was asked about, and only where nothing is left to settle."""
    waiting = len(diagnosis.unsettled)
    more = f"{_count(waiting, 'thing')} {'is' if waiting == 1 else 'are'} not settled yet" if waiting else ""
    if diagnosis.findings:
        return ", ".join(filter(None, (f"{_count(len(diagnosis.findings), 'cause')} found", more)))
    if diagnosis.unknown:
        return "; ".join(filter(None, ("No cause found in what could be read", more)))
    asked = f" with {diagnosis.about.subject.kind} {diagnosis.about.subject.name}" if diagnosis.about else ""
    return f"Nothing is broken{asked}; {more}" if more else f"Nothing is wrong{asked}"


def _time(item: Unsettled, snapshot: Snapshot) -> str:
    """Say since when and until when: `for 12 s; given until 10:01:00, 48 s more`."""
    lasted = f"for {_seconds(item.since, snapshot.taken_at)}" if item.since else "since an unknown time"
    if item.until is None:
        return f"{lasted}; nothing limits how long it may wait"
    return f"{lasted}; given until {item.until:%H:%M:%S}, {_seconds(snapshot.taken_at, item.until)} more"


def _seconds(start: datetime, end: datetime) -> str:
    """Return a duration in the units that say most: `48 s`, `2 min 5 s`, `3 h`, `4 d`."""
    seconds = max(int((end - start).total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min" + (f" {seconds % 60} s" if seconds % 60 else "")
    return f"{seconds // 3600} h" if seconds < 2 * 86400 else f"{seconds // 86400} d"


def _origin(snapshot: Snapshot) -> str:
    time = snapshot.taken_at.strftime("%Y-%m-%d %H:%M:%S %Z").strip()
    if snapshot.origin != "live":
        return f"from the capture {snapshot.origin} of {time}"
    return f"context {snapshot.cluster.context} at {time}" if snapshot.cluster.context else time


def _show(terminal: Terminal, number: int, finding: Finding) -> None:
    badge = terminal.style(f"{finding.severity.upper():<7}", COLOURS[finding.severity])
    terminal.row(f"{number:>2} {badge} {terminal.style(str(finding.subject), 'bold')}")
    terminal.line(f"   {finding.cause}{_doubt(finding)}")
    for label, text in _evidence(finding):
        terminal.entry(label, text)
    for citation in finding.citations:
        _cite(terminal, citation)
    for label, text in _shortened("explains", finding.symptoms):
        terminal.entry(label, text)
    _remedy(terminal, finding)


def _doubt(finding: Finding) -> str:
    return "" if finding.confidence is Confidence.CERTAIN else f" ({finding.confidence})"


def _evidence(finding: Finding) -> list[tuple[str, str]]:
    return _shortened("evidence", [f"{_where(finding, item)}: {item.text}" for item in finding.evidence])


def _where(finding: Finding, item: Evidence) -> str:
    place = item.where.kind if item.where == finding.subject else f"{item.where.kind}/{item.where.name}"
    return f"{place} {item.pointer}".strip()


def _shortened(label: str, lines: "list[str] | tuple[str, ...]") -> list[tuple[str, str]]:
    """Return the first lines under one label, and how many there are beyond them."""
    shown = [(label if index == 0 else "", line) for index, line in enumerate(lines[:MOST_EVIDENCE])]
    hidden = len(lines) - MOST_EVIDENCE
    return [*shown, ("", f"and {hidden} more (-o json)")] if hidden > 0 else shown


def _cite(terminal: Terminal, citation: Citation) -> None:
    terminal.entry("blueprint", f"{citation.control}: {citation.title} = {citation.says}  ({citation.source})")
    if citation.rationale:
        terminal.entry("", f"why: {citation.rationale}", "dim")


def _remedy(terminal: Terminal, finding: Finding) -> None:
    terminal.entry("fix", finding.fix.summary, "green")
    remedy, command = finding.remedy, finding.remedy.command or finding.fix.command
    for advice in _advice(finding):
        terminal.entry("", advice)
    if remedy.proved:
        terminal.entry("", "rendering the chart shows that this moves exactly the fields that are meant", "dim")
    elif remedy.guessed:
        terminal.entry("", "no blueprint binds this value; the path is the usual one, check your chart", "dim")
    terminal.block(remedy.patch, style="cyan")
    terminal.block(str(command or ""), style="cyan")


def _advice(finding: Finding) -> list[str]:
    return [*(advice.text for advice in finding.fix.advice), *finding.remedy.advice]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _finding(finding: Finding) -> Data:
    return {
        "mode": finding.mode.number,
        "code": finding.mode.code,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "subject": _ref(finding.subject),
        "container": finding.container,
        "cause": finding.cause,
        "affected": [_ref(ref) for ref in finding.affected],
        "evidence": [_proof(item) for item in finding.evidence],
        "symptoms": list(finding.symptoms),
        "blueprint": [_citation(citation) for citation in finding.citations],
        "fix": _fix(finding),
    }


def _unsettled(item: Unsettled) -> Data:
    return {
        "subject": _ref(item.subject),
        "says": item.says,
        "since": item.since.isoformat() if item.since else None,
        "until": item.until.isoformat() if item.until else None,
        "evidence": [_proof(shown) for shown in item.evidence],
    }


def _about(answer: Answer | None) -> Data | None:
    if answer is None:
        return None
    proof = [_proof(item) for item in answer.evidence]
    return {"subject": _ref(answer.subject), "sentences": list(answer.sentences), "evidence": proof}


def _proof(item: Evidence) -> Data:
    return _ref(item.where) | {"pointer": item.pointer, "text": item.text}


def _fix(finding: Finding) -> Data:
    edits = finding.fix.edits
    return {
        "summary": finding.fix.summary,
        "changes": [
            {"field": field(edit.object.kind, edit.path), "old": edit.old, "new": _value(edit)} for edit in edits
        ],
        "edits": [_edit(edit) for edit in edits],
        "advice": list(_advice(finding)),
        "patch": finding.remedy.patch,
        "command": str(finding.remedy.command or finding.fix.command or ""),
        "guessed": finding.remedy.guessed,
        "proved": finding.remedy.proved,
    }


def _edit(edit: Edit) -> Data:
    """Return an edit; `needs` is what a person must give in place of a value, "" where the value is known."""
    needs = edit.value.what if isinstance(edit.value, NeedsPerson) else ""
    told = {"path": shown(edit.path), "op": edit.op.value, "old": edit.old, "needs": needs}
    return {"object": _ref(edit.object), **told, "value": _value(edit)}


def _value(edit: Edit) -> JSON:
    return None if isinstance(edit.value, NeedsPerson) else edit.value


def _citation(citation: Citation) -> Data:
    return {
        "control": citation.control,
        "title": citation.title,
        "says": citation.says,
        "rationale": citation.rationale,
        "file": citation.source.file,
        "line": citation.source.line,
        "path": citation.path,
    }


def _ref(ref: Ref) -> dict[str, str]:
    return {"kind": ref.kind, "namespace": ref.namespace, "name": ref.name}
