"""What goes on in the cluster while helm waits: the engine looks every few seconds and says the cause."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillWaiting
from dataclasses import dataclass
from typing import TypeVar

from agent.change.failing import held_back
from agent.change.plan import Action, Plan
from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.engine import diagnose
from agent.diagnose.finding import Finding, Severity
from agent.errors import AgentError
from agent.events import Emit, Progress, Said
from agent.snapshot.depth import AUDIT
from agent.snapshot.record import Snapshot
from agent.world.scope import Cluster, Scope
from agent.world.world import World
from tools.failure import Failure

T = TypeVar("T")

EVERY = 3.0
"""Seconds between two looks."""


@dataclass(frozen=True, slots=True)
class Failing:
    """What fails, with the look it was seen in."""

    finding: Finding
    snapshot: Snapshot

    @property
    def cause(self) -> str:
        """Return the cause in one sentence."""
        return self.finding.cause


class Watch:
    """Looks at a plan's namespace while something else is waited for."""

    def __init__(self, plan: Plan, world: World, emit: Emit, caught: Callable[[Failing], None]) -> None:
        self._plan, self._world, self._emit, self._caught = plan, world, emit, caught
        self._names = {*plan.effects.changed, *plan.effects.created}
        if plan.action is Action.RECOVER:  # whatever held helm up, it may well be in what both revisions share
            self._names.update(map(str, plan.base.objects))
        self._asked: set[str] = set()
        self._began = time.monotonic()
        self.failing: Failing | None = None
        """The newest look in which something of the plan failed, None where nothing did."""

    def until(self, job: "Future[T]") -> T:
        """Return what a job returns; meanwhile look, and say what is seen."""
        while True:
            try:
                return job.result(timeout=EVERY)
            except StillWaiting:
                if job.done():  # it was the job's own
                    return job.result()
                self.look()

    def look(self) -> None:
        """Look once, say what is waited for, and pass on a cause that was not seen before."""
        try:
            snapshot = look(self._plan, self._world)
        except AgentError as error:
            self._say(f"cannot look: {error}")
            return
        found = diagnose(snapshot)
        if isinstance(found, Failure):
            return
        self._say(self._line(found))
        self._ask(held_back(self._plan.effects.restarted, snapshot, begun=True))
        finding = next((item for item in found.findings if self._concerns(item)), None)
        if finding is not None:
            known = self.failing.cause if self.failing else ""
            self.failing = Failing(finding, snapshot)
            if finding.cause != known:
                self._caught(self.failing)

    def _say(self, text: str) -> None:
        self._emit(Progress(f"{text}, {time.monotonic() - self._began:.0f} s"))

    def _ask(self, wanted: Iterable[str]) -> None:
        """Say what a person has to do meanwhile, each once and in full: a line that is replaced is cut to the width."""
        for text in wanted:
            if text not in self._asked:
                self._asked.add(text)
                self._emit(Said(text))

    def _line(self, found: Diagnosis) -> str:
        """Return what is seen of the plan's objects: the first cause, else what is not settled yet."""
        cause = next((item.cause for item in found.findings if self._concerns(item)), "")
        waiting = (f"{item.subject.name}: {item.says}" for item in found.unsettled)
        return cause or next(waiting, "waiting for helm")

    def _concerns(self, finding: Finding) -> bool:
        names = {str(name) for name in (finding.subject, *finding.affected)}
        return finding.severity is Severity.ERROR and not names.isdisjoint(self._names)


def look(plan: Plan, world: World) -> Snapshot:
    """Return a new look at a plan's namespace, with its own time."""
    fresh = World(world.flags, world.commands, world.looker)
    return fresh.look(Scope(cluster=Cluster(namespace=plan.target.namespace)), lambda _: None, AUDIT)
