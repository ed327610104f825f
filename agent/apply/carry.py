"""The steps of an apply, in their order: intent, files, commit, helm, a look, outcome. Each can be the last one.

Nothing changes before its intent is on the disk. What fails is taken back; what nobody can know is called unknown.
"""

import re
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from agent.apply.afterwards import SETTLING, afterwards, lasts, left
from agent.apply.commands import Commands, way_back
from agent.apply.interrupts import Interrupts
from agent.apply.ledger import Event
from agent.apply.outcome import Ending, Outcome
from agent.apply.recheck import Checked, world_of
from agent.apply.recorded import Recorded
from agent.apply.release import Standing, standing
from agent.apply.watch import Failing, Watch
from agent.apply.writing import replace_content
from agent.change.plan import Action, digest
from agent.config import state_dir
from agent.events import Progress
from agent.snapshot.bundle import save
from tools import git
from tools.commits import Content, commit
from tools.failpoints import reached
from tools.failure import Failure
from tools.files import read
from tools.run import Running

GIT = "git"

LONGEST = 300

REFUSED = re.compile(r"conflicts? with|is invalid:|is forbidden:|denied the request")
"""By what the server says that it did not take the objects: whatever fails beside that was not what ended it."""


@dataclass(slots=True, kw_only=True)
class Carrying(Recorded):
    """One apply to a release under way."""

    checked: Checked
    capture: str = ""
    seen: Failing | None = None

    def _failed_itself(self, said: str) -> Outcome:
        return self._unknown(f"this program failed in the middle ({said})", standing(self.box, self.plan))

    def _carried(self, interrupts: Interrupts) -> Outcome:
        failed = None if interrupts.count else self._recorded()
        reached("committed")
        if interrupts.count:
            return self._restored(Ending.INTERRUPTED, "it was interrupted before helm began")
        failed = failed or self._moved()
        if failed is not None:
            return self._restored(Ending.ROLLED_BACK, failed)
        done = self._watched(self._commands(self.plan.argv), self.running)
        reached("helm")
        if isinstance(done, Failure):
            return self._failed(done, interrupted=bool(interrupts.count))
        self._let_it_settle()
        return self._looked_after()

    def _let_it_settle(self) -> None:
        """Give what failed before its time to fail again, so that a mend is not called one too early."""
        if self.plan.failing and self.plan.action is Action.UPGRADE:
            self.emit(Progress(f"seeing whether {', '.join(self.plan.failing)} stays up"))
            time.sleep(SETTLING.total_seconds())

    def _moved(self) -> str | None:
        """Return why helm may not begin after all: others may have been at the release while it was committed."""
        now, base = standing(self.box, self.plan), self.plan.base
        if isinstance(now, Failure):
            return str(now)
        if (now.revision, now.status) != (base.revision, base.status):
            return f"somebody has taken {self.plan.target.release} to revision {now.revision} ({now.status}) meanwhile"
        return None

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

    def _watched(self, commands: Commands, running: Running) -> Failure | None:
        """Run the commands that change the cluster, one after the other, and look at it meanwhile."""
        words = [item for item in commands if item[0] != GIT]
        watch = Watch(self.plan, world_of(self.plan, self.world), self.emit, self._caught)
        with ThreadPoolExecutor(1) as beside:
            return watch.until(beside.submit(self._one_by_one, words, running))

    def _caught(self, failing: Failing) -> None:
        """Keep what fails before helm takes it back, and note it."""
        self.seen = failing
        folder = state_dir() / "captures"
        path = folder / f"{self.name[:12]}-{failing.snapshot.taken_at:%H%M%S}.tgz"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            failed: object = save(failing.snapshot, path)
        except OSError as error:
            failed = error.strerror
        self.capture = "" if failed else str(path)
        self._note(Event.CAPTURED, {"cause": failing.cause, "capture": self.capture})

    def resumed(self, now: Standing) -> Outcome:
        """Return what becomes of what another process left in the middle, by how the release stands."""
        if now.is_in_force(self.name, self.plan):
            seen = afterwards(self.plan, self.checked, world_of(self.plan, self.world))
            if seen.unseen:
                return self._unknown(seen.unseen, now)
            still = ("nobody compared the namespace with how it was before", *seen.still)
            return Outcome(Ending.APPLIED, "", now.revision, self._head(), still=still)
        if now.is_as_before(self.plan):
            cause = "this program ended before helm had begun or after it took it back"
            return self._restored(Ending.ROLLED_BACK, cause)
        return self._unknown("this program ended while helm was at work", now)

    def _failed(self, failure: Failure, *, interrupted: bool) -> Outcome:
        """Find out what helm left behind, and bring the files to it."""
        now = standing(self.box, self.plan)
        said = failure.detail or str(failure)
        cause = said if REFUSED.search(said) or self.seen is None else self.seen.cause
        if isinstance(now, Failure):
            return self._unknown(cause, now)
        if now.is_in_force(self.name, self.plan):  # the connection broke at its end, or it went back to just that
            return self._looked_after(cause)
        if self.plan.action is Action.RECOVER and now.is_settled:
            still = (f"revision {now.revision} is {now.status}: {cause}",)
            return Outcome(Ending.APPLIED, "", now.revision, still=still, capture=self.capture)
        if now.is_as_before(self.plan):
            ended = self._restored(Ending.INTERRUPTED if interrupted else Ending.ROLLED_BACK, cause)
            return replace(ended, still=self._left())
        if REFUSED.search(said) and self._is_untouched(now):
            ended = self._restored(Ending.ROLLED_BACK, cause)
            called = f"helm calls revision {now.revision} of {self.plan.target.release} failed; nothing of it is live"
            return replace(ended, still=(called,))
        return self._unknown(cause, now)

    def _is_untouched(self, now: Standing) -> bool:
        """Return whether helm could not even go back, because nothing was taken: none of the change is live."""
        return now.is_back_in_words(self.plan) and not lasts(self.plan, world_of(self.plan, self.world))

    def _left(self) -> tuple[str, ...]:
        """Return what a failed first revision left behind; a later one leaves what helm goes back to."""
        if self.plan.action is not Action.INSTALL:
            return ()
        return left(self.plan, self.checked, world_of(self.plan, self.world))

    def _unknown(self, cause: str, now: Standing | Failure) -> Outcome:
        target = self.plan.target
        recover, look = (f"agent {verb} -n {target.namespace}" for verb in (f"recover {target.release}", "audit"))
        where = str(now) if isinstance(now, Failure) else f"revision {now.revision} is {now.status}"
        is_pending = isinstance(now, Standing) and not now.is_settled
        said = cause if where in cause else f"{cause}; {where}"
        return Outcome(Ending.UNKNOWN, said, capture=self.capture, next=recover if is_pending else look)

    def _looked_after(self, cause: str = "") -> Outcome:
        """Look at the whole namespace, and take back what made any of it worse."""
        self.emit(Progress("looking at the whole namespace"))
        now = standing(self.box, self.plan)
        if isinstance(now, Failure):
            return self._unknown(str(now), now)
        if not now.is_in_force(self.name, self.plan):
            return self._unknown("helm says that it is done, and what is in force is not what was planned", now)
        seen = afterwards(self.plan, self.checked, world_of(self.plan, self.world))
        reached("verified")
        if seen.unseen:
            return self._unknown(seen.unseen, now)
        if seen.worse and self.plan.action is Action.INSTALL:
            return self._standing_all_the_same(now, seen.worse)
        if seen.worse:
            return self._taken_back("; ".join(seen.worse), seen.worse)
        return Outcome(Ending.APPLIED, cause, now.revision, self._head(), still=seen.still, capture=self.capture)

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

    def _taken_back(self, cause: str, worse: Sequence[str]) -> Outcome:
        """Take the release back, then the files; a recovery has nothing to go back to."""
        undo = self._commands(self.plan.undo)
        if all(words[0] == GIT for words in undo):
            return self._unknown(f"{cause}, and there is nothing to go back to", standing(self.box, self.plan))
        self.emit(Progress(f"taking it back: {cause}"))
        done = self._watched(undo, Running(self.running.keeps, "undoing"))
        reached("undone")
        now = standing(self.box, self.plan)
        if isinstance(done, Failure) or isinstance(now, Failure) or not now.is_as_before(self.plan):
            why = f": {done.detail}" if isinstance(done, Failure) else ""
            return self._unknown(f"{cause}, and it could not be taken back{why}", now)
        return self._restored(Ending.ROLLED_BACK, cause, worse)

    def _restored(self, ending: Ending, cause: str, worse: Sequence[str] = ()) -> Outcome:
        """Give the files back what they held, by a commit where the change was committed."""
        failed = self._written_back() or self._uncommitted()
        reached("restored")
        now = standing(self.box, self.plan)
        if failed is not None:
            return self._unknown(f"{cause}, and {failed}", now)
        revision = 0 if isinstance(now, Failure) else now.revision
        return Outcome(ending, cause, revision, worse=tuple(worse), capture=self.capture)

    def _written_back(self) -> str | None:
        """Give the files back what they held; return why that was not possible. What a person wrote since is theirs."""
        try:
            for path, content in self.checked.before.items():
                if digest(read(path)) not in (digest(content), digest(self.checked.after[path])):
                    return f"{path} was changed meanwhile: what it held before is in git"
                replace_content(path, content)
        except OSError as error:
            return f"{error.filename or 'a values file'} cannot be written back: {error.strerror}"
        return None

    def _uncommitted(self) -> str | None:
        """Commit what the files held before, where the last commit holds something else."""
        files = list(self.checked.before)
        found = git.committed(self.box, Path(self.plan.inputs.repository), files) if files else {}
        if all(state is True for state in found.values()):
            return None
        failed = self._commit(self._commands(self.plan.undo), self.checked.before)
        return None if failed is None else f"git did not take it back: {failed}"

    def _head(self) -> str:
        if not self.plan.edits:
            return ""
        found = git.head(self.box, Path(self.plan.inputs.repository))
        return "" if isinstance(found, Failure) else found


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
