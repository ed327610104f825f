"""Patches as git takes them: whatever ends a line, whatever begins a file, applying one gives exactly the new bytes."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.change.patch import Patched, patch
from tools.failure import Failure

LINES = st.lists(
    st.tuples(
        st.text(st.sampled_from("aé:\u2028\x0b\x85 #"), max_size=4),
        st.sampled_from(["\n", "\r\n", "\n", "\r", "\x0c\n"]),
    ).map("".join),
    max_size=12,
).map("".join)


def applied(folder: Path, text: str) -> None:
    subprocess.run(["git", "init", "-q", "."], cwd=folder, check=True)
    subprocess.run(["git", "apply", "--whitespace=nowarn"], cwd=folder, input=text.encode(), check=True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.sampled_from(["", "\ufeff"]), one=LINES, other=LINES, end=st.sampled_from(["", "a"]))
def test_git_makes_of_it_what_the_plan_would_write(
    tmp_path_factory: pytest.TempPathFactory, start: str, one: str, other: str, end: str
) -> None:
    """A patch that is off by one carriage return is refused by git, or worse, taken."""
    before, after = (f"{start}x: 1\n{text}{end}".encode() for text in (one, other))
    if before == after:
        return
    folder = tmp_path_factory.mktemp("patched")
    (folder / "values é.yaml").write_bytes(before)
    text = patch([Patched("values é.yaml", before, after)])
    assert isinstance(text, str)
    applied(folder, text)
    assert (folder / "values é.yaml").read_bytes() == after


def test_two_files_are_one_patch(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_bytes(b"memory: 64Mi")
    text = patch([Patched(name, b"memory: 64Mi", b"memory: 128Mi") for name in ("a.yaml", "b.yaml")])
    assert isinstance(text, str)
    applied(tmp_path, text)
    assert {(tmp_path / name).read_bytes() for name in ("a.yaml", "b.yaml")} == {b"memory: 128Mi"}


def test_a_secret_beside_the_change_is_not_printed() -> None:
    """A pipeline's log is read by everybody; with the value masked, the patch would apply nowhere."""
    before = b"password: hunter2hunter2\nmemory: 64Mi\n"
    found = patch([Patched("values.yaml", before, before.replace(b"64", b"128"))])
    assert isinstance(found, Failure)
    assert "--branch" in found.hint
    assert "hunter2" not in str(found)
