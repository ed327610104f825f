"""A sealed plan handed to a repository in place of the cluster: as a patch, or as a commit on a branch of its own."""

from pathlib import Path

from agent.apply import ledger
from agent.apply.commands import contained
from agent.apply.ledger import Event
from agent.apply.message import message
from agent.apply.recheck import contents
from agent.change.patch import Patched, patch
from agent.change.plan import Plan
from agent.config import Settings
from agent.errors import Denied, Indeterminate, UsageError
from tools import git
from tools.branches import committed, listing, naming
from tools.commits import own_config
from tools.failure import Failure
from tools.permit import Permit
from tools.policy import SHAPES
from tools.run import run_planned
from tools.sandbox import Sandbox, sandbox

SECONDS = 30.0


def as_patch(plan: Plan) -> str:
    """Return what a plan does to its repository, as `git apply` takes it.

    Raises:
        Denied: the patch would show a secret.

    """
    before, after = contents(plan)
    root = Path(plan.inputs.repository)
    found = patch([Patched(str(path.relative_to(root)), before[path], after[path]) for path in before])
    if isinstance(found, Failure):
        raise Denied(str(found))
    return found


def on_branch(name: str, plan: Plan, called: str, settings: Settings) -> str:
    """Commit a plan's edits on a new branch, and return the commit's id; nothing that is checked out changes.

    Raises:
        UsageError: that is no name of a branch.
        Denied: git does not make it; says why.
        Indeterminate: the ledger cannot be written.

    """
    if SHAPES["branch"].fullmatch(called) is None:
        raise UsageError(f"{called!r}: no name for a branch")
    noted = ledger.append(Event.OFFERED, name, plan.actor.name, {"branch": called})
    if isinstance(noted, Failure):
        raise Indeterminate(str(noted))
    with sandbox(path=settings.path, git_config=own_config()) as box:
        made = _made(name, plan, called, box)
    if isinstance(made, Failure):
        raise Denied(str(made))
    return made


def _made(name: str, plan: Plan, called: str, box: Sandbox) -> str | Failure:
    root, head = Path(plan.inputs.repository), plan.inputs.head
    if git.head(box, root) != head:
        raise Denied("the checkout has moved on to another commit; plan again")
    folder, (_, after) = root / ".git", contents(plan)
    files = {contained(path, data, plan.inputs): data for path, data in after.items()}
    permit = Permit(name, frozenset(listing(folder, head, list(files))))
    commit = committed(box, folder, head, files, message(name, plan), permit)
    if isinstance(commit, Failure):
        return commit
    argv = naming(folder, called, commit)
    done = run_planned(argv, box, Permit(name, frozenset([argv])), timeout=SECONDS)
    return done if isinstance(done, Failure) else commit
