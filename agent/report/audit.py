"""How an audit reads: for people, and as `bluehelm/audit/v1`; audit_formats.py has what pipelines know."""

from collections.abc import Sequence

from agent.audit.verdict import Audit, Cause, Drift, DriftKind, Helm, Leg, Outcome, Point, Reading, Standing, Verdict
from agent.operate.audit import Audited
from agent.report.data import Data, document
from agent.report.terminal import Screen, Terminal
from agent.snapshot.record import Snapshot
from tools.text import clean

SCHEMA = "bluehelm/audit/v1"

MARKS = {Standing.AGREES: "ok", Standing.DIFFERS: "DIFF", Standing.ABSENT: "-", Standing.UNKNOWN: "?"}
COLOURS = {Outcome.FAIL: "red", Outcome.UNKNOWN: "yellow", Outcome.PASS: "green"}

HELM = {
    Helm.YES: "helm upgrade fixes it",
    Helm.NO: "helm upgrade does not fix it",
    Helm.CONFLICT: "helm upgrade will refuse: another manager owns the field",
    Helm.NEVER: "helm upgrade never touches it: a controller owns the field",
    Helm.BREAKS: "helm upgrade breaks it",
}
"""Will helm upgrade fix this?"""

WORST = (Standing.DIFFERS, Standing.UNKNOWN, Standing.AGREES, Standing.ABSENT)


def as_text(result: Audited, screen: Screen) -> str:
    """Return the audit for a person: the matrix of what does not pass, why, what differs beside it, and the count."""
    audit, every = result.audit, result.every
    terminal = Terminal(screen)
    terminal.line(_headline(audit, result.snapshot), "bold")
    shown = [verdict for verdict in audit.verdicts if every or verdict.outcome is not Outcome.PASS]
    _matrix(terminal, shown)
    for verdict in (found for found in audit.verdicts if found.outcome is Outcome.FAIL):
        _failure(terminal, verdict, audit.notes)
    _unknown(terminal, audit)
    _beside(terminal, audit)
    terminal.line()
    terminal.line(_tally(audit, every=every), "bold")
    return terminal.text()


def _headline(audit: Audit, snapshot: Snapshot) -> str:
    what = f"release {audit.release}" if audit.release else "what runs"
    where = f"the capture {snapshot.origin}" if snapshot.origin != "live" else f"context {snapshot.cluster.context}"
    return f"Audit of {what} in namespace {audit.namespace}, profile {audit.profile}, from {where}"


def _tally(audit: Audit, *, every: bool) -> str:
    counts = {outcome: audit.count(outcome) for outcome in Outcome}
    said = f"{len(audit.verdicts)} controls: {counts[Outcome.PASS]} pass, {counts[Outcome.FAIL]} fail"
    hidden = "" if every or not counts[Outcome.PASS] else " (--all shows those that pass)"
    return f"{said}, {counts[Outcome.UNKNOWN]} unknown{hidden}"


def _matrix(terminal: Terminal, verdicts: Sequence[Verdict]) -> None:
    if not verdicts:
        return
    width = max(len(verdict.control.id) for verdict in verdicts) + 2
    legs = [leg for leg in Leg if leg is not Leg.BLUEPRINT]
    room = max(12, min(60, terminal.width - width - 49)) if terminal.width else 60
    terminal.line()
    heads = [terminal.cell(leg, 10, "dim") for leg in legs]
    terminal.row(terminal.cell("CONTROL", width, "dim"), terminal.cell("VERDICT", 9, "dim"), *heads, "ASKS FOR")
    for verdict in verdicts:
        marks = [terminal.cell(MARKS[leg_of(verdict, leg)], 10) for leg in legs]
        outcome = terminal.cell(verdict.outcome, 9, COLOURS[verdict.outcome])
        asks = clean(verdict.control.raw, room)
        terminal.row(terminal.cell(verdict.control.id, width), outcome, *marks, asks)


def leg_of(verdict: Verdict, leg: Leg) -> Standing:
    """Return what a leg says of a control as a whole: the worst of its points."""
    found = {_standing(point, leg) for point in verdict.points}
    return next((standing for standing in WORST if standing in found), Standing.ABSENT)


def _standing(point: Point, leg: Leg) -> Standing:
    gone = leg is Leg.LIVE and point.cause is Cause.MISSING
    return Standing.DIFFERS if gone else point.reading(leg).standing


def _failure(terminal: Terminal, verdict: Verdict, notes: Sequence[str]) -> None:
    control = verdict.control
    terminal.line()
    terminal.row(terminal.cell("FAIL", 5, "red"), terminal.cell(control.id, len(control.id) + 2, "bold"), control.title)
    terminal.entry("blueprint", f"{control.raw}  ({control.source})")
    if control.rationale:
        terminal.entry("", f"why: {control.rationale}", "dim")
    terminal.entry("found", verdict.why)
    for point in [point for point in verdict.points if point.outcome is Outcome.FAIL][:4]:
        for reading in _telling(point):
            terminal.entry(str(reading.leg), _said(reading, notes))
    if verdict.helm in HELM:
        terminal.entry("upgrade", HELM[verdict.helm], "cyan")


