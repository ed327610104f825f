"""A drill carried out: brought about, looked at until it shows, taken back, and looked at until all is as before."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from agent.apply.carry import Carrying
from agent.apply.interrupts import Interrupts
from agent.apply.outcome import Ending, Outcome
from agent.apply.recheck import world_of
from agent.apply.release import Standing, standing
from agent.apply.watch import look
from agent.change.drills import overlay
from agent.change.measure import Reading, Sight, is_whole, measured, reading, sight
from agent.change.plan import Drill
from agent.errors import AgentError
from agent.events import Progress
from agent.snapshot.record import Ref
from tools.failpoints import reached
from tools.failure import Failure
from tools.run import Running

MARGIN = 60
"""Seconds beyond what the blueprints promise until a drill is given up."""

DEFAULT = 120
"""The same where they promise no time."""


@dataclass(slots=True, kw_only=True)
class Drilling(Carrying):
    """One drill under way."""

    sights: list[Sight] = field(default_factory=list)

    @property
    def drill(self) -> Drill:
        """Return what is tried."""
        assert self.plan.drill is not None  # noqa: S101 - a plan of this action has one
        return self.plan.drill

    def _carried(self, interrupts: Interrupts) -> Outcome:
        """Bring it about and look, take it back and look again."""
        if self.drill.broken:
            (self.box.folder / "drill.yaml").write_bytes(overlay(self.drill))
        before, began = sight(self.checked.snapshot, self._workload), datetime.now(UTC)
        failed = self._brought_about(before, began, interrupts)
        reached("helm")
        found = reading(self.drill, before, self.sights, began)
        taken = time.monotonic()
        stuck = self._taken_away(failed)
        if stuck:
            return self._unknown(stuck, standing(self.box, self.plan))
        whole = self._until(lambda: is_whole(before, self.sights[-1]), DEFAULT)
        reached("verified")
        recovered = time.monotonic() - taken if whole else None
        return self._told(found, recovered, failed, interrupted=bool(interrupts.count))

    @property
    def _workload(self) -> Ref:
        return Ref(*self.drill.workload.split("/"))

    def _brought_about(self, before: Sight, began: datetime, interrupts: Interrupts) -> Failure | None:
        """Run the command and look meanwhile, and afterwards until the failure shows; return why the command failed."""
        limit = max((row.seconds for row in self.drill.promises), default=0) + MARGIN

        def is_over() -> bool:
            return bool(interrupts.count) or reading(self.drill, before, self.sights, began).seen

        with ThreadPoolExecutor(1) as beside:
            job = beside.submit(self._one_by_one, self._commands(self.plan.argv), self.running)
            while not job.done():
                self._look()
            failed = job.result()
        if failed is None:  # helm takes back by itself what it could not bring to its end
            self._until(is_over, max(limit, DEFAULT))
        return failed

    def _taken_away(self, failed: Failure | None) -> str:
        """Take the value away where it is still in force; return why that was not possible, "" when it is done."""
        if not self.drill.broken:
            return "" if failed is None else f"the pod could not be deleted: {failed.detail}"
        now = standing(self.box, self.plan)
        if isinstance(now, Standing) and now.is_as_before(self.plan):
            return ""
        self.emit(Progress("taking it back"))
        undone = self._one_by_one(self._commands(self.plan.undo), Running(self.running.keeps, "undoing"))
        return "" if undone is None else f"it could not be taken back: {undone.detail}"

    def _until(self, is_over: Callable[[], bool], most: float) -> bool:
        """Look until something holds; return whether it came to hold in time."""
        end = time.monotonic() + most
        while time.monotonic() < end:
            self._look()
            if self.sights and is_over():
                return True
            time.sleep(0.5)
        return False

    def _look(self) -> None:
        try:
            now = sight(look(self.plan, world_of(self.plan, self.world)), self._workload)
        except AgentError as error:
            self.emit(Progress(f"cannot look: {error}"))
            return
        self.sights.append(now)
        ready = sum(pod.is_ready for pod in now.pods)
        self.emit(Progress(f"{self._workload.name}: {ready} of {len(now.pods)} pods ready, {now.serving} serve"))

    def _told(self, found: Reading, recovered: float | None, failed: Failure | None, *, interrupted: bool) -> Outcome:
        rows = measured(self.drill, found, recovered)
        now = standing(self.box, self.plan)
        revision = now.revision if isinstance(now, Standing) else 0
        if interrupted:
            return Outcome(Ending.INTERRUPTED, "the drill was interrupted", revision, measured=rows)
        still = () if recovered is not None else (f"{self._workload} is not as it was: agent diagnose says why",)
        cause = failed.detail if failed is not None and not found.seen else ""
        return Outcome(Ending.APPLIED, cause, revision, still=still, measured=rows)

    def resumed(self, now: Standing) -> Outcome:
        """Take back what another process left broken, which its approval covers."""
        stuck = "helm is in the middle of it" if not now.is_settled else self._taken_away(None)
        if stuck:
            return self._unknown(stuck, now)
        return Outcome(Ending.INTERRUPTED, "the drill was interrupted", now.revision)
