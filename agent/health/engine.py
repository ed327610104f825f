"""The health of a cluster out of one look: everything that speaks against it, ranked, and the score that follows.

Pure. What is broken the diagnosis says; here stands beside it what has not broken yet, and what the blueprints ask.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.finding import Finding
from agent.health import apis, capacity, certificates, events, held, quotas, system
from agent.health.alerts import Alerts
from agent.health.apis import OldApi
from agent.health.capacity import Capacity
from agent.health.certificates import Expiry
from agent.health.concern import Area, Concern
from agent.health.events import Warnings
from agent.health.held import Held
from agent.health.quotas import Quota
from agent.health.score import Score, score
from agent.health.system import SYSTEM, Part
from agent.health.workloads import Workloads, workloads
from agent.severity import Severity
from agent.snapshot.graph import Graph
from agent.snapshot.record import Ref, Release

ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True, slots=True)
class Health:
    """How well a cluster is."""

    score: Score
    concerns: tuple[Concern, ...]
    """Everything that speaks against it, what to do first at the top."""
    alerts: Alerts
    diagnosis: Diagnosis
    nodes: Sequence[Capacity]
    control_plane: Sequence[Part]
    addons: Sequence[Part]
    workloads: Workloads
    quotas: Sequence[Quota]
    certificates: Sequence[Expiry]
    apis: Sequence[OldApi]
    releases: Sequence[Release]
    warnings: Sequence[Warnings]
    held: Sequence[Held]
    unknown: tuple[str, ...]
    """What could not be read or judged, a line each: not counted as healthy."""


def examine(diagnosis: Diagnosis, alerts: Alerts, audits: Sequence[Held], graph: Graph) -> Health:
    """Return the health of the cluster that was looked at.

    Args:
        diagnosis: what is broken, grounded in the blueprints.
        alerts: what people are to be told of.
        audits: the releases that were held against the blueprints.
        graph: the look.

    """
    nodes, full, ends = capacity.capacities(graph), quotas.quotas(graph), certificates.expiries(graph)
    old, parts = apis.old_apis(graph), system.control_plane(graph)
    told = [
        *map(_of_finding, diagnosis.findings),
        *system.concerns(parts, graph),
        *capacity.concerns(nodes, graph),
        *quotas.concerns(full),
        *certificates.concerns(ends, graph.snapshot.taken_at),
        *apis.concerns(old, graph.snapshot.cluster.version),
        *held.concerns(audits),
    ]
    unknown = (*diagnosis.unknown, *alerts.unknown)
    points = score([*told, *_unknown(unknown, graph)])
    return Health(
        score=points,
        concerns=tuple(sorted(told, key=lambda item: (ORDER[item.severity], -item.cost))),
        alerts=alerts,
        diagnosis=diagnosis,
        nodes=nodes,
        control_plane=parts,
        addons=system.addons(graph),
        workloads=workloads(graph),
        quotas=full,
        certificates=ends,
        apis=old,
        releases=graph.snapshot.releases,
        warnings=events.warnings(diagnosis.findings, graph),
        held=audits,
        unknown=unknown,
    )


def _unknown(lines: Sequence[str], graph: Graph) -> Iterator[Concern]:
    cluster = Ref("Cluster", "", graph.snapshot.cluster.context)
    return (Concern(Area.UNKNOWN, "unknown", cluster, line, Severity.WARNING) for line in lines)


def _of_finding(finding: Finding) -> Concern:
    return Concern(
        area=_area(finding),
        code=finding.mode.code,
        subject=finding.subject,
        says=finding.cause,
        severity=finding.severity,
        evidence=finding.evidence,
        citations=finding.citations,
        advice=finding.fix.summary,
        command=_command(finding),
    )


def _area(finding: Finding) -> Area:
    if finding.subject.kind == "Node":
        return Area.NODES
    if finding.subject.kind == "Release":
        return Area.RELEASES
    return Area.CONTROL_PLANE if finding.subject.namespace == SYSTEM else Area.WORKLOADS


def _command(finding: Finding) -> str:
    """Return what plans the change where a row justifies it, else what the diagnosis says to run."""
    name = finding.subject
    if finding.citations and finding.remedy.patch:
        return f"agent plan {name.kind.lower()}/{name.name} -n {name.namespace}"
    return str(finding.remedy.command or finding.fix.command or "")
