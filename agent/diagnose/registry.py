"""How a rule is declared: a pure function over one object and the graph, named by its failure mode."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from agent.diagnose.finding import Finding
from agent.diagnose.modes import Mode
from agent.kube.fields import is_unscheduled, spec
from agent.kube.memo import per_graph
from agent.kube.pending import message
from agent.kube.replicas import Shortfall, shortfall
from agent.kube.scheduling import shape
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object, Ref

Test = Callable[[Object, Graph], Iterator[Finding]]
"""Looks at one object and yields what is wrong with it; almost always nothing."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One failure mode's test and the kind of object it is asked about.

    `on="Pod"` rules are asked about suspect pods only (agent/snapshot/suspects.py), so a healthy pod costs nothing.
    `on="Release"` rules are asked about Helm releases: an object whose `release` is the recorded one.
    """

    mode: Mode
    on: str
    test: Test


def rule(mode: Mode, *, on: str) -> Callable[[Test], Rule]:
    """Declare the decorated function as the rule for one failure mode. The module's `RULES` tuple lists it."""
    return lambda test: Rule(mode, on, test)


ShortTest = Callable[[Object, Shortfall, Graph], Iterator[Finding]]
"""Looks at a controller that lacks pods."""


def unsatisfied(test: ShortTest) -> Callable[[Object, Graph], Iterator[Finding]]:
    """Ask only controllers that lack pods: a refusal that was overcome is history."""

    def asked(creator: Object, graph: Graph) -> Iterator[Finding]:
        missing = shortfall(creator)
        if missing is not None:
            yield from test(creator, missing, graph)

    return asked


def once_per_shape(rule: Rule) -> Rule:
    """Ask about one pod of many equal ones: hundreds of replicas wait for one reason."""

    @per_graph
    def answers(graph: Graph) -> dict[tuple[Ref, str, str], list[Finding]]:
        return {}

    def asked(pod: Object, graph: Graph) -> Iterator[Finding]:
        if not is_unscheduled(pod):
            return
        key = _key(pod, graph)
        known = answers(graph).get(key) if key[2] else None
        if known is None:
            known = answers(graph)[key] = list(rule.test(pod, graph))
            yield from known
        else:
            yield from (replace(finding, affected=(ref(pod),), evidence=()) for finding in known)

    test: Test = asked
    return replace(rule, test=test)


def _key(pod: Object, graph: Graph) -> tuple[Ref, str, str]:
    """Return what pods that wait for one reason share: their workload, what they ask for, what they are told."""
    known, name = _keys(graph), ref(pod)
    if name not in known:
        known[name] = (ref(graph.workload(pod)), _seen(pod), message(pod, graph))
    return known[name]


@per_graph
def _keys(graph: Graph) -> dict[Ref, tuple[Ref, str, str]]:
    return {}


def _seen(pod: Object) -> str:
    """Return what the filters here see of a pod: equal for equal pods, different for those with claims of their own."""
    wanted = spec(pod)
    volumes = [volume for volume in wanted.get("volumes") or () if volume.get("persistentVolumeClaim")]
    affinity = wanted.get("affinity") or {}
    neighbours = (affinity.get("podAffinity"), affinity.get("podAntiAffinity"), wanted.get("topologySpreadConstraints"))
    return f"{shape(pod)}{volumes!r}{neighbours!r}"
