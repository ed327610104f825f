"""What containers use, at the moment of a look."""

from collections.abc import Sequence

from agent.snapshot.record import Part, State, Usage
from agent.snapshot.states import STATES
from tools.cluster import Reader
from tools.failure import Failure
from tools.metrics import pod_usage, prometheus_usage
from tools.redact import redact_tree


def read_usage(reader: Reader, namespace: str | None, prometheus: str) -> tuple[Sequence[Usage], Part]:
    """Return what containers use: of the cluster's own metrics, or of a Prometheus where those say nothing."""
    found, source = pod_usage(reader, namespace), "metrics.k8s.io"
    if isinstance(found, Failure) and prometheus:
        found, source = prometheus_usage(prometheus, namespace, reader.deadline), prometheus
    if isinstance(found, Failure):
        state = STATES.get(found.kind, State.FAILED)
        return (), Part("metrics", found.what, state, 0, found.detail, found.hint, needed=False)
    told = [Usage(*redact_tree(list(item))) for item in found]
    return told, Part("metrics", source, State.COMPLETE, len(found), needed=False)
