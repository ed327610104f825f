"""A break-glass carried out: `kubectl rollout undo`, waited for, and what remains to be done said."""

from collections.abc import Sequence
from dataclasses import replace

from agent.apply.carry import Carrying
from agent.apply.outcome import Ending, Outcome
from agent.apply.release import Standing
from agent.audit.inputs import Objects
from agent.change.standing import seen
from agent.snapshot.record import Ref
from tools.failure import Failure
from tools.kubectl import rollout_status


class Undoing(Carrying):
    """One break-glass under way."""

    @property
    def _workload(self) -> Ref:
        item = self.plan.base.objects[0]
        return Ref(item.kind, item.namespace, item.name)

    def _one_by_one(self, commands: Sequence[tuple[str, ...]]) -> Failure | None:
        """Run the commands, and wait for the rollout: kubectl does not."""
        failed = super()._one_by_one(commands)
        if failed is not None:
            return failed
        name = f"{self._workload.kind.casefold()}/{self._workload.name}"
        done = rollout_status(self.box, self._workload.namespace, name, seconds=self.plan.seconds)
        return done if isinstance(done, Failure) else None

    def _looked_after(self) -> Outcome:
        done = super()._looked_after()
        return done if done.ending is not Ending.APPLIED else replace(done, next=self._owed())

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
            return self._ended(Outcome(Ending.ROLLED_BACK, "this program ended before it had begun", now.revision))
        still = ("this program ended while it was applied, so nobody watched it",)
        return self._ended(Outcome(Ending.APPLIED, "", now.revision, still=still, next=self._owed()))
