"""Pods the API server refuses to create. The objects decide; the refusal's message is the evidence."""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from agent.diagnose.demand import Amounts, amounts, largest, requests
from agent.diagnose.fields import CREATORS, containers, metadata, spec, status, template
from agent.diagnose.finding import Change, Confidence, Evidence, Finding, Fix, Severity
from agent.diagnose.registry import Rule
from agent.diagnose.shortfall import Shortfall, refusals, shortfall
from agent.diagnose.wording import closest, memory, said
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object
from tools.quantity import parse_quantity

MEMORY_KEYS = ("limits.memory", "requests.memory", "memory")
"""The names a quota counts memory by; `memory` is `requests.memory`."""

_ACCOUNT = re.compile(r'serviceaccounts? "([^"]+)" not found')
_EXCEEDED = re.compile(r"exceeded quota: ([^,\s]+)")
_MEMORY = re.compile(r"\b(?:limits\.|requests\.)?memory=")

Test = Callable[[Object, Shortfall, Graph], Iterator[Finding]]


def _unsatisfied(test: Test) -> Callable[[Object, Graph], Iterator[Finding]]:
    """Ask only controllers that lack pods: a refusal that was overcome is history."""

    def asked(creator: Object, graph: Graph) -> Iterator[Finding]:
        missing = shortfall(creator)
        if missing is not None:
            yield from test(creator, missing, graph)

    return asked


def account_missing(creator: Object, missing: Shortfall, graph: Graph) -> Iterator[Finding]:
    """The pods' ServiceAccount does not exist."""
    named = spec(template(creator)).get("serviceAccountName") or spec(template(creator)).get("serviceAccount")
    name, namespace = named or "default", ref(creator).namespace
    known = graph.exists("ServiceAccount", namespace, name)
    said_so = [item for item in refusals(creator, graph) if name in _ACCOUNT.findall(item.text)]
    if known is True or (known is None and not said_so) or (not named and not said_so):
        return
    workload = ref(graph.workload(creator))
    near = closest(name, (ref(found).name for found in graph.all("ServiceAccount", namespace)))
    yield Finding(
        mode=8,
        code="service-account-missing",
        subject=workload,
        cause=f"{said(workload)} runs as ServiceAccount {name}, which does not exist in namespace {namespace}"
        f"{f' (there is one called {near})' if near else ''}: {missing}",
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY if known is None else Confidence.CERTAIN,
        evidence=(Evidence(ref(creator), "/spec/template/spec/serviceAccountName", name), *said_so),
        fix=Fix(
            summary=f"Create ServiceAccount {name}{f', or run as {near}' if near else ', or name one that exists'}",
            changes=(Change("serviceAccountName", name, near, "serviceAccount.name"),),
            command=f"kubectl create serviceaccount {name} -n {namespace}",
        ),
        affected=(ref(creator),),
    )


def memory_quota(creator: Object, missing: Shortfall, graph: Graph) -> Iterator[Finding]:
    """A ResourceQuota has no room for one more pod's memory."""
    said_so = [item for item in refusals(creator, graph) if _EXCEEDED.search(item.text) and _MEMORY.search(item.text)]
    for quota in graph.all("ResourceQuota", ref(creator).namespace):
        blamed = [item for item in said_so if ref(quota).name in _EXCEEDED.findall(item.text)]
        over = list(_over(quota, creator, graph, blamed))
        if over and (blamed or (not graph.snapshot.knows("Event") and applies(quota, template(creator)))):
            yield _quota_finding(creator, quota, over[0], missing, graph, blamed)
            return
    if said_so and not graph.snapshot.knows("ResourceQuota"):
        yield _quota_by_message(creator, missing, graph, said_so)


def _over(
    quota: Object, creator: Object, graph: Graph, blamed: list[Evidence]
) -> Iterator[tuple[str, Decimal, Decimal, Decimal]]:
    """Yield (key, need of one pod, used, hard) for every memory limit of the quota one more pod would break."""
    hard = amounts(status(quota).get("hard") or spec(quota).get("hard"))
    used = amounts(status(quota).get("used"))
    for key in MEMORY_KEYS:
        asked = _demand(creator, graph, limit=key.startswith("limits")).get("memory", Decimal())
        need = max(asked, _refused_amount(key, blamed))
        if key in hard and need and used.get(key, Decimal()) + need > hard[key]:
            yield key, need, used.get(key, Decimal()), hard[key]


def _refused_amount(key: str, blamed: list[Evidence]) -> Decimal:
    """Return what the refused pod asked for: a webhook may have added containers the template does not show."""
    for item in blamed:
        requested = item.text.partition("requested:")[2].partition("used:")[0]
        for entry in requested.split(","):
            name, _, value = entry.strip().partition("=")
            if name == key:
                return parse_quantity(value) or Decimal()
    return Decimal()


def _demand(creator: Object, graph: Graph, *, limit: bool) -> Amounts:
    """Return what one pod would ask for once the namespace's LimitRanges have filled in what it leaves out."""
    made = template(creator)
    defaults = _defaults(ref(creator).namespace, graph)
    if not defaults:
        return requests(made, limit)
    filled = {**spec(made)}
    for part in ("initContainers", "containers"):
        filled[part] = [_filled(container, defaults) for container in spec(made).get(part) or ()]
    return requests({"spec": filled}, limit)


