"""A plan carried out before the ledger's eyes: what will happen is on the disk first, how it ended comes last."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from agent.apply import ledger
from agent.apply.commands import Commands, filled
from agent.apply.interrupts import Interrupts
from agent.apply.ledger import Event
from agent.apply.message import message, told
from agent.apply.outcome import Outcome
from agent.approval.decision import Approval
from agent.change.plan import Plan
from agent.errors import Indeterminate
from agent.events import Emit, Said
from agent.world.world import World
from tools.failpoints import reached
from tools.failure import Failure
from tools.permit import Permit
from tools.redact import redact
from tools.run import Running, run_planned
from tools.sandbox import Sandbox
from tools.text import clean
from tools.upgrade import patience

LONGEST = 300


@dataclass(slots=True, kw_only=True)
class Recorded(ABC):
    """One apply under way."""

    name: str
    plan: Plan
    approval: Approval
    world: World
    emit: Emit
    box: Sandbox
    running: Running = field(default_factory=Running)

    def run(self) -> Outcome:
        """Carry the plan out and return how it ended; the ledger knows it as well."""
        commands = self._commands(self.plan.argv)
        with Interrupts(self._interrupted, lambda text: self.emit(Said(text))) as interrupts:
            self._note(Event.INTENT, {"argv": [list(words) for words in commands]})
            outcome = self._with_an_end(interrupts)
            reached("ending")
            self._note(Event.OUTCOME, asdict(outcome))
        return outcome

    def _with_an_end(self, interrupts: Interrupts) -> Outcome:
        """Carry it out; whatever nobody foresaw, from here on there is an outcome."""
        try:
            reached("intent")
            return self._carried(interrupts)
        except Exception as bug:  # noqa: BLE001 - after the intent an error is not the end of it: something may be in force
            return self._failed_itself(clean(redact(f"{type(bug).__name__}: {bug}"), LONGEST))

    @abstractmethod
    def _carried(self, interrupts: Interrupts) -> Outcome:
        """Carry it out, now that its intent is on the disk."""

    @abstractmethod
    def _failed_itself(self, said: str) -> Outcome:
        """Return what is known after an error of this program's own."""

    def _interrupted(self) -> str:
        """Ask helm to stop, unless it is taking back already: then it has to finish."""
        self.running.interrupt()
        return "stopping: what was begun is taken back"

    def _one_by_one(self, commands: Sequence[tuple[str, ...]], running: Running) -> Failure | None:
        outer = patience(self.plan.seconds, self.plan.hooks)
        for words in commands:
            done = run_planned(words, self.box, self._permit(), timeout=outer, running=running)
            if isinstance(done, Failure):
                return done
        return None

    def _commands(self, commands: Commands) -> Commands:
        file = self.box.folder / ("undo" if commands is self.plan.undo else "message")
        if not file.exists():
            file.write_text(
                message(self.name, self.plan, self.approval, undo=commands is self.plan.undo), encoding="utf-8"
            )
        return filled(commands, self.name, file, told(self.approval))

    def _permit(self) -> Permit:
        return Permit(self.name, frozenset((*self._commands(self.plan.argv), *self._commands(self.plan.undo))))

    def _note(self, event: Event, detail: Mapping[str, object]) -> None:
        failed = ledger.append(event, self.name, self.approval.by, detail)
        if isinstance(failed, Failure) and event is Event.INTENT:
            raise Indeterminate(str(failed))
        if isinstance(failed, Failure):
            self.emit(Said(f"not noted: {failed}"))
