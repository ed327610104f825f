"""Readiness probes that get an answer too late: who asks, and how long the probe waits."""

from collections.abc import Iterator

from agent.diagnose import modes
from agent.diagnose.finding import Confidence, Finding, Fix, finding
from agent.diagnose.registry import rule
from agent.diagnose.rules.program.probes import READINESS, Ask, asks, better_port, late, unready
from agent.kube.edits import container_edits
from agent.kube.fields import number
from agent.kube.leases import is_standby
from agent.kube.remedies import NeedsPerson
from agent.snapshot.evidence import Evidence, event_evidence
from agent.snapshot.graph import Graph, ref
from agent.snapshot.record import Object

USUAL = 1
"""Seconds a probe waits where timeoutSeconds does not say it, by the API's default."""


@rule(modes.READINESS_TIMEOUT, on="Pod")
def readiness_timeout(pod: Object, graph: Graph) -> Iterator[Finding]:
    """A readiness probe is asked for longer than its timeout, each time, past the time it is given."""
    for ask in asks(pod, READINESS):
        failure, elsewhere = unready(ask, graph), ask.given and better_port(ask, graph)
        if failure is not None and late(failure) and not elsewhere and not is_standby(pod, graph):
            yield _too_late(ask, graph, failure)


def _too_late(ask: Ask, graph: Graph, failure: Object) -> Finding:
    container, given = ask.container, number(ask.probe.get("timeoutSeconds")) or USUAL
    what = f"its command ({' '.join(ask.command)[:120]})" if ask.command else f"{ask.path or 'the port'} at {ask.given}"
    cause = f"the readiness probe of container {container.name} gets no answer from {what} within {given} s"
    path = (READINESS, "timeoutSeconds")
    edits = container_edits(container.pod, graph, container.name, path, NeedsPerson("as long as an answer may take"))
    fix = Fix("Find out what the answer waits for; where it may take that long, raise timeoutSeconds", edits)
    shown = Evidence(ref(container.pod), f"{container.pointer}/{READINESS}/timeoutSeconds", f"{given} s")
    proof = (event_evidence(failure, container.pod), shown)
    said = f"{cause}, so no Service sends it traffic"
    return finding(modes.READINESS_TIMEOUT, container, graph, said, fix, proof, Confidence.LIKELY)


RULES = (readiness_timeout,)
