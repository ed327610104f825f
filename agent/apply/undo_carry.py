"""A break-glass carried out: `kubectl rollout undo`, waited for, and what remains to be done said."""

from collections.abc import Sequence

from agent.apply.afterwards import afterwards
from agent.apply.carry import Carrying
from agent.apply.outcome import Ending, Outcome
from agent.apply.recheck import world_of
from agent.apply.release import Standing
from agent.audit.inputs import Objects
from agent.change.standing import seen
from agent.snapshot.record import Ref
from tools.failure import Failure
from tools.kubectl import rollout_status
from tools.run import Running


class Undoing(Carrying):
    """One break-glass under way."""

    @property
    def _workload(self) -> Ref:
        item = self.plan.base.objects[0]
        return Ref(item.kind, item.namespace, item.name)

    def _one_by_one(self, commands: Sequence[tuple[str, ...]], running: Running) -> Failure | None:
        """Run the commands, and wait for the rollout: kubectl does not."""
        failed = super()._one_by_one(commands, running)
        if failed is not None:
            return failed
        name = f"{self._workload.kind.casefold()}/{self._workload.name}"
        done = rollout_status(self.box, self._workload.namespace, name, seconds=self.plan.seconds)
        return done if isinstance(done, Failure) else None

    def _looked_after(self, cause: str = "") -> Outcome:
        """Look at the whole namespace: the release itself is as it was."""
        seen = afterwards(self.plan, self.checked, world_of(self.plan, self.world))
        if seen.worse:
            return self._taken_back("; ".join(seen.worse), seen.worse)
        still = (seen.unseen,) if seen.unseen else ()
        revision = self.plan.base.revision
        return Outcome(Ending.APPLIED, cause, revision, still=still, capture=self.capture, next=self._owed())

    def _owed(self) -> str:
        release = self.plan.target.release
        return f"the files are ahead of what runs: git revert what brought it, then agent plan --release {release}"

    def _failed(self, failure: Failure, *, interrupted: bool) -> Outcome:
        """Say what is not known: the release is as it was either way, and the workload need not be."""
        cause = self.seen.cause if self.seen else failure.detail
        where = f"agent diagnose {self._workload.kind.casefold()}/{self._workload.name} -n {self._workload.namespace}"
        return Outcome(Ending.UNKNOWN, cause, capture=self.capture, next=where)

    def resumed(self, now: Standing) -> Outcome:
        """Say whether it was carried out, by whether the workload is as it was."""
        snapshot = self.checked.snapshot
        live = Objects([obj for listed in snapshot.objects.values() for obj in listed], self._workload.namespace)
        is_same = [item.spec for item in seen([self._workload], live, snapshot)] == [self.plan.base.objects[0].spec]
        if is_same:
            return Outcome(Ending.ROLLED_BACK, "this program ended before it had begun", now.revision)
        still = ("this program ended while it was applied, so nobody watched it",)
        return Outcome(Ending.APPLIED, "", now.revision, still=still, next=self._owed())
