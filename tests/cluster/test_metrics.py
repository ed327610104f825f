"""Two sources of metrics that really measure: the cluster's own and a Prometheus that scrapes its node."""

import json
import time
from collections.abc import Callable, Iterator

import pytest

from tests.cluster.plugin import Cluster
from tests.cluster.prometheus import prometheus
from tools.cluster import connect
from tools.deadline import Deadline
from tools.failure import Failure, FailureKind
from tools.kubeconfig import access
from tools.metrics import PodUsage, pod_usage, prometheus_usage, query

pytestmark = pytest.mark.cluster

BUSY = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "busy"},
    "spec": {
        "containers": [
            {
                "name": "app",
                "image": "todo-backend:latest",
                "imagePullPolicy": "Never",
                "env": [{"name": "BURN_CPU", "value": "1"}],
                "resources": {"limits": {"cpu": "200m", "memory": "160Mi"}},
            }
        ]
    },
}


@pytest.fixture(scope="module")
def origin(cluster: Cluster) -> Iterator[str]:
    if cluster.provider != "local":
        pytest.skip("scraping the node needs the local provider's certificates")
    with prometheus() as found:
        yield found


@pytest.fixture
def busy(cluster: Cluster, namespace: str) -> str:
    cluster.kubectl("apply", "--filename=-", f"--namespace={namespace}", stdin=json.dumps(BUSY))
    cluster.kubectl("wait", "pod/busy", "--for=condition=Ready", f"--namespace={namespace}", "--timeout=90s")
    return namespace


def until_measured(read: Callable[[], list[PodUsage] | Failure]) -> PodUsage:
    """Return the pod's figures once they tell of a core that is used up to its limit of a fifth."""
    end = time.monotonic() + 150
    found: list[PodUsage] | Failure = []
    while time.monotonic() < end:
        found = read()
        assert not isinstance(found, Failure), found
        usage = next((item for item in found if item.pod == "busy"), None)
        if usage is not None and usage.cpu > 0.1:
            return usage
        time.sleep(1)
    pytest.fail(f"never measured: {found}", pytrace=False)


@pytest.mark.long
def test_both_sources_measure_the_same_pod(cluster: Cluster, busy: str, origin: str) -> None:
    """Throttling is told from idling by these figures alone."""
    reached = access(cluster.context, str(cluster.kubeconfig))
    assert not isinstance(reached, Failure)
    reader = connect(reached, Deadline.after(300))
    assert not isinstance(reader, Failure)
    try:
        ours = until_measured(lambda: pod_usage(reader, busy))
    finally:
        reader.close()
    theirs = until_measured(lambda: prometheus_usage(origin, busy))
    for usage in (ours, theirs):
        assert (usage.namespace, usage.container) == (busy, "app")
        assert 0.1 < usage.cpu < 0.4
        assert 20 << 20 < usage.memory < 160 << 20
    assert theirs.memory == pytest.approx(ours.memory, rel=0.3)


def test_a_pod_nobody_measures_is_absent_and_not_idle(origin: str) -> None:
    assert prometheus_usage(origin, "no-such-namespace") == []


def test_what_prometheus_refuses_is_its_own_words(origin: str) -> None:
    found = query(origin, "sum(")
    assert isinstance(found, Failure)
    assert "parse error" in found.detail


def test_a_prometheus_that_is_down_is_unknown() -> None:
    found = prometheus_usage("http://127.0.0.1:1", None)
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.UNREACHABLE
