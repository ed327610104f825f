"""A report as the API takes it: `PolicyReport` of a namespace, `ClusterPolicyReport` of the cluster.

Fields of wgpolicyk8s.io/v1alpha2 as Kyverno, Trivy and policy-reporter use them
(https://github.com/kubernetes-sigs/wg-policy-prototypes/tree/master/policy-report).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from agent.policyreport.result import SEVERITIES, Report, Result
from agent.snapshot.record import Object, Ref
from tools.kinds import BY_NAME, POLICY_REPORTS
from tools.text import clean

MOST = 400
"""Results that are kept in one object, the first ones; the summary counts all. etcd takes 1.5 MB, these are half."""

LONG, SHORT = 600, 300
"""Characters of a message, and of a property."""

MARKS: Mapping[str, str] = {"app.kubernetes.io/managed-by": "bluehelm"}
"""Labels by which our own are known among other programs' reports."""

TAKEN, SCORE, LOST, LEFT_OUT = "bluehelm/taken-at", "bluehelm/score", "bluehelm/lost-", "bluehelm/left-out"
"""Annotations: when it was looked, points of health, what each area costs, and how many results are not kept."""

ABOUT = "bluehelm/report"
"""Label: the question that is answered."""


def as_object(report: Report) -> Object:
    """Return the object; every text in it is inert."""
    kind = POLICY_REPORTS[0] if report.namespace else POLICY_REPORTS[1]
    meta: dict[str, Any] = {"name": report.name, "labels": {**MARKS, ABOUT: report.question.value}}
    if report.namespace:
        meta["namespace"] = report.namespace
    meta["annotations"] = dict(_annotations(report))
    seconds = {"seconds": int(report.at.timestamp()), "nanos": 0}
    results = [_result(result, report, seconds) for result in report.results[:MOST]]
    return {
        "apiVersion": kind.version,
        "kind": kind.name,
        "metadata": meta,
        "summary": dict(report.summary),
        "results": results,
    }


def _annotations(report: Report) -> Iterator[tuple[str, str]]:
    yield TAKEN, report.at.isoformat(timespec="seconds")
    if report.score is not None:
        yield SCORE, str(report.score)
    for area, points in report.lost.items():
        yield LOST + area.replace(" ", "-"), str(points)
    if len(report.results) > MOST:
        yield LEFT_OUT, str(len(report.results) - MOST)


def _result(result: Result, report: Report, seconds: Mapping[str, int]) -> Mapping[str, Any]:
    said: dict[str, Any] = {
        "source": "bluehelm",
        "policy": report.question.value,
        "rule": result.rule,
        "category": result.category,
        "result": result.word.value,
        "severity": SEVERITIES[result.severity],
        "message": clean(result.message, LONG),
        "timestamp": seconds,
        "scored": True,
        "properties": {key: clean(text, SHORT) for key, text in result.properties.items()},
    }
    found = _resource(result.subject) if result.subject else None
    return said | ({"resources": [found]} if found else {})


def _resource(name: Ref) -> Mapping[str, str] | None:
    """Return how the API refers to an object; None for what is none, as a Helm release."""
    kind = BY_NAME.get(name.kind)
    where = {"namespace": name.namespace} if name.namespace else {}
    return {"apiVersion": kind.version, "kind": kind.name, "name": name.name, **where} if kind else None
