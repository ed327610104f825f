"""A report of health for machines, as `bluehelm/health/v1`."""

from collections.abc import Mapping
from decimal import Decimal

from agent.audit.verdict import Outcome
from agent.diagnose.finding import Citation
from agent.health.alerts import Alert
from agent.health.apis import OldApi
from agent.health.capacity import Capacity
from agent.health.certificates import Expiry
from agent.health.concern import Concern
from agent.health.events import Warnings
from agent.health.held import Held
from agent.health.quotas import Quota
from agent.health.system import Part
from agent.health.trend import Trend
from agent.health.workloads import Restart, Workloads
from agent.operate.health import Cluster, Examined, Reported
from agent.report.data import Data, document
from agent.report.health import verdict
from agent.report.terminal import Screen
from agent.snapshot.evidence import Evidence
from agent.snapshot.record import Ref, Release

SCHEMA = "bluehelm/health/v1"


SEVERAL = "bluehelm/health-of-clusters/v1"


def as_json(result: Reported, screen: Screen) -> str:
    """Return the report for machines; of several clusters a list of them. CPU in cores, memory in bytes."""
    if len(result.clusters) == 1 and result.reports:
        return document(SCHEMA, _report(result.reports[0]), screen)
    return document(SEVERAL, {"clusters": [_cluster(item) for item in result.clusters]}, screen)


def _cluster(item: Cluster) -> Data:
    report = None if item.report is None else _report(item.report)
    return {"context": item.context, "failure": item.failure, "report": report}


def _report(result: Examined) -> Data:
    health, snapshot = result.health, result.snapshot
    return {
        "taken_at": snapshot.taken_at.isoformat(),
        "origin": snapshot.origin,
        "cluster": {"context": snapshot.cluster.context, "version": snapshot.cluster.version},
        "namespace": snapshot.namespace,
        "complete": not health.unknown,
        "verdict": verdict(health),
        "score": {
            "points": health.score.points,
            "deductions": [
                {
                    "area": item.area.value,
                    "points": item.points,
                    "things": len(item.concerns),
                    "capped": item.capped,
                }
                for item in health.score.deductions
            ],
        },
        "alerts": [_alert(item) for item in health.alerts.raised],
        "concerns": [_concern(item) for item in health.concerns],
        "unsettled": [{"subject": _ref(item.subject), "says": item.says} for item in health.diagnosis.unsettled],
        "restarts": result.history[-1].restarts,
        "unknown": list(health.unknown),
        **_parts(result),
        "trend": _trend(result.trend),
    }


def _parts(result: Examined) -> Data:
    health = result.health
    return {
        "nodes": [_node(row) for row in health.nodes],
        "control_plane": [_part(item) for item in health.control_plane],
        "addons": [_part(item) for item in health.addons],
        "workloads": _workloads(health.workloads),
        "warnings": [_warned(item) for item in health.warnings],
        "releases": [_released(item) for item in health.releases],
        "quotas": [_quota(item) for item in health.quotas],
        "certificates": [_expiry(item) for item in health.certificates],
        "api_versions": [_old(item) for item in health.apis],
        "blueprint": [_held(item) for item in health.held],
    }


def _part(item: Part) -> Data:
    return {"name": item.name, "well": item.well, "says": item.says}


def _workloads(found: Workloads) -> Data:
    return {
        "counts": {kind: {"as_asked": well, "all": every} for kind, (well, every) in found.counts.items()},
        "unfinished": [{"subject": _ref(name), "says": text} for name, text in found.unfinished],
        "pods": dict(found.phases),
        "restarted": [_restarted(item) for item in found.restarts],
    }


def _restarted(item: Restart) -> Data:
    return {
        "at": item.at.isoformat(),
        "workload": _ref(item.workload),
        "container": item.container,
        "reason": item.reason,
        "restarts": item.count,
    }


def _warned(item: Warnings) -> Data:
    said = {"reason": item.reason, "message": item.message}
    return {"cause": item.cause, "subject": _ref(item.subject), "count": item.count, **said}


def _released(item: Release) -> Data:
    named = {"name": item.name, "namespace": item.namespace, "chart": item.chart}
    return {**named, "revision": item.revision, "status": item.status}


def _quota(item: Quota) -> Data:
    return {"quota": _ref(item.name), "resource": item.resource, "used": item.used, "hard": item.hard}


def _expiry(item: Expiry) -> Data:
    ends = item.ends.isoformat() if item.ends else None
    seen = {"place": item.place, "reason": item.reason}
    return {"subject": _ref(item.subject), "ends": ends, "authority": item.is_authority, **seen}


def _old(item: OldApi) -> Data:
    removed = f"1.{item.removed}" if item.removed else None
    said = {"api_version": item.api_version, "kind": item.kind, "where": item.where, "instead": item.instead}
    return {"user": _ref(item.user), "removed": removed, **said}


def _alert(item: Alert) -> Data:
    return {
        "code": item.code,
        "subject": _ref(item.subject),
        "says": item.says,
        "evidence": [_proof(shown) for shown in item.evidence],
        "blueprint": [_citation(cited) for cited in item.citations],
    }


def _concern(item: Concern) -> Data:
    return {
        "area": item.area.value,
        "code": item.code,
        "subject": _ref(item.subject),
        "says": item.says,
        "severity": item.severity.value,
        "cost": item.cost,
        "evidence": [_proof(shown) for shown in item.evidence],
        "blueprint": [_citation(cited) for cited in item.citations],
        "advice": item.advice,
        "command": item.command,
    }


def _node(row: Capacity) -> Data:
    return {
        "name": row.node,
        "ready": row.ready,
        "cordoned": row.cordoned,
        "pressures": list(row.pressures),
        "version": row.version,
        "pods": row.pods,
        "pods_without_memory_limit": row.unlimited,
        "allocatable": _amounts(row.has),
        "requested": _amounts(row.requested),
        "limits": _amounts(row.limited),
        "used": _amounts(row.used),
    }


def _amounts(found: Mapping[str, Decimal] | None) -> Data | None:
    return None if found is None else {name: float(found.get(name, 0)) for name in ("cpu", "memory")}


def _held(item: Held) -> Data:
    counts = {outcome.value: item.audit.count(outcome) for outcome in Outcome} if item.audit else None
    return {"release": item.release, "namespace": item.namespace, "controls": counts, "reason": item.reason}


def _trend(trend: Trend | None) -> Data | None:
    if trend is None:
        return None
    return {
        "since": trend.before.taken_at.isoformat(),
        "points_before": trend.before.points,
        "restarts": trend.restarts,
        "new": [{"code": item.code, "subject": _ref(item.subject), "says": item.says} for item in trend.new],
        "gone": [{"code": item.code, "subject": _ref(item.subject), "says": item.says} for item in trend.gone],
    }


def _proof(item: Evidence) -> Data:
    return _ref(item.where) | {"pointer": item.pointer, "text": item.text}


def _citation(cited: Citation) -> Data:
    return {
        "control": cited.control,
        "title": cited.title,
        "says": cited.says,
        "file": cited.source.file,
        "line": cited.source.line,
    }


def _ref(name: Ref) -> dict[str, str]:
    return {"kind": name.kind, "namespace": name.namespace, "name": name.name}
