"""Namespaces whose ResourceQuota has no room, or asks for a number nobody gave."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.modes import Mode
from agent.diagnose.registry import Rule, ShortTest, unsatisfied
from agent.kube.edits import container_edits, edit
from agent.kube.fields import CREATORS, containers, metadata, spec, status, template
from agent.kube.remedies import Edit, NeedsPerson, kubectl
from agent.kube.replicas import Shortfall, refusals
from agent.kube.requests import Amounts, amounts, largest, requests, with_defaults
from agent.kube.wording import cores, listed, memory, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object
from tools.quantity import parse_quantity

_EXCEEDED = re.compile(r"exceeded quota: ([^,\s]+)")
_UNSAID = re.compile(r"failed quota: ([^:\s]+): must specify (.+)", re.DOTALL)
_KEY = re.compile(r"((?:limits|requests)\.[\w./-]+|\bcpu\b|\bmemory\b)")


@dataclass(frozen=True, slots=True)
class Counted:
    """Something a quota counts for pods, and how to say an amount of it."""

    mode: Mode
    resource: str
    shown: Callable[[Decimal], str]
    keys: tuple[str, ...]
    """The names a quota counts it by; `memory` is `requests.memory`."""

    def allows(self, hard: Decimal, key: str) -> str:
        """`50m of requests.cpu`, `2 pods`: a quota's bound."""
        return f"{self.shown(hard)} pods" if self.resource == "pods" else f"{self.shown(hard)} of {key}"


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


CPU = Counted(modes.CPU_QUOTA_EXCEEDED, "cpu", cores, ("limits.cpu", "requests.cpu", "cpu"))
MEMORY = Counted(modes.MEMORY_QUOTA_EXCEEDED, "memory", memory, ("limits.memory", "requests.memory", "memory"))
PODS = Counted(modes.POD_QUOTA_EXCEEDED, "pods", _plain, ("pods", "count/pods"))
COUNTED = (CPU, MEMORY, PODS)


@dataclass(frozen=True, slots=True)
class Over:
    """One bound of a quota that one more pod would break."""

    counted: Counted
    key: str
    need: Decimal
    used: Decimal
    hard: Decimal


def exceeded(counted: Counted) -> ShortTest:
    """Return the test for one resource: a ResourceQuota has no room for one more pod's share of it."""

    def test(creator: Object, missing: Shortfall, graph: Graph) -> Iterator[Finding]:
        said_so = [item for item in refusals(creator, graph) if _EXCEEDED.search(item.text)]
        for quota in graph.all("ResourceQuota", ref(creator).namespace):
            blamed = [item for item in said_so if ref(quota).name in _EXCEEDED.findall(item.text)]
            over = list(_over(quota, creator, graph, blamed))
            if over and (blamed or (not graph.snapshot.knows("Event") and applies(quota, template(creator)))):
                if over[0].counted is counted:
                    yield _quota_finding(creator, quota, over[0], missing, graph, blamed)
                return
        if said_so and not graph.snapshot.knows("ResourceQuota") and _first_said(said_so[0]) is counted:
            yield _quota_by_message(creator, counted, missing, graph, said_so)

    return test


def _over(quota: Object, creator: Object, graph: Graph, blamed: list[Evidence]) -> Iterator[Over]:
    """Yield every bound of the quota one more pod would break, CPU's first."""
    hard = amounts(status(quota).get("hard") or spec(quota).get("hard"))
    used = amounts(status(quota).get("used"))
    for counted in COUNTED:
        for key in [key for key in counted.keys if key in hard]:
            asked = _demand(creator, graph, limit=key.startswith("limits")).get(counted.resource, Decimal())
            need = max(asked, _refused_amount(key, blamed))
            if need and used.get(key, Decimal()) + need > hard[key]:
                yield Over(counted, key, need, used.get(key, Decimal()), hard[key])


def _refused(blamed: Evidence) -> dict[str, str]:
    """Return what the refused pod asked for and did not get, as the API server wrote it: key -> amount."""
    requested = blamed.text.partition("requested:")[2].partition("used:")[0]
    entries = (entry.strip().partition("=") for entry in requested.split(","))
    return {name: value for name, _, value in entries if name}


