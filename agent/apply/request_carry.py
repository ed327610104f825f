"""A drill that asks, carried out: a port is forwarded, asked once or under load, and closed. Nothing is broken."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event

from agent.apply.carry import Carrying
from agent.apply.interrupts import Interrupts
from agent.apply.outcome import Ending, Outcome
from agent.apply.recheck import world_of
from agent.apply.release import Standing
from agent.apply.watch import EVERY, look
from agent.change.load import (
    Scaling,
    Tally,
    answered,
    calmed,
    grown,
    measured,
    patience,
    scaling,
    shrunk,
    way_down,
)
from agent.change.measure import Measured, Reading
from agent.change.plan import Drill
from agent.change.request import Asks, Request
from agent.errors import AgentError
from agent.events import Progress
from agent.snapshot.record import Ref
from tools.failure import Failure
from tools.forward import Answer, Forward, forwarded
from tools.run import Running

ANSWER = 10.0
"""Seconds a server has for one answer."""

AROUND = 60
"""Seconds beyond its own time after which a forwarded port is closed, whatever became of the rest."""

CLIENTS = 4
"""How many ask at a time under load: more would measure this machine."""


@dataclass(slots=True, kw_only=True)
class Asking(Carrying):
    """One drill that asks, under way."""

    forwarding: Running = field(default_factory=Running)
    """It does not hold the release's lock: a kubectl that is left behind changes nothing, and must not keep it."""
    sights: list[Scaling | None] = field(default_factory=list)
    ended: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When the load ended."""

    @property
    def drill(self) -> Drill:
        """Return what is tried."""
        assert self.plan.drill is not None  # noqa: S101 - a plan of this action has one
        return self.plan.drill

    @property
    def request(self) -> Request:
        """Return what is asked."""
        assert self.drill.request is not None  # noqa: S101 - the carrier was chosen by it
        return self.drill.request

    @property
    def _workload(self) -> Ref:
        return Ref(*self.drill.workload.split("/"))

    def _interrupted(self) -> str:
        self.forwarding.interrupt()
        return "stopping: the port is closed"

    def _carried(self, interrupts: Interrupts) -> Outcome:
        (command,) = self._commands(self.plan.argv)
        most = self.plan.seconds + AROUND
        with forwarded(
            command, self.box, self._permit(), self.request.local, timeout=most, running=self.forwarding
        ) as found:
            rows = self._measured(found)
        rows += self._calmed(interrupts)
        revision = self.plan.base.revision
        if interrupts.count:
            return Outcome(Ending.INTERRUPTED, "the drill was interrupted", revision, measured=rows)
        return Outcome(Ending.APPLIED, "", revision, measured=rows)

    def _measured(self, found: Forward | Failure) -> tuple[Measured, ...]:
        """Ask as the plan says, and return each row beside what came of it."""
        if isinstance(found, Failure):
            return answered(self.drill, Reading(False, None, f"unknown: nothing could be asked: {found.detail}"))
        if self.drill.tried == Asks.LOAD:
            return self._loaded(found)
        return answered(self.drill, _once(self._ask(found)))

    def _ask(self, forward: Forward) -> Answer | Failure:
        timeout = min(ANSWER, self.plan.seconds)
        return forward.get(self.request.host, self.request.path, timeout=timeout)

    def _loaded(self, forward: Forward) -> tuple[Measured, ...]:
        """Ask again and again until the autoscaler acts, the time is up or the port is closed."""
        before, began, start = scaling(self.checked.snapshot, self._workload), datetime.now(UTC), time.monotonic()
        stop = Event()
        with ThreadPoolExecutor(CLIENTS) as clients:
            jobs = [clients.submit(self._client, forward, stop) for _ in range(CLIENTS)]
            try:
                self._until(
                    lambda: forward.closed is not None or grown(before, self.sights, began).seen, self.plan.seconds
                )
            finally:
                stop.set()
                self.ended = datetime.now(UTC)
            told = sum((job.result() for job in jobs), Counter[str]())
        failed = {why: count for why, count in told.items() if why}
        tally = Tally(time.monotonic() - start, told.total(), failed)
        return measured(self.drill, tally, grown(before, self.sights, began))

    def _calmed(self, interrupts: Interrupts) -> tuple[Measured, ...]:
        """Wait for the way down where there was one up, and return the rows that speak of it."""
        promises, before = way_down(self.drill), scaling(self.checked.snapshot, self._workload)
        if not promises:
            return ()

        def is_over() -> bool:
            found = shrunk(before, self.sights, self.ended)
            return bool(interrupts.count) or found.seen or not self._has_grown(before)

        self._until(is_over, patience(promises))
        return calmed(promises, shrunk(before, self.sights, self.ended))

    def _has_grown(self, before: Scaling | None) -> bool:
        return before is not None and any(item and item.wanted > before.wanted for item in self.sights)

    def _client(self, forward: Forward, stop: Event) -> Counter[str]:
        """Ask until it is enough; return how often there was which trouble, "" for none."""
        told = Counter[str]()
        while not stop.is_set() and forward.closed is None:
            told[_trouble(self._ask(forward))] += 1
        return told

    def _until(self, is_over: Callable[[], bool], most: float) -> None:
        """Look every few seconds for so many seconds at most, or until something holds."""
        end = time.monotonic() + most
        while not self._looked(is_over) and (left := end - time.monotonic()) > 0:
            time.sleep(min(EVERY, left))

    def _looked(self, is_over: Callable[[], bool]) -> bool:
        self._look()
        return is_over()

    def _look(self) -> None:
        try:
            now = scaling(look(self.plan, world_of(self.plan, self.world)), self._workload)
        except AgentError as error:
            self.emit(Progress(f"cannot look: {error}"))
            return
        self.sights.append(now)
        used = "unknown" if now is None or now.used is None else f"{now.used}%"
        self.emit(Progress(f"{self._workload.name}: CPU {used}, {now.wanted if now else 'no'} replicas are asked for"))

    def resumed(self, now: Standing) -> Outcome:
        """Say that nobody has learned anything: there is nothing to take back."""
        return Outcome(Ending.INTERRUPTED, "the drill was interrupted", now.revision)


def _once(answer: Answer | Failure) -> Reading:
    if isinstance(answer, Failure):
        return Reading(False, None, answer.detail)
    return Reading(answer.is_fine, answer.seconds, f"status {answer.status} after {answer.seconds * 1000:.0f} ms")


def _trouble(answer: Answer | Failure) -> str:
    """Return why an answer is none, "" for a good one."""
    if isinstance(answer, Failure):
        return answer.detail
    return "" if answer.is_fine else f"status {answer.status}"