def _telling(point: Point) -> list[Reading]:
    wanted = (Leg.VALUES, Leg.RELEASE, Leg.RENDERED, Leg.LIVE)
    return [found for leg in wanted if (found := point.reading(leg)).standing is not Standing.ABSENT or found.where]


def _said(reading: Reading, notes: Sequence[str]) -> str:
    """Return what a leg says; why a whole leg is unknown is a note of the audit, and not said again in every row."""
    mark = "differs: " if reading.standing is Standing.DIFFERS else ""
    is_noted = any(note.endswith(reading.reason) for note in notes)
    reason = f" ({reading.reason})" if reading.reason and not is_noted else ""
    return f"{mark}{reading.raw or MARKS[reading.standing]}  {reading.where}{reason}"


def _unknown(terminal: Terminal, audit: Audit) -> None:
    """Say why controls are unknown, once for each reason."""
    reasons: dict[str, list[str]] = {}
    for verdict in audit.verdicts:
        if verdict.outcome is Outcome.UNKNOWN:
            reasons.setdefault(verdict.why or "not observed", []).append(verdict.control.id)
    if not reasons:
        return
    terminal.line()
    terminal.line("Unknown, so not a pass:", "yellow")
    for reason, names in reasons.items():
        terminal.line(f"   {reason}: {', '.join(names)}")


def _beside(terminal: Terminal, audit: Audit) -> None:
    """Show what no row speaks of: objects that are not as released, values that stand in no file, how it was seen."""
    if audit.drifts:
        terminal.line()
        terminal.line("Live objects that are not as their release has them:", "yellow")
        for drift in audit.drifts:
            terminal.line(f"   {_drift(drift)}")
    if audit.release_only:
        terminal.line()
        terminal.line("Values that only the release has:", "yellow")
        for item in audit.release_only:
            beside = f", {item.source} says {item.file}" if item.source else ""
            terminal.line(f"   {item.path}: {item.release}{beside}; the next upgrade with --reset-values drops it")
    for note in (*audit.notes, *audit.gaps):
        terminal.line()
        terminal.line(f"note: {note}", "dim")


def _drift(drift: Drift) -> str:
    by = f" by {drift.manager}" if drift.manager else ""
    fix = f"; {HELM[drift.helm]}" if drift.helm in HELM and drift.kind is not DriftKind.COSMETIC else ""
    return f"{drift.kind}{by}: {drift.object} {drift.pointer}: {drift.desired} is {drift.live}{fix}"


def as_json(result: Audited, screen: Screen) -> str:
    """Return everything for machines."""
    audit, snapshot = result.audit, result.snapshot
    return document(
        SCHEMA,
        {
            "taken_at": snapshot.taken_at.isoformat(),
            "origin": snapshot.origin,
            "profile": audit.profile.value,
            "release": audit.release,
            "namespace": audit.namespace,
            "counts": {outcome.value: audit.count(outcome) for outcome in Outcome},
            "verdicts": [_verdict(verdict) for verdict in audit.verdicts],
            "drifts": [_drift_data(drift) for drift in audit.drifts],
            "release_only": [
                {"path": item.path, "release": item.release, "file": item.file, "source": str(item.source or "")}
                for item in audit.release_only
            ],
            "notes": list(audit.notes),
            "gaps": list(audit.gaps),
        },
        screen,
    )


def _verdict(verdict: Verdict) -> Data:
    return {
        "control": verdict.control.id,
        "blueprint": {"file": verdict.control.source.file, "line": verdict.control.source.line},
        "fingerprint": verdict.control.fingerprint,
        "title": verdict.control.title,
        "says": verdict.control.raw,
        "outcome": verdict.outcome.value,
        "severity": verdict.severity.value,
        "cause": verdict.cause.value,
        "why": verdict.why,
        "helm_upgrade_fixes": verdict.helm.value,
        "fidelity": verdict.fidelity.value,
        "points": [
            {
                "label": point.label,
                "outcome": point.outcome.value,
                "cause": point.cause.value,
                "why": point.why,
                "helm_upgrade_fixes": point.helm.value,
                "readings": [_reading(found) for found in point.readings],
            }
            for point in verdict.points
        ],
    }


def _reading(found: Reading) -> Data:
    return {
        "leg": found.leg.value,
        "standing": found.standing.value,
        "where": found.where,
        "raw": found.raw,
        "normalised": found.normalised,
        "reason": found.reason,
    }


def _drift_data(drift: Drift) -> Data:
    return {
        "object": str(drift.object),
        "pointer": drift.pointer,
        "change": drift.kind.value,
        "desired": drift.desired,
        "live": drift.live,
        "manager": drift.manager,
        "helm_upgrade_fixes": drift.helm.value,
    }
