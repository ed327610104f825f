"""The steps of an apply, in their order: intent, files, commit, helm, a look, outcome. Each can be the last one.

Nothing changes before its intent is on the disk. What fails is taken back; what nobody can know is called unknown.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from agent.apply import ledger
from agent.apply.afterwards import afterwards, left
from agent.apply.commands import Commands, filled, way_back
from agent.apply.interrupts import Interrupts
from agent.apply.ledger import Event
from agent.apply.message import message
from agent.apply.outcome import Ending, Outcome
from agent.apply.recheck import Checked, world_of
from agent.apply.release import DEPLOYED, Standing, standing
from agent.apply.watch import Failing, Watch
from agent.apply.writing import replace_content
from agent.approval.decision import Approval
from agent.change.plan import Action, Plan
from agent.config import state_dir
from agent.errors import Denied
from agent.events import Emit, Progress, Said
from agent.snapshot.bundle import save
from agent.world.world import World
from tools import git
from tools.commits import Content, commit
from tools.failpoints import reached
from tools.failure import Failure
from tools.permit import Permit
from tools.run import Running, run_planned
from tools.sandbox import Sandbox
from tools.upgrade import patience

GIT = "git"


@dataclass(slots=True)
class Carrying:
    """One apply under way."""

    name: str
    plan: Plan
    approval: Approval
    checked: Checked
    world: World
    emit: Emit
    box: Sandbox
    running: Running = field(default_factory=Running)
    capture: str = ""
    seen: Failing | None = None

    def run(self) -> Outcome:
        """Carry the plan out and return how it ended; the ledger knows it as well."""
        self._note(Event.INTENT, {"argv": [list(words) for words in self._commands(self.plan.argv)]})
        reached("intent")
        with Interrupts(self.running.interrupt, lambda text: self.emit(Said(text))) as interrupts:
            outcome = self._carried(interrupts)
        self._note(Event.OUTCOME, asdict(outcome))
        return outcome

    def _carried(self, interrupts: Interrupts) -> Outcome:
        failed = self._recorded()
        if failed is not None:
            return self._restored(Ending.ROLLED_BACK, failed)
        reached("committed")
        if interrupts.count:
            return self._taken_back(Ending.INTERRUPTED, "it was interrupted before helm began")
        done = self._watched(self._commands(self.plan.argv))
        reached("helm")
        if isinstance(done, Failure):
            return self._failed(done, interrupted=bool(interrupts.count))
        return self._looked_after()

    def _recorded(self) -> str | None:
        """Write the files and commit them; return why that was not possible, None when it is done."""
        try:
            for path, content in self.checked.after.items():
                replace_content(path, content)
            reached("written")
        except OSError as error:
            return f"{error.filename or 'the values file'} cannot be written: {error.strerror}"
        failed = self._commit(self._commands(self.plan.argv), self.checked.after)
        return None if failed is None else f"the change cannot be committed: {failed}"

    def _commit(self, commands: Commands, contents: Mapping[Path, bytes]) -> Failure | None:
        words = [item for item in commands if item[0] == GIT]
        if not words:
            return None
        files = _contents(words, contents, Path(self.plan.inputs.repository))
        return commit(self.box, Path(self.plan.inputs.repository) / ".git", files, words, self._permit())

    def _watched(self, commands: Commands) -> Failure | None:
        """Run the commands that change the cluster, one after the other, and look at it meanwhile."""
        words = [item for item in commands if item[0] != GIT]
        watch = Watch(self.plan, world_of(self.plan, self.world), self.emit, self._caught)
        with ThreadPoolExecutor(1) as beside:
            return watch.until(beside.submit(self._one_by_one, words))

    def _one_by_one(self, commands: Sequence[tuple[str, ...]]) -> Failure | None:
        outer = patience(self.plan.seconds, self.plan.hooks)
        for words in commands:
            done = run_planned(words, self.box, self._permit(), timeout=outer, running=self.running)
            if isinstance(done, Failure):
                return done
        return None

    def _caught(self, failing: Failing) -> None:
        """Keep what fails before helm takes it back, and note it."""
        self.seen = failing
        folder = state_dir() / "captures"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{self.name[:12]}-{failing.snapshot.taken_at:%H%M%S}.tgz"
        failed = save(failing.snapshot, path)
        self.capture = "" if failed else str(path)
        self._note(Event.CAPTURED, {"cause": failing.cause, "capture": self.capture})

    def resumed(self, now: Standing) -> Outcome:
        """Bring to its end what another process left in the middle, by how the release stands."""
        if now.is_planned(self.plan) or (now.is_of(self.name) and now.status == DEPLOYED):
            still = ("this program ended while it was applied, so nobody watched it",)
            outcome = Outcome(Ending.APPLIED, "", now.revision, self._head(), still=still)
        elif now.is_settled and self._is_as_before(now):
            outcome = self._restored(
                Ending.ROLLED_BACK, "this program ended before helm had begun or after it took it back"
            )
        else:
            return self._unknown("this program ended while helm was at work", now)
        self._note(Event.OUTCOME, asdict(outcome))
        return outcome

    def _failed(self, failure: Failure, *, interrupted: bool) -> Outcome:
        """Find out what helm left behind, and bring the files to it."""
        now = standing(self.box, self.plan)
        cause = self.seen.cause if self.seen else failure.detail
        if isinstance(now, Standing) and now.is_planned(self.plan):  # helm went back to a revision that held just that
            return Outcome(Ending.APPLIED, cause, now.revision, self._head(), capture=self.capture)
        if isinstance(now, Failure) or not now.is_settled or not self._is_as_before(now):
            return self._unknown(cause, now)
        ended = self._restored(Ending.INTERRUPTED if interrupted else Ending.ROLLED_BACK, cause)
        if self.plan.action is not Action.INSTALL:
            return ended
        return replace(ended, still=left(self.plan, self.checked, world_of(self.plan, self.world)))

    def _is_as_before(self, now: Standing) -> bool:
        return now.is_base(self.plan) or (
            now.revision == self.plan.base.revision and now.status == self.plan.base.status
        )

    def _unknown(self, cause: str, now: Standing | Failure) -> Outcome:
        release = self.plan.target.release
        where = str(now) if isinstance(now, Failure) else f"revision {now.revision} is {now.status}"
        return Outcome(
            Ending.UNKNOWN,
            f"{cause}; {where}",
            capture=self.capture,
            next=f"agent recover {release} -n {self.plan.target.namespace}",
        )

    def _looked_after(self) -> Outcome:
        """Look at the whole namespace, and take back what made any of it worse."""
        self.emit(Progress("looking at the whole namespace"))
        now = standing(self.box, self.plan)
        if isinstance(now, Failure):
            return self._unknown(str(now), now)
        seen = afterwards(self.plan, self.checked, world_of(self.plan, self.world))
        reached("verified")
        if seen.worse and self.plan.action is Action.INSTALL:
            return self._standing_all_the_same(now, seen.worse)
        if seen.worse:
            return self._taken_back(Ending.ROLLED_BACK, "; ".join(seen.worse), seen.worse)
        return Outcome(Ending.APPLIED, "", now.revision, self._head(), still=seen.still, capture=self.capture)

    def _standing_all_the_same(self, now: Standing, worse: Sequence[str]) -> Outcome:
        """Say that a first revision made something worse: no plan takes it away, so that a person has to look."""
        cause = f"{'; '.join(worse)}; {self.plan.target.release} is installed all the same: no plan takes it away"
        return Outcome(
            Ending.UNKNOWN,
            cause,
            now.revision,
            self._head(),
            tuple(worse),
            capture=self.capture,
            next=way_back(self.plan, self.name),
        )

    def _taken_back(self, ending: Ending, cause: str, worse: Sequence[str] = ()) -> Outcome:
        """Take the release back where helm changed it, then the files."""
        undo = self._commands(self.plan.undo)
        if worse:
            self.emit(Progress(f"taking it back: {cause}"))
            done = self._watched(undo)
            if isinstance(done, Failure):
                return self._unknown(
                    f"{cause}, and it could not be taken back: {done.detail}", standing(self.box, self.plan)
                )
        return self._restored(ending, cause, worse)

    def _restored(self, ending: Ending, cause: str, worse: Sequence[str] = ()) -> Outcome:
        """Give the files back what they held, by a commit where the change was committed."""
        try:
            for path, content in self.checked.before.items():
                replace_content(path, content)
        except OSError as error:
            return self._unknown(f"{cause}, and {error.filename} cannot be written back", standing(self.box, self.plan))
        failed = self._uncommitted()
        if failed is not None:
            return self._unknown(f"{cause}, and git did not take it back: {failed}", standing(self.box, self.plan))
        now = standing(self.box, self.plan)
        revision = 0 if isinstance(now, Failure) else now.revision
        return Outcome(ending, cause, revision, worse=tuple(worse), capture=self.capture)

    def _uncommitted(self) -> Failure | None:
        """Commit what the files held before, where the last commit holds something else."""
        files = list(self.checked.before)
        found = git.committed(self.box, Path(self.plan.inputs.repository), files) if files else {}
        if all(state is True for state in found.values()):
            return None
        return self._commit(self._commands(self.plan.undo), self.checked.before)

    def _head(self) -> str:
        if not self.plan.edits:
            return ""
        found = git.head(self.box, Path(self.plan.inputs.repository))
        return "" if isinstance(found, Failure) else found

    def _commands(self, commands: Commands) -> Commands:
        file = self.box.folder / ("undo" if commands is self.plan.undo else "message")
        if not file.exists():
            file.write_text(
                message(self.name, self.plan, self.approval, undo=commands is self.plan.undo), encoding="utf-8"
            )
        return filled(commands, self.name, file)

    def _permit(self) -> Permit:
        return Permit(self.name, frozenset((*self._commands(self.plan.argv), *self._commands(self.plan.undo))))

    def _note(self, event: Event, detail: Mapping[str, object]) -> None:
        failed = ledger.append(event, self.name, self.approval.by, detail)
        if isinstance(failed, Failure) and event is Event.INTENT:
            raise Denied(str(failed))
        if isinstance(failed, Failure):
            self.emit(Said(f"not noted: {failed}"))


def _contents(
    words: Sequence[tuple[str, ...]], contents: Mapping[Path, bytes], repository: Path
) -> dict[Content, bytes]:
    """Return what each `update-index` of the commands enters, with its bytes."""
    found: dict[Content, bytes] = {}
    by_path = {str(path.resolve().relative_to(repository)): data for path, data in contents.items()}
    for item in words:
        if "update-index" in item:
            mode, blob, path = item[-1].split(",", 2)
            found[Content(path, mode.endswith("755"), blob)] = by_path[path]
    return found