def _refused_amount(key: str, blamed: list[Evidence]) -> Decimal:
    """Return what the refused pod asked for: a webhook may have added containers the template does not show."""
    for item in blamed:
        if key in _refused(item):
            return parse_quantity(_refused(item)[key]) or Decimal()
    return Decimal()


def _first_said(blamed: Evidence) -> Counted | None:
    keys = _refused(blamed)
    return next((counted for counted in COUNTED if any(key in keys for key in counted.keys)), None)


def _demand(creator: Object, graph: Graph, *, limit: bool) -> Amounts:
    """Return what one pod would ask for once the namespace's LimitRanges have filled in what it leaves out."""
    filled = with_defaults(template(creator), ref(creator).namespace, graph)
    return requests(filled, limit) | {"pods": Decimal(1)}


def applies(quota: Object, pod: Object) -> bool:
    """Return whether a quota's scopes cover the pod; a quota without scopes covers every pod."""
    scopes = [{"scopeName": name, "operator": "Exists"} for name in spec(quota).get("scopes") or ()]
    scopes += (spec(quota).get("scopeSelector") or {}).get("matchExpressions") or ()
    return all(_scope(scope, pod) for scope in scopes)


def _scope(scope: Mapping[str, Any], pod: Object) -> bool:
    ends = spec(pod).get("activeDeadlineSeconds") is not None
    best_effort = not requests(pod) and not requests(pod, limit=True)
    priority, values = spec(pod).get("priorityClassName"), scope.get("values")
    given = values if isinstance(values, list) else []
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
    creator: Object, quota: Object, over: Over, missing: Shortfall, graph: Graph, blamed: list[Evidence]
) -> Finding:
    workload, name, shown = ref(graph.workload(creator)), ref(quota).name, over.counted.shown
    takes = "" if over.counted is PODS else f", which takes {shown(over.need)}"
    used = f"{shown(over.used)} {'are' if over.counted is PODS else 'is'} used"
    return Finding(
        mode=over.counted.mode,
        subject=workload,
        cause=f"ResourceQuota {name} allows {over.counted.allows(over.hard, over.key)} and {used}, so there is no room "
        f"for another pod of {said(workload)}{takes}: {missing}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if blamed else Confidence.LIKELY,
        evidence=(
            Evidence(ref(quota), f"/status/used/{over.key}", f"{shown(over.used)} of {shown(over.hard)}"),
            *blamed,
        ),
        fix=_quota_fix(creator, over.counted, over.key, name, graph),
        affected=(ref(creator),),
        container=_asker(creator, over.counted),
    )


def _quota_by_message(
    creator: Object, counted: Counted, missing: Shortfall, graph: Graph, said_so: list[Evidence]
) -> Finding:
    workload = ref(graph.workload(creator))
    found = _EXCEEDED.search(said_so[0].text)
    name = found[1] if found else ""
    key = next((key for key in counted.keys if key in _refused(said_so[0])), counted.keys[0])
    return Finding(
        mode=counted.mode,
        subject=workload,
        cause=f"ResourceQuota {name} has no {counted.resource} left for another pod of {said(workload)}: {missing}",
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY,
        evidence=tuple(said_so),
        fix=_quota_fix(creator, counted, key, name, graph),
        affected=(ref(creator),),
        container=_asker(creator, counted),
    )


def _quota_fix(creator: Object, counted: Counted, key: str, name: str, graph: Graph) -> Fix:
    command = kubectl("describe", "resourcequota", namespace=metadata(creator).get("namespace", ""))
    if counted is PODS:
        top = graph.workload(creator)
        fewer = NeedsPerson("as many replicas as the quota has room for")
        edits = (edit(top, ("spec", "replicas"), fewer),) if "replicas" in spec(top) else ()
        return Fix(f"Raise {key} in ResourceQuota {name}, or run fewer replicas", (*edits, command))
    part = "limits" if key.startswith("limits") else "requests"
    found = largest(template(creator), counted.resource)
    container = found[1] if found else next((item for _, item in containers(template(creator), init=False)), {})
    less = NeedsPerson(f"a {counted.resource} {part.removesuffix('s')} that the quota has room for")
    path = ("resources", part, counted.resource)
    return Fix(
        summary=f"Raise {key} in ResourceQuota {name}, or run fewer replicas, or lower the container's "
        f"{counted.resource} {part.removesuffix('s')}",
        remedies=(*container_edits(creator, graph, str(container.get("name")), path, less), command),
    )


