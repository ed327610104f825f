"""The commands of a plan, exactly as they will run, the plan's own id left open: it cannot be part of what it names."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.change.files import Edited
from agent.change.plan import Action, Inputs, Plan
from agent.errors import Denied
from tools.commits import Content
from tools.commits import commands as commit_commands
from tools.commits import content as stored
from tools.failure import Failure
from tools.upgrade import Upgrade, argv, rollback

PLAN = "{plan}"
"""Stands for the plan's id."""

MESSAGE = "{message}"
"""Stands for the file that holds the commit's message."""

APPROVAL = "{approval}"
"""Stands for what the approval leaves in helm's own history: the ledger's line that tells of it, and the reason."""

DESCRIPTION = f"plan:{PLAN} {APPROVAL}"
"""What a revision says of itself."""

DRILL = "{drill}"
"""Stands for the file that holds a drill's value."""

DRILL_FILE = "drill.yaml"

SHORT = 12
"""Digits of an id that people see."""

Commands = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """One file that a plan's commit holds."""

    edit: Edited
    path: Path


def commands(rests: Inputs, changed: Sequence[Changed], upgrade: Upgrade, action: Action) -> Commands:
    """Return the commands of an upgrade: first the commit of what it is made from, then helm's."""
    helm = next((program for program in rests.programs if program.name == "helm"), None)
    made = argv(upgrade, helm.version if helm else "", DESCRIPTION, install=action is Action.INSTALL)
    if isinstance(made, Failure):
        raise Denied(str(made))
    if not changed:
        return (made,)
    repository = Path(rests.repository)
    contents = [contained(item.path, item.edit.after, rests) for item in changed]
    return (*commit_commands(repository / ".git", contents, Path("/") / MESSAGE), made)


def undoing(rests: Inputs, changed: Sequence[Changed], upgrade: Upgrade, revision: int) -> Commands:
    """Return the commands that take an upgrade back: helm to the revision it was at, and a commit of what was there."""
    back = () if revision == 0 else (rollback(upgrade, revision),)
    if not changed:
        return back
    contents = [contained(item.path, item.edit.before, rests) for item in changed]
    return (*back, *commit_commands(Path(rests.repository) / ".git", contents, Path("/") / MESSAGE))


def contained(path: Path, data: bytes, rests: Inputs) -> Content:
    """Return a file of a plan's repository as a commit holds it."""
    inside = path.resolve().relative_to(rests.repository)
    return stored(str(inside), data, len(rests.head), executable=bool(path.stat().st_mode & 0o100))


def filled(commands: Commands, name: str, message: Path, approval: str) -> Commands:
    """Return a plan's commands with what was left open: its id, the files it needs, and what was said to approve it."""
    known = {f"/{MESSAGE}": str(message), f"/{DRILL}": str(message.with_name(DRILL_FILE)), PLAN: name[:SHORT]}
    known[APPROVAL] = approval  # a person's words come last: nothing in them stands for anything
    return tuple(tuple(_filled(word, known) for word in words) for words in commands)


def shown_commands(plan: Plan, name: str) -> Commands:
    """Return a plan's commands as a person reads them: the ones git runs to make one commit as one."""
    return filled(plan.argv, name, Path("/MESSAGE"), "APPROVAL")


def way_back(plan: Plan, name: str) -> str:
    """Return what a person types to take a plan back."""
    return plan.rollback.command.replace(PLAN, name[:SHORT])


def _filled(word: str, known: dict[str, str]) -> str:
    for left_open, text in known.items():
        word = word.replace(left_open, text)
    return word
