"""A plan's commit on a branch of its own: the checkout, its index and its branch stay as they are."""

from pathlib import Path

from tests.unit.change.test_commits import SHA1, git, repository
from tools.branches import committed, listing, naming
from tools.commits import content, own_config
from tools.failure import Failure
from tools.permit import Permit
from tools.policy import Permission, decide
from tools.run import run_planned
from tools.sandbox import sandbox

__all__ = ["repository"]

MESSAGE = "todo: memory limit\n\nPlan: 0123\n"


def made(here: Path, called: str, *, permitted: bool = True) -> Failure | str:
    head, data = git(here, "rev-parse", "HEAD").strip(), b"a: 2\r\n"
    item = content("charts/values.yaml", data, SHA1)
    with sandbox(git_config=own_config()) as box:
        permit = Permit("p", frozenset(listing(here / ".git", head, [item]) if permitted else ()))
        commit = committed(box, here / ".git", head, {item: data}, MESSAGE, permit)
        if isinstance(commit, Failure):
            return commit
        argv = naming(here / ".git", called, commit)
        done = run_planned(argv, box, Permit("p", frozenset([argv])), timeout=30.0)
        return done if isinstance(done, Failure) else commit


def test_a_branch_holds_the_change_and_nothing_that_was_staged(repository: Path, tmp_path: Path) -> None:
    """Whoever works in the checkout must not find another branch, another index or their own work in the commit."""
    before = git(repository, "status", "--short"), git(repository, "rev-parse", "HEAD")
    (tmp_path / "canary").unlink(missing_ok=True)  # looking at it from here runs its programs
    commit = made(repository, "fix/memory")
    assert not (tmp_path / "canary").exists(), "a hook or a filter of the checkout ran"
    assert git(repository, "rev-parse", "fix/memory").strip() == commit
    assert git(repository, "show", "--name-only", "--format=%an %ae%n%cn%n%B", "fix/memory").split() == (
        "Ada L ada@example.org Ada L todo: memory limit Plan: 0123 charts/values.yaml".split()
    )
    assert git(repository, "show", "fix/memory:charts/values.yaml") == "a: 2\r\n"
    assert (git(repository, "status", "--short"), git(repository, "rev-parse", "HEAD")) == before
    assert git(repository, "fsck", "--strict", "--no-dangling") == ""


def test_a_branch_that_is_there_is_not_moved(repository: Path) -> None:
    """Somebody may have pushed more to it."""
    git(repository, "branch", "fix/memory")
    found = made(repository, "fix/memory")
    assert isinstance(found, Failure)
    assert "already exists" in found.detail
    assert git(repository, "rev-parse", "fix/memory") == git(repository, "rev-parse", "HEAD")


def test_nothing_is_stored_without_a_permit(repository: Path) -> None:
    found = made(repository, "fix/memory", permitted=False)
    assert isinstance(found, Failure)
    assert "no command of the approved plan" in found.detail


def test_a_name_that_is_none_is_refused_before_git_sees_it() -> None:
    """`--force` or `@{-1}` where a name belongs would be an option, or another branch."""
    commit = "0" * SHA1
    for name in ("-f", "a..b", "a//b", "a.lock", "a/.b", "a/", "a.", "a b", "@{-1}", "a~1", "a^", "a:b", "a\\b", "é"):
        assert decide(naming(Path("/r/.git"), name, commit)).permission is Permission.DENY, name
    for name in ("main", "fix/memory-128Mi", "JIRA-1", "a.b"):
        assert decide(naming(Path("/r/.git"), name, commit)).permission is Permission.ASK, name
