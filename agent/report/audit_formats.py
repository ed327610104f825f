"""An audit for pull requests (Markdown), code scanning (SARIF 2.1.0) and test reports (JUnit)."""

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from agent import __version__
from agent.audit.verdict import Audit, Leg, Outcome, Standing, Verdict
from agent.diagnose.finding import Severity
from agent.operate.audit import Audited
from agent.report.audit import leg_of
from agent.report.markdown import cell
from agent.report.terminal import Screen
from tools.text import clean

SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
SIGNS = {Standing.AGREES: "ok", Standing.DIFFERS: "**differs**", Standing.ABSENT: "", Standing.UNKNOWN: "?"}


def as_markdown(result: Audited, _: Screen) -> str:
    """Return the matrix of every control as a table, what fails first."""
    audit, snapshot = result.audit, result.snapshot
    order = {Outcome.FAIL: 0, Outcome.UNKNOWN: 1, Outcome.PASS: 2}
    lines = [
        f"## Audit of {audit.release or 'what runs'} in {audit.namespace} ({audit.profile})",
        "",
        f"{_counted(audit)}, seen {snapshot.taken_at:%Y-%m-%d %H:%M:%S} UTC",
        "",
        "| Control | Verdict | Asks for | Values | Release | Rendered | Live | Why | `helm upgrade` |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_row(verdict) for verdict in sorted(audit.verdicts, key=lambda found: order[found.outcome])),
        *_beside(audit),
    ]
    return "\n".join(lines) + "\n"


def _beside(audit: Audit) -> Iterator[str]:
    if audit.drifts:
        yield from ("", "| Object | Field | Release | Live | How |", "|---|---|---|---|---|")
        for item in audit.drifts:
            how = f"{item.kind}{f' by {item.manager}' if item.manager else ''}"
            yield f"| {' | '.join(map(cell, (str(item.object), item.pointer, item.desired, item.live, how)))} |"
    if audit.release_only:
        yield from ("", "| Value only the release has | Release | File |", "|---|---|---|")
        yield from (f"| {cell(i.path)} | {cell(i.release)} | {cell(i.file)} |" for i in audit.release_only)
    yield from (text for note in (*audit.notes, *audit.gaps) for text in ("", f"> {cell(note)}"))


def _counted(audit: Audit) -> str:
    return ", ".join(f"{audit.count(outcome)} {outcome}" for outcome in Outcome)


def _row(verdict: Verdict) -> str:
    legs = [SIGNS[leg_of(verdict, leg)] for leg in Leg if leg is not Leg.BLUEPRINT]
    control = verdict.control
    name = f"`{control.id}` {cell(str(control.source))}"
    cells = (name, str(verdict.outcome), cell(control.raw), *legs, cell(verdict.why), str(verdict.helm))
    return f"| {' | '.join(cells)} |"


def as_sarif(result: Audited, _: Screen) -> str:
    """Return what fails and what is unknown: located at the values line, related to the blueprint's."""
    import orjson

    shown = [verdict for verdict in result.audit.verdicts if verdict.outcome is not Outcome.PASS]
    driver = {
        "name": "bluehelm",
        "version": __version__,
        "informationUri": "https://pypi.org/project/bluehelm/",
        "rules": [_rule(verdict) for verdict in shown],
    }
    run = {"tool": {"driver": driver}, "results": [_result(verdict) for verdict in shown]}
    document = {"$schema": SARIF, "version": "2.1.0", "runs": [run]}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n"


def _rule(verdict: Verdict) -> dict[str, Any]:
    control = verdict.control
    return {
        "id": control.id,
        "shortDescription": {"text": clean(control.title) or control.id},
        "fullDescription": {"text": clean(f"{control.raw}. {control.rationale}".strip())},
    }


def _result(verdict: Verdict) -> dict[str, Any]:
    control = verdict.control
    spec = _location(control.source.file, control.source.line)
    where = _values_location(verdict) or spec
    return {
        "ruleId": control.id,
        "kind": "fail" if verdict.outcome is Outcome.FAIL else "review",
        "level": LEVELS[verdict.severity] if verdict.outcome is Outcome.FAIL else "none",
        "message": {"text": clean(f"{control.title}: {verdict.why or verdict.outcome}", 1000)},
        "locations": [where],
        "relatedLocations": [spec | {"id": 1, "message": {"text": clean(control.raw) or control.id}}],
        "partialFingerprints": {"control/v1": f"{control.id}:{control.fingerprint}:{verdict.cause}"},
    }


def _values_location(verdict: Verdict) -> dict[str, Any] | None:
    """Return where a values file states what the control decides."""
    for point in sorted(verdict.points, key=lambda found: found.outcome is not verdict.outcome):
        file, colon, line = point.reading(Leg.VALUES).where.partition(" ")[0].rpartition(":")
        if colon and line.isdigit() and int(line):
            return _location(file, int(line))
    return None


def _location(file: str, line: int) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": file.removeprefix("./").lstrip("/")},
            "region": {"startLine": max(line, 1)},
        }
    }


def as_junit(result: Audited, _: Screen) -> str:
    """Return a test case a control: failed, skipped where it is unknown."""
    audit = result.audit
    failed, unknown = audit.count(Outcome.FAIL), audit.count(Outcome.UNKNOWN)
    counts = f'tests="{len(audit.verdicts)}" failures="{failed}" skipped="{unknown}" errors="0"'
    name = quoteattr(f"bluehelm audit {audit.release} {audit.namespace} {audit.profile}")
    cases = "\n".join(_case(verdict) for verdict in audit.verdicts)
    body = f"<testsuites {counts}>\n<testsuite name={name} {counts}>\n{cases}\n</testsuite>\n</testsuites>\n"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'


def _case(verdict: Verdict) -> str:
    control = verdict.control
    head = f"<testcase classname={quoteattr(control.blueprint)} name={quoteattr(control.id)}"
    why = clean(verdict.why or control.raw, 1000)
    if verdict.outcome is Outcome.PASS:
        return f"  {head}/>"
    if verdict.outcome is Outcome.UNKNOWN:
        return f"  {head}><skipped message={quoteattr(why)}/></testcase>"
    said = "\n".join(f"{found.leg}: {found.raw} {found.where}" for point in verdict.points for found in point.readings)
    text = escape(clean(f"{control.source}\n{said}", 4000, multiline=True))
    return (
        f"  {head}><failure message={quoteattr(why)} type={quoteattr(str(verdict.cause))}>{text}</failure></testcase>"
    )
