"""A plan of minikube's carried out: as it stood before, started, its addons enabled, and looked at afterwards."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from contextlib import contextmanager
from dataclasses import dataclass, field

from agent.apply.cluster_plan import base_of
from agent.apply.commands import way_back
from agent.apply.inputs import digests
from agent.apply.interrupts import Interrupts
from agent.apply.lock import locked
from agent.apply.outcome import Ending, Outcome
from agent.apply.recheck import refuse_unless_open, same_programs, world_of
from agent.apply.recorded import Recorded
from agent.approval.decision import Approval
from agent.blueprint.control import Control
from agent.change.cluster import ADDONS, PARTS, Cluster, rows, unheld
from agent.change.plan import Plan
from agent.errors import Indeterminate, Stale
from agent.events import Emit, Progress
from agent.resources import blueprint_paths
from agent.world.blueprints import read
from agent.world.minikube import asked, facts
from agent.world.world import World
from tools.failpoints import reached
from tools.failure import Failure
from tools.minikube import status
from tools.run import Running
from tools.sandbox import Sandbox

EVERY = 3.0
"""Seconds between two looks at minikube while it is at work."""


def recheck(name: str, plan: Plan, world: World) -> None:
    """Find what a plan of minikube's rests on as it was.

    Raises:
        Stale: something has moved; says what.
        Indeterminate: minikube does not say how the cluster stands.

    """
    refuse_unless_open(name, plan)
    settings = world_of(plan, world).settings
    now = digests(list(blueprint_paths(settings.blueprints).values()))
    for path, then in plan.inputs.files.items():
        if now.get(path) != then:
            raise Stale(f"{path} {'was changed since the plan was made' if path in now else 'is gone'}")
    with asked(settings) as box:
        same_programs(plan, box)
        cluster = _cluster(plan, box)
    if base_of(cluster) != plan.base:
        then = f"it was {plan.base.status}" if cluster.standing != plan.base.status else "its addons were others"
        raise Stale(f"minikube's cluster {cluster.name} is {cluster.standing}; {then} when the plan was made")


def carried(name: str, plan: Plan, approval: Approval, world: World, emit: Emit) -> Outcome:
    """Carry an approved plan out, alone with its cluster and once more sure of how that stands."""
    with locked(plan.target, name) as held:
        reached("locked")
        recheck(name, plan, world)
        with _making(name, plan, approval, world, emit, Running([held], "started")) as making:
            return making.run()


def resumed(name: str, plan: Plan, approval: Approval, world: World, emit: Emit) -> Outcome:
    """Return what became of a plan that another process left in the middle."""
    with _making(name, plan, approval, world, emit, Running()) as making:
        return making.resumed()


@contextmanager
def _making(
    name: str, plan: Plan, approval: Approval, world: World, emit: Emit, running: Running
) -> Iterator["Making"]:
    settled = world_of(plan, world)
    controls = rows(read(settled.settings.blueprints, emit))
    with asked(settled.settings) as box:
        yield Making(
            name=name, plan=plan, approval=approval, world=world, emit=emit, box=box, running=running, controls=controls
        )


@dataclass(slots=True, kw_only=True)
class Making(Recorded):
    """minikube at work on one cluster."""

    controls: Sequence[Control] = field(default_factory=tuple)
    """The cluster's own rows."""

    def _carried(self, interrupts: Interrupts) -> Outcome:
        failed = None if interrupts.count else self._waited_for(self._commands(self.plan.argv), self.running)
        reached("helm")
        if interrupts.count:
            return self._taken_back(Ending.INTERRUPTED, "it was interrupted")
        return self._taken_back(Ending.ROLLED_BACK, failed.detail or str(failed)) if failed else self._looked_after()

    def _waited_for(self, commands: Sequence[tuple[str, ...]], running: Running) -> Failure | None:
        """Run the commands, and say meanwhile how the cluster's parts stand."""
        with ThreadPoolExecutor(1) as beside:
            job = beside.submit(self._one_by_one, commands, running)
            while True:
                try:
                    return job.result(timeout=EVERY)
                except StillWaiting:
                    if job.done():
                        return job.result()
                    self._say()

    def _say(self) -> None:
        found = status(self.box, self.plan.target.release)
        known = {} if isinstance(found, Failure) else found
        parts = (f"{part} {known[part]}" for part in PARTS if known.get(part))
        self.emit(Progress(f"waiting for minikube: {', '.join(parts) or 'nothing runs yet'}"))

    def _looked_after(self) -> Outcome:
        cluster = _cluster(self.plan, self.box)
        reached("verified")
        still = tuple(unheld(self._planned(), cluster, self.plan.profile))
        return Outcome(Ending.APPLIED, still=still)

    def _planned(self) -> list[Control]:
        """Return the rows that have to hold now: those of the plan, and of a cluster it made every one."""
        made = self.plan.base.status == Cluster("", None).standing
        ids = {change.control for change in self.plan.changes}
        return [row for row in self.controls if made or row.id in ids]

    def _taken_back(self, ending: Ending, cause: str) -> Outcome:
        """Disable what was enabled; a cluster that was started is a person's to stop."""
        cluster = _cluster(self.plan, self.box)
        mine = [words for words in self._commands(self.plan.undo) if cluster.has(words[3])]
        if mine:
            self.emit(Progress(f"taking it back: {cause}"))
            self._waited_for(mine, Running(self.running.keeps, "undoing"))
        now = _cluster(self.plan, self.box)
        if base_of(now) == self.plan.base:
            return Outcome(ending, cause)
        left = f"{cause}; {now.name} is {now.standing} all the same"
        return Outcome(Ending.UNKNOWN, left, next=f"agent plan cluster, or {way_back(self.plan, self.name)}")

    def _failed_itself(self, said: str) -> Outcome:
        cause = f"this program failed in the middle ({said})"
        return Outcome(Ending.UNKNOWN, cause, next=f"minikube status --profile={self.plan.target.release}")

    def resumed(self) -> Outcome:
        """Return what became of it, by how the cluster stands now."""
        cluster = _cluster(self.plan, self.box)
        if base_of(cluster) == self.plan.base:
            return Outcome(Ending.ROLLED_BACK, "this program ended before minikube had begun")
        missing = [*unheld(self._planned(), cluster, self.plan.profile)]
        missing += [path for path in self._enabled() if not cluster.has(path)]
        if not missing:
            return Outcome(Ending.APPLIED, still=("this program ended while it was applied, so nobody watched it",))
        cause = f"this program ended while minikube was at work: {'; '.join(missing)}"
        return Outcome(Ending.UNKNOWN, cause, next="agent plan cluster")

    def _enabled(self) -> list[str]:
        paths = (change.path for change in self.plan.changes)
        return [path.removeprefix(ADDONS) for path in paths if path.startswith(ADDONS)]


def _cluster(plan: Plan, box: Sandbox) -> Cluster:
    found = facts(box, plan.target.release)
    if isinstance(found, Failure):
        raise Indeterminate(str(found))
    return Cluster(plan.target.release, found)
