"""PolicyReports as metrics: how many results say what, what health scores, and how old that is.

No object's name is a label: a name for each broken pod of a large cluster is what overwhelms a Prometheus.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from agent.policyreport.document import ABOUT, LOST, SCORE, TAKEN
from agent.snapshot.record import Object
from tools.exposition import Gauge, Sample


def gauges(reports: Sequence[Object]) -> tuple[Gauge, ...]:
    """Return what some reports, as API objects, come to; what is no report of ours says nothing."""
    own = [report for report in reports if _label(report)]
    return (
        Gauge("bluehelm_report_results", "Results of a report by what they say.", _counts(own)),
        Gauge("bluehelm_rule_results", "Results of a rule by what they say and how bad it is.", _rules(own)),
        Gauge("bluehelm_report_timestamp_seconds", "When the report's look was taken.", tuple(_ages(own))),
        Gauge("bluehelm_health_score", "Health, of a hundred points.", tuple(_scores(own))),
        Gauge("bluehelm_health_points_lost", "Points of health that an area costs.", tuple(_lost(own))),
    )


def _counts(reports: Sequence[Object]) -> tuple[Sample, ...]:
    found: Counter[tuple[tuple[str, str], ...]] = Counter()
    for report in reports:
        for word, number in _mapping(report.get("summary")).items():
            found[_labels(report, result=str(word))] += number if isinstance(number, int) else 0
    return tuple(Sample(dict(labels), number) for labels, number in found.items())


def _rules(reports: Sequence[Object]) -> tuple[Sample, ...]:
    found = Counter(
        _labels(report, rule=_text(item, "rule"), result=_text(item, "result"), severity=_text(item, "severity"))
        for report in reports
        for item in _results(report)
    )
    return tuple(Sample(dict(labels), number) for labels, number in found.items())


def _results(report: Object) -> Iterator[Mapping[str, Any]]:
    found = report.get("results")
    return (item for item in (found if isinstance(found, list) else ()) if isinstance(item, Mapping))


def _ages(reports: Sequence[Object]) -> Iterator[Sample]:
    for report in reports:
        at = _moment(_annotations(report).get(TAKEN))
        if at is not None:
            yield Sample(dict(_labels(report)), at)


def _scores(reports: Sequence[Object]) -> Iterator[Sample]:
    for report in reports:
        points = _number(_annotations(report).get(SCORE))
        if points is not None:
            yield Sample({"namespace": _namespace(report)}, points)


def _lost(reports: Sequence[Object]) -> Iterator[Sample]:
    for report in reports:
        for key, text in _annotations(report).items():
            points = _number(text)
            if str(key).startswith(LOST) and points is not None:
                yield Sample({"namespace": _namespace(report), "area": str(key).removeprefix(LOST)}, points)


def _labels(report: Object, **more: str) -> tuple[tuple[str, str], ...]:
    return (("namespace", _namespace(report)), ("report", _label(report)), *more.items())


def _label(report: Object) -> str:
    return str(_mapping(_mapping(report.get("metadata")).get("labels")).get(ABOUT) or "")


def _namespace(report: Object) -> str:
    return str(_mapping(report.get("metadata")).get("namespace") or "")


def _annotations(report: Object) -> Mapping[str, Any]:
    return _mapping(_mapping(report.get("metadata")).get("annotations"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(item: Mapping[str, Any], key: str) -> str:
    return str(item.get(key) or "")


def _number(text: object) -> int | None:
    return int(text) if isinstance(text, str) and text.isdecimal() and len(text) < 10 else None


def _moment(text: object) -> float | None:
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except (ValueError, OverflowError):
        return None
