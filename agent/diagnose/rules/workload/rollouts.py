"""Rollouts that stand in their own way: a new pod must come first, and the old one holds what it needs."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.registry import rule
from agent.kube.edits import edit
from agent.kube.fields import containers, is_terminal, is_unscheduled, metadata, number, spec, status, template
from agent.kube.remedies import Edit
from agent.kube.replicas import refusals
from agent.kube.requests import requests
from agent.kube.rollouts import newest_set
from agent.kube.scheduling import Fit, fits
from agent.kube.selectors import matches
from agent.kube.wording import counted, listed, said
from agent.snapshot.evidence import Evidence
from agent.snapshot.graph import Graph, labels, ref
from agent.snapshot.record import Object


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why the pod a rollout adds first cannot be."""

    why: str
    evidence: tuple[Evidence, ...]
    affected: tuple[Object, ...] = ()


@rule(modes.STRATEGY_BLOCKS_ROLLOUT, on="Deployment")
def strategy_blocks(deployment: Object, graph: Graph) -> Iterator[Finding]:
    """A rollout may stop no old pod before a new one is ready, and there is no place for one more."""
    new = newest_set(deployment, graph)
    if new is None or spec(deployment).get("paused") or not _surges_first(deployment):
        return
    olds = [pod for child in graph.children(deployment) if child is not new for pod in graph.pods(child)]
    olds = [pod for pod in olds if not is_terminal(pod) and not metadata(pod).get("deletionTimestamp")]
    if not olds:
        return
    blocked = _by_quota(new, graph) or _by_own_pods(new, olds, graph)
    if blocked is not None:
        yield _finding(deployment, blocked, len(olds))


def _surges_first(deployment: Object) -> bool:
    """Return whether the strategy allows no pod to be missing, as 25 % of three do."""
    strategy = spec(deployment).get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return False
    rolling, wanted = strategy.get("rollingUpdate") or {}, number(spec(deployment).get("replicas"), 1)
    missing = _share(rolling.get("maxUnavailable", "25%"), wanted, up=False)
    return missing == 0 and _share(rolling.get("maxSurge", "25%"), wanted, up=True) > 0


def _share(value: object, of: int, *, up: bool) -> int:
    text = str(value)
    if not text.endswith("%"):
        return number(text)
    part = of * int(text[:-1]) / 100
    return math.ceil(part) if up else math.floor(part)


def _by_quota(new: Object, graph: Graph) -> Blocked | None:
    if number(status(new).get("replicas")) >= number(spec(new).get("replicas"), 1):
        return None
    said_so = tuple(item for item in refusals(new, graph) if "exceeded quota" in item.text)
    if not said_so:
        return None
    text = said_so[0].text.partition("exceeded quota: ")[2]
    name, _, rest = text.partition(",")
    return Blocked(f"ResourceQuota {name} has no room for it ({rest.strip()})", said_so, (new,))


def _by_own_pods(new: Object, olds: list[Object], graph: Graph) -> Blocked | None:
    """Return what the old pods hold, where a node would take the new pod were it not for them."""
    for pod in graph.pods(new):
        if not is_unscheduled(pod):
            continue
        usable = [fit for fit in fits(pod, graph) if fit.eligible and not fit.taints and not fit.cordoned]
        holders = [(fit, old) for fit in usable for old in olds if spec(old).get("nodeName") == fit.name]
        why = (
            _held_ports(pod, usable, holders) or _held_places(pod, usable, holders) or _held_room(pod, usable, holders)
        )
        if why:
            held = tuple(Evidence(ref(old), "/spec/nodeName", fit.name) for fit, old in holders[:3])
            return Blocked(why, held, (pod,))
    return None


def _held_ports(pod: Object, usable: list[Fit], holders: list[tuple[Fit, Object]]) -> str:
    ports = sorted(_host_ports(pod))
    taken = {fit.name for fit, old in holders if _host_ports(old) & set(ports)}
    if not ports or not usable or taken != {fit.name for fit in usable}:
        return ""
    return f"the old pod holds host port {listed(map(str, ports))} on every node that could take it"


def _host_ports(pod: Object) -> set[int]:
    ports = [port for _, container in containers(pod) for port in container.get("ports") or ()]
    return {number(port.get("hostPort")) for port in ports} - {0}


