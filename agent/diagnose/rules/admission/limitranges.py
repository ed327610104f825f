"""Pods and claims outside the bounds of their namespace's LimitRanges."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.registry import Rule, unsatisfied
from agent.kube.edits import claim_size_edits, container_edits
from agent.kube.fields import CREATORS, containers, spec, template
from agent.kube.remedies import NeedsPerson
from agent.kube.replicas import Shortfall, refusals
from agent.kube.requests import with_defaults
from agent.kube.wording import said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object
from tools.quantity import parse_quantity

_BOUND = re.compile(r"(maximum|minimum) (\S+) usage per (Container|Pod|PersistentVolumeClaim) is ([^\s,.\]]+)")
_RATIO = re.compile(r"(\S+) max limit to request ratio per (Container|Pod) is ([^\s,\]]+)")
_BUT = re.compile(r", but (?:limit|request|provided ratio) is ([^\s,\]]+)")

FIELDS = {"maximum": "max", "minimum": "min", "ratio": "maxLimitRequestRatio"}


@dataclass(frozen=True, slots=True)
class Bound:
    """One bound as the API server said it."""

    side: str
    """`maximum`, `minimum` or `ratio`."""
    resource: str
    per: str
    """`Container`, `Pod` or `PersistentVolumeClaim`."""
    value: str
    given: str
    """What the refused object has, "" where it says nothing."""


def out_of_range(creator: Object, missing: Shortfall, graph: Graph) -> Iterator[Finding]:
    """A LimitRange refuses the pods of a controller, and still has the bound it refused them for."""
    for item in refusals(creator, graph):
        for bound in _bounds(item.text):
            holder = _holder(bound, ref(creator).namespace, graph)
            if holder is not None or not graph.snapshot.knows("LimitRange"):
                yield _finding(creator, bound, holder, missing, graph, item)
                return


def _bounds(text: str) -> Iterator[Bound]:
    for found in _BOUND.finditer(text):
        yield Bound(found[1], found[2], found[3], found[4], _given(text, found.end()))
    for found in _RATIO.finditer(text):
        yield Bound("ratio", found[1], found[2], found[3], _given(text, found.end()))


def _given(text: str, start: int) -> str:
    found = _BUT.match(text, start)
    return found[1] if found else ""


def _holder(bound: Bound, namespace: str, graph: Graph) -> Object | None:
    """Return the LimitRange that has this bound now, None when none does: the refusal is history then."""
    wanted = parse_quantity(bound.value)
    for found in graph.all("LimitRange", namespace):
        for item in spec(found).get("limits") or ():
            value = (item.get(FIELDS[bound.side]) or {}).get(bound.resource)
            if item.get("type") == bound.per and value is not None and parse_quantity(str(value)) == wanted:
                return found
    return None


def _finding(
    creator: Object, bound: Bound, holder: Object | None, missing: Shortfall, graph: Graph, blamed: Evidence
) -> Finding:
    workload = ref(graph.workload(creator))
    owner = f"LimitRange {ref(holder).name}" if holder is not None else "a LimitRange"
    what = f"a {bound.resource} limit-to-request ratio" if bound.side == "ratio" else bound.resource
    verb = "demands at least" if bound.side == "minimum" else "allows at most"
    has = f"has {bound.given}" if bound.given else "sets none"
    pointer, container = _culprit(creator, bound, graph)
    whose = f"container {container} of {said(workload)}" if container else said(workload)
    shown = (Evidence(ref(holder), "/spec/limits", f"{FIELDS[bound.side]} {bound.value}"),) if holder else ()
    return Finding(
        mode=modes.OUTSIDE_LIMIT_RANGE,
        subject=workload,
        cause=f"{owner} {verb} {bound.value} of {what} per {bound.per} and {whose} {has}: {missing}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN if holder is not None else Confidence.LIKELY,
        evidence=(blamed, *shown, *((Evidence(ref(creator), pointer, bound.given),) if pointer else ())),
        fix=_fix(creator, bound, owner, container, graph),
        affected=(ref(creator),),
        container=container,
    )


def _fix(creator: Object, bound: Bound, owner: str, container: str, graph: Graph) -> Fix:
    if bound.per == "PersistentVolumeClaim":
        fits = NeedsPerson(f"a size within the bounds of {owner}") if bound.side == "ratio" else bound.value
        return Fix(f"Ask for storage within the bounds of {owner}, or change them", claim_size_edits(creator, fits))
    part = "requests" if bound.side == "minimum" else "limits"
    path = ("resources", part, bound.resource)
    known = bound.per == "Container" and bound.side != "ratio"
    value = bound.value if known else NeedsPerson(f"a {bound.resource} amount within the bounds of {owner}")
    names = [container] if container else [str(item.get("name")) for _, item in containers(template(creator))]
    return Fix(
        f"Bring the {bound.resource} {part.removesuffix('s')} within the bounds of {owner}, or change them",
        container_edits(creator, graph, names[0], path, value) if len(names) == 1 else (),
        (f"containers[].{'.'.join(path)}",),
    )


def _culprit(creator: Object, bound: Bound, graph: Graph) -> tuple[str, str]:
    """Return (pointer, name) of the container whose own value is the refused one, two empty texts when unclear."""
    if bound.per != "Container":
        return "", ""
    given = parse_quantity(bound.given) if bound.given else None
    filled = with_defaults(template(creator), ref(creator).namespace, graph)
    for pointer, container in containers(filled):
        for part in ("limits", "requests"):
            value = _amount(container, part, bound.resource)
            if given is not None and value is not None and parse_quantity(value) == given:
                return f"/spec/template{pointer}/resources/{part}/{bound.resource}", str(container.get("name", ""))
    return "", ""


def _amount(container: Mapping[str, Any], part: str, resource: str) -> str | None:
    value = ((container.get("resources") or {}).get(part) or {}).get(resource)
    return None if value is None else str(value)


RULES = tuple(Rule(modes.OUTSIDE_LIMIT_RANGE, kind, unsatisfied(out_of_range)) for kind in CREATORS)
