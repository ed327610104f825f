"""git read only: a checkout's own configuration names programs, and none of them may run."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import git
from tools.failure import Failure, FailureKind
from tools.sandbox import Sandbox, sandbox


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with sandbox() as made:
        yield made


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    _git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "values.yaml").write_text("port: 8000\nreplicas: 1\n")
    _commit(folder, "first")
    (folder / "values.yaml").write_text("port: 8000\nreplicas: 2\n")
    _commit(folder, "second")
    return folder


def _git(folder: Path, *argv: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    return subprocess.run(["git", *who, *argv], cwd=folder, check=True, capture_output=True, text=True).stdout


def is_committed(box: Sandbox, repository: Path, file: Path) -> bool | Failure | None:
    return git.committed(box, repository, [file])[file]


def _commit(folder: Path, subject: str) -> None:
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", f"--message={subject}")


def test_each_line_names_the_commit_that_gave_it(box: Sandbox, repository: Path) -> None:
    """Who changed a value, and when, is what a person asks next."""
    found = git.lines(box, repository, repository / "values.yaml")
    assert not isinstance(found, Failure)
    assert [found[line].subject for line in (1, 2)] == ["first", "second"]
    assert found[1].author == "A"
    assert found[1].time.startswith("20")


def test_a_file_as_it_was(box: Sandbox, repository: Path) -> None:
    before = _git(repository, "rev-parse", "HEAD~1").strip()
    assert git.content(box, repository, before, repository / "values.yaml") == "port: 8000\nreplicas: 1\n"
    assert isinstance(git.content(box, repository, before, repository / "none.yaml"), Failure)
    assert isinstance(git.content(box, repository, "main; rm", repository / "values.yaml"), Failure)


def test_whether_a_file_is_committed(box: Sandbox, repository: Path) -> None:
    """A value that is only on somebody's disk is not the decision of a team."""
    values, fresh = repository / "values.yaml", repository / "fresh.yaml"
    assert is_committed(box, repository, values) is True
    values.write_text("port: 1\n")
    assert is_committed(box, repository, values) is False
    fresh.write_text("a: 1\n")
    assert is_committed(box, repository, fresh) is None


def test_a_git_that_did_not_look_has_not_said_no(
    box: Sandbox, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No git installed, or a folder git does not trust: "not committed" would send somebody to commit it again."""
    values = repository / "values.yaml"
    with monkeypatch.context() as patched:
        patched.setattr("tools.run.pinned", lambda *_: None)
        found = is_committed(box, repository, values)
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.MISSING
    (repository / ".git" / "HEAD").unlink()
    assert isinstance(is_committed(box, repository, values), Failure)


def test_a_repository_without_commits_has_nothing(box: Sandbox, tmp_path: Path) -> None:
    _git(tmp_path, "init", "--quiet", "new")
    (tmp_path / "new" / "values.yaml").write_text("a: 1\n")
    assert is_committed(box, tmp_path / "new", tmp_path / "new" / "values.yaml") is None


@pytest.mark.parametrize("name", ["größe.yaml", 'a "b".yaml', "a\\b c.yaml", "日本.yaml"])
def test_a_file_with_an_odd_name_is_found(box: Sandbox, repository: Path, name: str) -> None:
    folder = repository / "für" / name.removesuffix(".yaml")
    folder.mkdir(parents=True)
    (folder / name).write_text("a: 1\n")
    assert is_committed(box, repository, folder / name) is None
    _commit(repository, "odd")
    assert is_committed(box, repository, folder / name) is True


def test_the_top_of_the_repository(repository: Path, tmp_path: Path) -> None:
    below = repository / "charts" / "web"
    below.mkdir(parents=True)
    assert git.root(below) == repository
    assert git.root(tmp_path) is None


def test_no_program_a_checkout_names_is_run(box: Sandbox, repository: Path, tmp_path: Path) -> None:
    """Whoever can write a checkout's configuration would otherwise run code on the reader's machine."""
    canary = tmp_path / "canary"
    payload = tmp_path / "payload.sh"
    payload.write_text(f"#!/bin/sh\ntouch {canary}\ncat\n")
    payload.chmod(0o755)
    for key in (
        "core.fsmonitor core.pager core.editor core.sshCommand core.askPass diff.external diff.x.textconv"
        " diff.x.command filter.x.clean filter.x.smudge filter.x.process gpg.program credential.helper alias.blame"
    ).split():
        _git(repository, "config", key, str(payload))
    hooks = repository / ".git" / "hooks"
    for name in ("post-checkout", "post-index-change", "pre-auto-gc", "reference-transaction"):
        (hooks / name).write_text(payload.read_text())
        (hooks / name).chmod(0o755)
    (repository / ".gitattributes").write_text("*.yaml diff=x filter=x\n")
    canary.unlink(missing_ok=True)
    values = repository / "values.yaml"
    assert not isinstance(git.lines(box, repository, values), Failure)
    assert is_committed(box, repository, values) is True
    assert not canary.exists()


@pytest.mark.parametrize("allow", ["protocol.ext.allow", "protocol.allow"])
def test_an_object_that_is_missing_is_not_fetched(box: Sandbox, repository: Path, tmp_path: Path, allow: str) -> None:
    """A partial clone names the program that fetches what it lacks: reading history would run it."""
    canary = tmp_path / "canary"
    blob = _git(repository, "rev-parse", "HEAD:values.yaml").strip()
    (repository / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    for key, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.url": f"ext::touch {canary}",
        "remote.origin.promisor": "true",
        allow: "always",
    }.items():
        _git(repository, "config", key, value)
    assert isinstance(git.content(box, repository, "HEAD", repository / "values.yaml"), Failure)
    assert isinstance(git.lines(box, repository, repository / "values.yaml"), Failure)
    assert not canary.exists()


def test_a_repository_of_sha256(box: Sandbox, tmp_path: Path) -> None:
    """Its commits have 64 digits."""
    _git(tmp_path, "init", "--quiet", "--object-format=sha256", "--initial-branch=main", "new")
    new = tmp_path / "new"
    (new / "values.yaml").write_text("a: 1\n")
    _commit(new, "first")
    commit = _git(new, "rev-parse", "HEAD").strip()
    assert git.content(box, new, commit, new / "values.yaml") == "a: 1\n"
    found = git.lines(box, new, new / "values.yaml")
    assert not isinstance(found, Failure)
    assert found[1].subject == "first"