def _filled(container: Mapping[str, Any], defaults: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    own = container.get("resources")
    resources: Mapping[str, Any] = own if isinstance(own, dict) else {}
    limits = {**defaults.get("default", {}), **(resources.get("limits") or {})}
    wanted = {
        **defaults.get("defaultRequest", {}),
        **(resources.get("limits") or {}),
        **(resources.get("requests") or {}),
    }
    return {**container, "resources": {"limits": limits, "requests": wanted}}


def _defaults(namespace: str, graph: Graph) -> Mapping[str, Mapping[str, Any]]:
    found: dict[str, dict[str, object]] = {}
    for limits in graph.all("LimitRange", namespace):
        for item in spec(limits).get("limits") or ():
            if item.get("type") == "Container":
                for part in ("default", "defaultRequest"):
                    found.setdefault(part, {}).update(item.get(part) or {})
    return found


def applies(quota: Object, pod: Object) -> bool:
    """Return whether a quota's scopes cover the pod; a quota without scopes covers every pod."""
    scopes = [{"scopeName": name, "operator": "Exists"} for name in spec(quota).get("scopes") or ()]
    scopes += (spec(quota).get("scopeSelector") or {}).get("matchExpressions") or ()
    return all(_scope(scope, pod) for scope in scopes)


def _scope(scope: Mapping[str, Any], pod: Object) -> bool:
    ends = spec(pod).get("activeDeadlineSeconds") is not None
    best_effort = not requests(pod) and not requests(pod, limit=True)
    priority, listed = spec(pod).get("priorityClassName"), scope.get("values")
    given = listed if isinstance(listed, list) else []
    match scope.get("scopeName"):
        case "Terminating":
            return ends
        case "NotTerminating":
            return not ends
        case "BestEffort":
            return best_effort
        case "NotBestEffort":
            return not best_effort
        case "PriorityClass":
            return _holds(str(scope.get("operator")), priority, given)
    return False


def _holds(operator: str, value: object, given: list[object]) -> bool:
    match operator:
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "In":
            return value in given
    return value not in given


def _quota_finding(
    creator: Object,
    quota: Object,
    over: tuple[str, Decimal, Decimal, Decimal],
    missing: Shortfall,
    graph: Graph,
    blamed: list[Evidence],
) -> Finding:
    key, need, used, hard = over
    workload, name = ref(graph.workload(creator)), ref(quota).name
    part = "limits" if key.startswith("limits") else "requests"
    return Finding(
        mode=2,
        code="memory-quota-exceeded",
        subject=workload,
        cause=f"ResourceQuota {name} allows {memory(hard)} of {key} and {memory(used)} is used, so there is no room "
        f"for another pod of {said(workload)}, which takes {memory(need)}: {missing}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if blamed else Confidence.LIKELY,
        evidence=(
            Evidence(ref(quota), f"/status/used/{key}", f"{memory(used)} of {memory(hard)}"),
            *blamed,
        ),
        fix=_quota_fix(creator, part, f"Raise {key} in ResourceQuota {name}"),
        affected=(ref(creator),),
        container=_asker(creator, part),
    )


def _quota_by_message(creator: Object, missing: Shortfall, graph: Graph, said_so: list[Evidence]) -> Finding:
    workload = ref(graph.workload(creator))
    found = _EXCEEDED.search(said_so[0].text)
    name = found[1] if found else ""
    part = "limits" if "limits.memory=" in said_so[0].text.partition("used:")[0] else "requests"
    return Finding(
        mode=2,
        code="memory-quota-exceeded",
        subject=workload,
        cause=f"ResourceQuota {name} has no memory left for another pod of {said(workload)}: {missing}",
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY,
        evidence=tuple(said_so),
        fix=_quota_fix(creator, part, f"Raise the memory in ResourceQuota {name}"),
        affected=(ref(creator),),
        container=_asker(creator, part),
    )


def _quota_fix(creator: Object, part: str, raising: str) -> Fix:
    found = largest(template(creator), "memory")
    container = found[1] if found else next((item for _, item in containers(template(creator), init=False)), {})
    old = ((container.get("resources") or {}).get(part) or {}).get("memory", "")
    path = f"resources.{part}.memory"
    return Fix(
        summary=f"{raising}, or run fewer replicas, or lower the container's memory {part.removesuffix('s')}",
        changes=(Change(f"containers[].{path}", str(old), "", path),),
        command=f"kubectl describe resourcequota -n {metadata(creator).get('namespace', '')}",
    )


def _asker(creator: Object, part: str) -> str:
    found = largest(template(creator), "memory")
    return str(found[1].get("name", "")) if found else ""


RULES = tuple(
    Rule(mode, code, kind, _unsatisfied(test))
    for mode, code, test in (
        (2, "memory-quota-exceeded", memory_quota),
        (8, "service-account-missing", account_missing),
    )
    for kind in CREATORS
)