def _asker(creator: Object, counted: Counted) -> str:
    found = largest(template(creator), counted.resource)
    return str(found[1].get("name", "")) if found else ""


def unsaid(creator: Object, missing: Shortfall, graph: Graph) -> Iterator[Finding]:
    """A quota counts requests or limits that a container does not set, so the pod is refused."""
    for item in refusals(creator, graph):
        found = _UNSAID.search(item.text)
        if found is None:
            continue
        quota = graph.get("ResourceQuota", ref(creator).namespace, found[1])
        keys = _still_unsaid(creator, quota, _KEY.findall(found[2]), graph)
        if keys and (quota is not None or not graph.snapshot.knows("ResourceQuota")):
            yield _unsaid_finding(creator, found[1], keys, missing, graph, item)
            return


def _still_unsaid(
    creator: Object, quota: Object | None, keys: list[str], graph: Graph
) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Return key -> (container's pointer, container) for what the quota counts and the template leaves out, still."""
    counts = amounts(status(quota).get("hard") or spec(quota).get("hard")) if quota else dict.fromkeys(keys)
    pod = with_defaults(template(creator), ref(creator).namespace, graph)
    missing: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for key in [key for key in dict.fromkeys(keys) if key in counts]:
        part, _, resource = key.rpartition(".") if key.startswith(("limits.", "requests.")) else ("requests", "", key)
        for pointer, container in containers(pod):
            wants = container.get("resources") or {}
            given = wants.get(part) or (wants.get("limits") if part == "requests" else {}) or {}
            if resource not in given and (part == "limits" or resource not in (wants.get("limits") or {})):
                missing.setdefault(key, (pointer, container))
    return missing


def _unsaid_finding(
    creator: Object,
    quota: str,
    keys: Mapping[str, tuple[str, Mapping[str, Any]]],
    missing: Shortfall,
    graph: Graph,
    blamed: Evidence,
) -> Finding:
    workload = ref(graph.workload(creator))
    names = listed((str(container.get("name", "")) for _, container in keys.values()))
    return Finding(
        mode=modes.QUOTA_WANTS_A_NUMBER,
        subject=workload,
        cause=f"ResourceQuota {quota} counts {listed(keys, 4)}, which container {names} of {said(workload)} does not "
        f"set, so its pods are refused: {missing}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(blamed, *(Evidence(ref(creator), f"/spec/template{keys[key][0]}/resources", key) for key in keys)),
        fix=Fix(
            summary=f"Set {listed(keys, 4)} for every container, or give the namespace a LimitRange with defaults",
            remedies=tuple(found for key, item in keys.items() for found in _number(creator, graph, key, item[1])),
        ),
        affected=(ref(creator),),
        container=str(next(iter(keys.values()))[1].get("name", "")),
    )


def _number(creator: Object, graph: Graph, key: str, container: Mapping[str, Any]) -> tuple[Edit, ...]:
    part, _, resource = key.rpartition(".") if key.startswith(("limits.", "requests.")) else ("requests", "", key)
    what = NeedsPerson(f"the {resource} {part.removesuffix('s')} of container {container.get('name')}")
    return container_edits(creator, graph, str(container.get("name")), ("resources", part, resource), what)


RULES = (
    *(Rule(counted.mode, kind, unsatisfied(exceeded(counted))) for counted in COUNTED for kind in CREATORS),
    *(Rule(modes.QUOTA_WANTS_A_NUMBER, kind, unsatisfied(unsaid)) for kind in CREATORS),
)
