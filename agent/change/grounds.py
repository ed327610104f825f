"""Whether a row may justify a change at all: committed, and in a blueprint that can hold. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.audit.expected import VIA, expected
from agent.audit.inputs import GitFacts
from agent.blueprint.control import Control, ControlKind, Profile
from agent.blueprint.lint.finding import Lint
from agent.severity import Severity


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that was asked for and may not be planned, with the reason in one sentence."""

    subject: str
    """A control's id, a values path, an object."""
    reason: str
    first: str = ""
    """What has to happen first, "" where nothing would help."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What is known of the blueprints a change would rest on: what lint says of them, and what git does."""

    profile: Profile
    lints: Sequence[Lint]
    git: GitFacts | None
    git_reason: str

    def refusal(self, control: Control) -> Refusal | None:
        """Return why a row justifies nothing, None where it may."""
        where = str(control.source)
        if control.kind is not ControlKind.PARAMETER or not expected(control, self.profile):
            return Refusal(control.id, f"{where} states no value for {self.profile}")
        if VIA.search(control.raw):
            return Refusal(control.id, f"{where} says how the value comes ({control.raw}), not what it is")
        return self._broken(control) or self.uncommitted(control)

    def _broken(self, control: Control) -> Refusal | None:
        errors = (item for item in self.lints if item.severity is Severity.ERROR and control.id in item.controls)
        refused = (Refusal(control.id, f"its blueprint cannot hold: {item.text}", item.suggestion) for item in errors)
        return next(refused, None)

    def uncommitted(self, control: Control) -> Refusal | None:
        """Return why nobody stands behind a row: it is in no commit, None where it is."""
        git, file = self.git, control.source.file
        if git is None:
            return Refusal(control.id, f"its blueprint is not committed ({self.git_reason})", "commit it")
        if file in git.unread:
            return Refusal(control.id, f"git does not say whether {file} is committed: {git.unread[file]}")
        if not git.clean.get(file):
            return Refusal(control.id, f"{file} has changes that are not committed", f"git commit {file}")
        return None
