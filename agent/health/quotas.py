"""Quotas, and how near they are to full."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from agent.health.concern import Area, Concern
from agent.kube.fields import status
from agent.kube.requests import amounts
from agent.severity import Severity
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref

NEAR = Decimal("0.9")


@dataclass(frozen=True, slots=True)
class Quota:
    """One resource of one ResourceQuota, as its status says."""

    name: Ref
    resource: str
    used: str
    hard: str
    share: Decimal
    """1 is all of it; of a quota of nothing it is 1."""


def quotas(graph: Graph) -> Sequence[Quota]:
    """Return every limited resource, the fullest first."""
    return sorted((row for quota in graph.all("ResourceQuota") for row in _rows(quota)), key=lambda row: -row.share)


def _rows(quota: Object) -> Iterator[Quota]:
    hard, used = status(quota).get("hard") or {}, status(quota).get("used") or {}
    most, taken = amounts(hard), amounts(used)
    for resource, amount in most.items():
        if resource in taken:
            share = taken[resource] / amount if amount else Decimal(1)
            yield Quota(ref(quota), resource, str(used[resource]), str(hard[resource]), share)


def concerns(rows: Sequence[Quota]) -> Iterator[Concern]:
    """Yield the quotas that leave no room for a rollout's extra pod. One of nothing is meant so."""
    for row in rows:
        if row.share >= NEAR and row.hard != "0":
            yield Concern(
                Area.QUOTAS,
                f"quota-near-{row.resource}",
                row.name,
                f"Quota {row.name.name} of {row.name.namespace} is at {row.share:.0%} of {row.resource} "
                f"({row.used} of {row.hard}){': nothing more is admitted' if row.share >= 1 else ''}",
                Severity.WARNING,
                (Evidence(row.name, f"/status/used/{row.resource}", row.used),),
                advice="Raise the quota, or remove what no longer has to run",
                command=f"kubectl describe quota {row.name.name} -n {row.name.namespace}",
            )
