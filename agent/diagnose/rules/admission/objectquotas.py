"""Quotas on storage and Services: a StatefulSet whose claims are refused, Services that could not be made."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.registry import Rule, rule, unsatisfied
from agent.kube.edits import claim_size_edits
from agent.kube.fields import spec, status
from agent.kube.remedies import NeedsPerson, kubectl
from agent.kube.replicas import Shortfall
from agent.kube.requests import amounts
from agent.kube.wording import counted, listed, memory, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, event_time, ref
from agent.snapshot.record import Object

_CLAIM = re.compile(r"persistentvolumeclaims \"[^\"]+\" is forbidden: exceeded quota: ([^,\s]+)")

SERVICES = ("services", "count/services", "services.loadbalancers", "services.nodeports")


def storage_quota(creator: Object, missing: Shortfall, graph: Graph) -> Iterator[Finding]:
    """A StatefulSet's claims do not fit into the namespace's storage quota, so its pods are not made."""
    for event in sorted(graph.events(creator), key=event_time, reverse=True):
        found = _CLAIM.search(event.get("message") or "")
        quota = graph.get("ResourceQuota", ref(creator).namespace, found[1]) if found else None
        over = next(_over(quota, creator), None) if quota is not None else None
        if found and (over or not graph.snapshot.knows("ResourceQuota")):
            shown = Evidence(ref(creator), f"event {event.get('reason')}", event.get("message") or "")
            yield _storage_finding(creator, found[1], over, missing, graph, shown)
            return


def _over(quota: Object, creator: Object) -> Iterator[tuple[str, Decimal, Decimal, Decimal]]:
    """Yield (key, need, used, hard) of every storage bound that one more claim would break."""
    hard, used = amounts(status(quota).get("hard") or spec(quota).get("hard")), amounts(status(quota).get("used"))
    for claim in spec(creator).get("volumeClaimTemplates") or ():
        for key, need in _counts(claim).items():
            if key in hard and used.get(key, Decimal()) + need > hard[key]:
                yield key, need, used.get(key, Decimal()), hard[key]


def _counts(claim: Any) -> dict[str, Decimal]:
    """Return what one claim counts for under each key of a quota."""
    size = amounts((spec(claim).get("resources") or {}).get("requests")).get("storage", Decimal())
    name = spec(claim).get("storageClassName")
    whole = {"requests.storage": size, "persistentvolumeclaims": Decimal(1), "count/persistentvolumeclaims": Decimal(1)}
    prefix = f"{name}.storageclass.storage.k8s.io/"
    own = {f"{prefix}requests.storage": size, f"{prefix}persistentvolumeclaims": Decimal(1)} if name else {}
    return whole | own


def _storage_finding(
    creator: Object,
    name: str,
    over: tuple[str, Decimal, Decimal, Decimal] | None,
    missing: Shortfall,
    graph: Graph,
    shown: Evidence,
) -> Finding:
    workload = ref(graph.workload(creator))
    text = f"ResourceQuota {name} has no room for another claim of {said(workload)}"
    if over is not None:
        key, need, used, hard = over
        bytes_ = key.endswith("storage")
        show = memory if bytes_ else (lambda amount: str(int(amount)))
        text = (
            f"ResourceQuota {name} allows {show(hard)} of {key} and {show(used)} is used, so there is no room for "
            f"another claim of {said(workload)}, which takes {show(need)}"
        )
    return Finding(
        mode=modes.STORAGE_QUOTA_EXCEEDED,
        subject=workload,
        cause=f"{text}: {missing}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if over else Confidence.LIKELY,
        evidence=(shown,),
        fix=Fix(
            summary=f"Raise the storage in ResourceQuota {name}, delete claims nobody uses, or ask for less",
            remedies=(
                *claim_size_edits(creator, NeedsPerson("a size that the quota has room for")),
                kubectl("describe", "resourcequota", name, namespace=workload.namespace),
            ),
        ),
        affected=(ref(creator),),
    )


@rule(modes.SERVICE_QUOTA_EXCEEDED, on="ResourceQuota")
def service_quota(quota: Object, graph: Graph) -> Iterator[Finding]:
    """A quota has no room for another Service, and a Service that somebody relies on was never made."""
    hard, used = amounts(status(quota).get("hard")), amounts(status(quota).get("used"))
    full = [key for key in SERVICES if key in hard and used.get(key, Decimal()) >= hard[key]]
    if not full or not graph.snapshot.knows("Service"):
        return
    lacking = dict(_lacking(ref(quota).namespace, graph))
    if not lacking:
        return
    key = full[0]
    yield Finding(
        mode=modes.SERVICE_QUOTA_EXCEEDED,
        subject=ref(quota),
        cause=f"ResourceQuota {ref(quota).name} allows {counted(int(hard[key]), 'Service')} ({key}) and all are used, "
        f"so Service {listed(lacking)} could not be made, which {listed(lacking.values())} needs",
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY,
        evidence=(Evidence(ref(quota), f"/status/used/{key}", f"{int(used[key])} of {int(hard[key])}"),),
        fix=Fix(
            summary=f"Raise {key} in ResourceQuota {ref(quota).name}, or delete Services nobody uses",
            remedies=(kubectl("get", "services", namespace=ref(quota).namespace),),
            concerns=("service.type",) if key != "services" else (),
        ),
    )


def _lacking(namespace: str, graph: Graph) -> Iterator[tuple[str, str]]:
    """Yield (Service that is not there, who relies on it): StatefulSets, Ingresses, and releases that list it."""
    for owner in graph.all("StatefulSet", namespace):
        name = spec(owner).get("serviceName")
        if name and graph.exists("Service", namespace, name) is False:
            yield name, str(ref(owner))
    for release in graph.snapshot.releases:
        for item in release.manifest or () if release.namespace == namespace else ():
            name = ref(item).name
            if item.get("kind") == "Service" and graph.exists("Service", namespace, name) is False:
                yield name, f"release {release.name}"


RULES = (
    Rule(modes.STORAGE_QUOTA_EXCEEDED, "StatefulSet", unsatisfied(storage_quota)),
    service_quota,
)
