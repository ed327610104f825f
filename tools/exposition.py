"""Metrics as Prometheus reads them: a text, or an endpoint that is asked for it. By prometheus_client."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.failure import Failure, FailureKind

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import GaugeMetricFamily


@dataclass(frozen=True, slots=True)
class Sample:
    """One figure, and what tells it from the others of its name."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Gauge:
    """Figures of one name, all with the same labels."""

    name: str
    says: str
    samples: Sequence[Sample]


Source = Callable[[], Sequence[Gauge]]
"""What is asked each time for the figures of now."""


class _Collector:
    """What prometheus_client asks."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def describe(self) -> Sequence["GaugeMetricFamily"]:
        """Say nothing of what will come: nothing is read before somebody asks."""
        return ()

    def collect(self) -> Iterator["GaugeMetricFamily"]:
        """Yield the figures of now."""
        from prometheus_client.core import GaugeMetricFamily

        for gauge in self._source():
            names = list(gauge.samples[0].labels) if gauge.samples else []
            family = GaugeMetricFamily(gauge.name, gauge.says, labels=names)
            for sample in gauge.samples:
                family.add_metric([sample.labels[name] for name in names], sample.value)
            yield family


def exposition(gauges: Sequence[Gauge]) -> str:
    """Return the figures in Prometheus's text format."""
    from prometheus_client import generate_latest

    return generate_latest(_registry(lambda: gauges)).decode()


@contextmanager
def serving(address: str, port: int, source: Source) -> Iterator[int | Failure]:
    """Answer on a port of this machine for as long as the context lasts.

    Yields:
        The port, which the system chooses for 0; a Failure when it cannot be had.

    """
    from prometheus_client import start_http_server

    try:
        server, thread = start_http_server(port, address, _registry(source))
    except OSError as error:
        yield Failure(FailureKind.CONFIG, f"{address}:{port}", error.strerror or str(error), "choose another --listen")
        return
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _registry(source: Source) -> "CollectorRegistry":
    from prometheus_client import CollectorRegistry

    registry = CollectorRegistry()
    registry.register(_Collector(source))
    return registry
