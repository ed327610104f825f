"""Nodes that hold as many volumes as their storage driver allows."""

import re
from collections.abc import Iterator

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, Severity
from agent.diagnose.registry import rule
from agent.kube.fields import claims
from agent.kube.pending import message, verdict, waits
from agent.kube.remedies import kubectl
from agent.kube.wording import counted, listed, said
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

_FULL = re.compile(r"(\d+) node\(s\) exceed max volume count")
"""How the scheduler says that no further volume can be attached (`nodevolumelimits`)."""


@rule(modes.TOO_MANY_VOLUMES, on="Pod")
def too_many_volumes(pod: Object, graph: Graph) -> Iterator[Finding]:
    """Only the driver knows how many it allows (CSINode), so the scheduler's word decides."""
    full = _FULL.search(message(pod, graph)) if waits(pod, graph) else None
    if full is None:
        return
    workload, names = ref(graph.workload(pod)), [name for _, name in claims(pod)]
    whose = f" for the volume{'' if len(names) == 1 else 's'} of {listed(names)}" if names else ""
    yield Finding(
        mode=modes.TOO_MANY_VOLUMES,
        subject=workload,
        cause=f"{said(workload)} finds no place{whose}: {counted(int(full[1]), 'node')} it may use "
        f"{'has' if full[1] == '1' else 'have'} as many volumes attached as the storage driver allows",
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY,
        evidence=tuple(verdict(pod, graph)),
        fix=Fix(
            "Add a node, or run fewer pods with volumes on each; larger machines often hold more",
            (kubectl("get", "csinodes", "-o", "yaml"),),
        ),
        affected=(ref(pod),),
    )


RULES = (too_many_volumes,)
