"""Commits by plans: exactly the planned files, by the user's own name, and no program of the checkout runs."""

import subprocess
from pathlib import Path

import pytest

from tools.commits import Content, author, commands, commit, content, own_config
from tools.failure import Failure
from tools.permit import Permit
from tools.sandbox import sandbox

SHA1 = 40


def git(where: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(where), *words], capture_output=True, check=True)
    return done.stdout.decode()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a checkout with two committed files, one staged change, and everything in it that could run a program."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (home / ".gitconfig").write_text("[user]\n\tname = Ada L\n\temail = ada@example.org\n")
    here = tmp_path / "repo"
    (here / "charts").mkdir(parents=True)
    git(tmp_path, "init", "-q", str(here))
    (here / "charts" / "values.yaml").write_bytes(b"a: 1\r\n")
    (here / "other.txt").write_text("old\n")
    git(here, "add", ".")
    git(here, "commit", "-qm", "first")
    (here / "other.txt").write_text("staged\n")
    git(here, "add", "other.txt")
    (here / "other.txt").write_text("not staged\n")
    _armed(here, tmp_path / "canary")
    return here


def _armed(here: Path, canary: Path) -> None:
    for name in (
        "pre-commit",
        "post-commit",
        "commit-msg",
        "prepare-commit-msg",
        "reference-transaction",
        "post-index-change",
    ):
        hook = here / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {canary}\n")
        hook.chmod(0o755)
    program = f"sh -c 'touch {canary}; cat'"
    (here / ".gitattributes").write_text("* filter=evil\n")
    for key, value in {
        "filter.evil.clean": program, "filter.evil.smudge": program, "core.fsmonitor": program, "core.editor": program,
        "gpg.program": program, "commit.gpgSign": "true", "core.pager": program, "trailer.x.command": program,
        "trailer.plan.command": program, "diff.external": program,
    }.items():  # fmt: skip
        git(here, "config", key, value)


def made(here: Path, files: dict[str, bytes]) -> Failure | None:
    contents: dict[Content, bytes] = {content(path, data, SHA1): data for path, data in files.items()}
    with sandbox(git_config=own_config()) as box:
        (box.folder / "message").write_text("todo: memory limit\n\nPlan: 0123\nSpec-Control: A\n")
        argv = commands(here / ".git", list(contents), box.folder / "message")
        return commit(box, here / ".git", contents, argv, Permit("p", frozenset(argv)))


def test_a_commit_holds_the_planned_files_and_nothing_else(repository: Path) -> None:
    """What the user had staged or changed beside it must not slip into a commit that claims to be one control's."""
    assert made(repository, {"charts/values.yaml": b"a: 2\r\n"}) is None
    (repository / "charts" / "values.yaml").write_bytes(b"a: 2\r\n")
    assert git(repository, "show", "--name-only", "--format=%an %ae%n%B").split() == (
        "Ada L ada@example.org todo: memory limit Plan: 0123 Spec-Control: A charts/values.yaml".split()
    )
    assert git(repository, "show", "HEAD:charts/values.yaml") == "a: 2\r\n"
    assert git(repository, "diff", "--cached", "--name-only").split() == ["other.txt"]


def test_no_program_of_the_checkout_runs(repository: Path, tmp_path: Path) -> None:
    """A checkout somebody else made would run what it likes with the user's rights."""
    assert made(repository, {"charts/values.yaml": b"a: 2\r\n"}) is None
    assert not (tmp_path / "canary").exists()


def test_it_is_known_beforehand_in_whose_name_a_commit_is_made(repository: Path) -> None:
    with sandbox(git_config=own_config()) as box:
        assert author(box, repository / ".git") == "Ada L <ada@example.org>"


def test_a_commit_that_was_not_approved_is_not_made(repository: Path) -> None:
    """A permit of one plan must not open the gate for another."""
    data = b"a: 3\r\n"
    item = content("charts/values.yaml", data, SHA1)
    argv = commands(repository / ".git", [item], repository / "other.txt")
    with sandbox(git_config=own_config()) as box:
        failed = commit(box, repository / ".git", {item: data}, argv, Permit("p", frozenset(argv[:1])))
    assert failed is not None
    assert "no command of the approved plan" in failed.detail
    assert git(repository, "log", "--format=%s").split() == ["first"]


def test_a_worktree_commits_to_its_own_branch(repository: Path, tmp_path: Path) -> None:
    """In a linked worktree `.git` is a file, and the objects are elsewhere."""
    git(repository, "-c", "core.hooksPath=/dev/null", "worktree", "add", "-q", str(tmp_path / "tree"), "-b", "side")
    assert made(tmp_path / "tree", {"charts/values.yaml": b"a: 9\r\n"}) is None
    assert git(repository, "show", "side:charts/values.yaml") == "a: 9\r\n"
    assert git(repository, "log", "--format=%s", "side").splitlines() == ["todo: memory limit", "first"]