def _held_places(pod: Object, usable: list[Fit], holders: list[tuple[Fit, Object]]) -> str:
    """Return that the pod's own anti-affinity keeps it from every node an old one is on."""
    rules = ((spec(pod).get("affinity") or {}).get("podAntiAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or ()
    own = [term for term in rules if matches(term.get("labelSelector") or {"matchLabels": {"": "x"}}, labels(pod))]
    hosts = any(term.get("topologyKey") == "kubernetes.io/hostname" for term in own)
    if not hosts or {fit.name for fit, _ in holders} != {fit.name for fit in usable}:
        return ""
    return "its own anti-affinity keeps it from every node an old pod is on"


def _held_room(pod: Object, usable: list[Fit], holders: list[tuple[Fit, Object]]) -> str:
    """Return that a node is short of no more than an old pod of this rollout holds there."""
    if not usable or not all(fit.short for fit in usable):
        return ""
    needs = requests(pod)
    for fit, old in holders:
        held = requests(old)
        if all(needs.get(name, 0) - free <= held.get(name, 0) for name, (free, _) in fit.short.items()):
            return f"no node has room for it while the old pod on {fit.name} holds its {listed(fit.short)}"
    return ""


def _finding(deployment: Object, blocked: Blocked, olds: int) -> Finding:
    name, wanted = ref(deployment), number(spec(deployment).get("replicas"), 1)
    rolling = (spec(deployment).get("strategy") or {}).get("rollingUpdate") or {}
    allowed, surge = str(rolling.get("maxUnavailable", "25%")), str(rolling.get("maxSurge", "25%"))
    shown = Evidence(
        name,
        "/spec/strategy/rollingUpdate",
        f"maxUnavailable {allowed}, maxSurge {surge}, {counted(wanted, 'replica')}",
    )
    return Finding(
        mode=modes.STRATEGY_BLOCKS_ROLLOUT,
        subject=name,
        cause=f"The rollout of {said(name)} blocks itself: none of its {counted(olds, 'old pod')} may stop first "
        f"(maxUnavailable {allowed} of {wanted} is 0), so it needs a pod more (maxSurge {surge}), and {blocked.why}",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(shown, *blocked.evidence),
        fix=Fix(
            "Let one old pod stop first, or use Recreate, or make room for one more pod",
            (
                edit(deployment, ("spec", "strategy", "rollingUpdate", "maxUnavailable"), 1),
                edit(deployment, ("spec", "strategy", "rollingUpdate", "maxSurge"), 0),
            ),
        ),
        affected=tuple(ref(obj) for obj in blocked.affected),
    )


def _one_by_one(daemonset: Object, rolling: Mapping[str, Any]) -> Iterator[Edit]:
    """Yield the edits by which a DaemonSet replaces pods in place; the API wants one of the two numbers above 0."""
    yield edit(daemonset, ("spec", "updateStrategy", "rollingUpdate", "maxSurge"), 0)
    if str(rolling.get("maxUnavailable", "1")).rstrip("%") == "0":
        yield edit(daemonset, ("spec", "updateStrategy", "rollingUpdate", "maxUnavailable"), 1)


@rule(modes.DAEMONSET_SURGE_WITH_HOST_PORT, on="DaemonSet")
def daemonset_surges(daemonset: Object, graph: Graph) -> Iterator[Finding]:
    """A DaemonSet starts its new pod beside the old one, which holds the same host port."""
    rolling = (spec(daemonset).get("updateStrategy") or {}).get("rollingUpdate") or {}
    surge = str(rolling.get("maxSurge", "0")).rstrip("%")
    ports = sorted(_host_ports(template(daemonset)))
    behind = number(status(daemonset).get("updatedNumberScheduled")) < number(
        status(daemonset).get("desiredNumberScheduled")
    )
    if surge in ("0", "") or not ports or not behind:
        return
    name = ref(daemonset)
    yield Finding(
        mode=modes.DAEMONSET_SURGE_WITH_HOST_PORT,
        subject=name,
        cause=f"The rollout of {said(name)} blocks itself: maxSurge {surge} starts the new pod beside the "
        f"old one, which holds host port {listed(map(str, ports))} on the node",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        evidence=(Evidence(name, "/spec/updateStrategy/rollingUpdate/maxSurge", str(rolling["maxSurge"])),),
        fix=Fix(
            "Let the old pod stop first",
            tuple(_one_by_one(daemonset, rolling)),
        ),
        affected=tuple(ref(pod) for pod in graph.pods(daemonset) if is_unscheduled(pod)),
    )


RULES = (strategy_blocks, daemonset_surges)
