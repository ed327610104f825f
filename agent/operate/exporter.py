"""`exporter`: the PolicyReports of a cluster as metrics, read anew each time a Prometheus asks."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from threading import Event, Lock

from agent.errors import AgentError, UsageError
from agent.events import Emit, Part, Warned
from agent.exitcode import ExitCode
from agent.operate.arguments.exporter import Exporter
from agent.policyreport.metrics import gauges
from agent.snapshot.record import Object
from agent.world.policyreports import kept
from agent.world.world import World
from tools.exposition import Gauge, Sample, serving
from tools.failure import Failure


@dataclass(frozen=True, slots=True)
class Exported:
    """Where metrics are answered, or were."""

    address: str
    port: int
    ended: bool = False


def run(args: Exporter, world: World, emit: Emit) -> Exported:
    """Answer until somebody ends it."""
    address, port = _listen(args.listen)
    source = _Source(world, emit)
    with serving(address, port, source.read) as found:
        if isinstance(found, Failure):
            raise UsageError(str(found))
        answered = Exported(address, found)
        emit(Part(answered))
        try:
            Event().wait()
        except KeyboardInterrupt:
            return replace(answered, ended=True)
    raise AssertionError("an Event that nobody sets")


def code(_: Exported) -> ExitCode:
    """Return what somebody who ended it expects."""
    return ExitCode.INTERRUPTED


def _listen(text: str) -> tuple[str, int]:
    address, _, port = text.rpartition(":")
    if not address or not port.isdecimal() or int(port) > 65_535:
        raise UsageError(f"--listen {text}: an address and a port, as 127.0.0.1:9402 or [::]:9402")
    return address.strip("[]"), int(port)


@dataclass(slots=True)
class _Source:
    """What is asked for the figures of now: one question at a time, and every failure told once."""

    world: World
    emit: Emit
    lock: AbstractContextManager[bool] = field(default_factory=Lock)
    told: str = ""

    def read(self) -> Sequence[Gauge]:
        """Return the metrics; where nothing can be read only that, for old figures would look like new ones."""
        with self.lock:
            found = self._kept()
            self._tell("" if isinstance(found, Sequence) else str(found))
        if isinstance(found, Sequence):
            return (_up(1), *gauges(found))
        return (_up(0),)

    def _kept(self) -> Sequence[Object] | Failure | AgentError:
        try:
            return kept(replace(self.world, began=time.monotonic()))
        except AgentError as error:
            return error

    def _tell(self, failed: str) -> None:
        if failed != self.told:
            self.emit(Warned(failed or "the reports are read again"))
            self.told = failed


def _up(read: int) -> Gauge:
    return Gauge("bluehelm_up", "Whether the reports could be read.", (Sample({}, read),))
