"""Which program runs: the one the user installed, wherever it is, never one a checkout or a stranger put there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.checkouts import checkouts
from tools.programs import SYSTEM, find, looked_in, pinned, trust

ROOT = Path(__file__).parents[2]
ASK = "from tools.programs import looked_in, pinned; print(pinned('helm-of-mine')); print(looked_in())"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of the user's own with one program in it."""
    return program(tmp_path / "own")


def program(folder: Path, name: str = "helm-of-mine") -> Path:
    folder.mkdir(parents=True)
    (folder / name).write_text("#!/bin/sh\n", encoding="utf-8")
    (folder / name).chmod(0o755)
    return folder


def asked(path: str, here: Path) -> list[str]:
    """Return which program a process started with that PATH in that folder would run, and where it says it looked."""
    env = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, env=env, cwd=here, check=True)
    return done.stdout.splitlines()


def test_helm_in_a_users_own_folder_is_found(own: Path, tmp_path: Path) -> None:
    """asdf, mise, krew and ~/.local/bin are on the PATH and in no system folder."""
    assert asked(f"{own}:/usr/bin", tmp_path)[0] == str(own / "helm-of-mine")


def test_the_system_s_own_comes_first(tmp_path: Path) -> None:
    assert trust(f"/usr/bin:{program(tmp_path / 'own', 'sh')}")[0] == [str(tmp_path / "own")]
    assert find("sh", SYSTEM) == "/usr/bin/sh"


@pytest.mark.parametrize("where", [".", "", "bin", "./own"])
def test_a_relative_folder_is_never_searched(own: Path, where: str) -> None:
    """`PATH=.:$PATH` and a folder full of somebody's files: typing `agent` must start none of them."""
    assert asked(f"{where}:/usr/bin", own)[0] == "None"


def test_the_working_folder_and_its_checkouts_are_left_out(own: Path, tmp_path: Path) -> None:
    """direnv puts a checkout's own bin on the PATH; also that of a checkout around a submodule."""
    assert asked(f"{own}:/usr/bin", own)[0] == "None"
    (tmp_path / ".git").mkdir()
    (tmp_path / "sub" / ".git").mkdir(parents=True)
    found, looked = asked(f"{own}:/usr/bin", tmp_path / "sub")
    assert found == "None"
    assert f"not in {own}, where somebody else could have put it" in looked


@pytest.mark.parametrize("mode", [0o777, 0o757])
def test_a_folder_anybody_may_write_is_left_out(own: Path, tmp_path: Path, mode: int) -> None:
    own.chmod(mode)
    assert asked(f"{own}:/usr/bin", tmp_path)[0] == "None"


def test_a_folder_whose_parent_anybody_may_write_is_left_out(tmp_path: Path) -> None:
    """Whoever may rename the folder decides what is in it."""
    inner = program(tmp_path / "open" / "bin")
    (tmp_path / "open").chmod(0o777)
    assert trust(str(inner)) == ([], [str(inner)])
    (tmp_path / "open").chmod(0o1777)
    assert trust(str(inner)) == ([str(inner)], [])


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_left_out(own: Path) -> None:
    os.chown(own, 12345, 12345)
    assert trust(str(own)) == ([], [str(own)])


def test_a_link_is_judged_by_where_it_leads(own: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(own)
    own.chmod(0o777)
    assert trust(str(link)) == ([], [str(link)])


def test_a_folder_that_is_not_there_is_no_warning(tmp_path: Path) -> None:
    assert trust(f"{tmp_path}/gone:relative") == ([], [])


def test_the_setting_replaces_the_usual_folders(own: Path) -> None:
    assert pinned("helm-of-mine", str(own)) == str(own / "helm-of-mine")
    assert pinned("sh", str(own)) is None
    assert looked_in(str(own)) == f"looked in {own}"


def test_a_program_stays_the_one_that_was_found(own: Path, tmp_path: Path) -> None:
    """A better offer that appears in between is not taken."""
    both = f"{tmp_path / 'first'}:{own}"
    assert pinned("helm-of-mine", both) == str(own / "helm-of-mine")
    program(tmp_path / "first")
    assert pinned("helm-of-mine", both) == str(own / "helm-of-mine")


def test_a_home_kept_in_git_is_the_user_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "work" / ".git").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert checkouts(tmp_path / "work") == (tmp_path / "work",)


def test_doctor_says_where_it_looked(tmp_path: Path) -> None:
    """A person whose helm lies elsewhere needs to know which folders to put it in."""
    env = {"PATH": f"{tmp_path}:/usr/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    agent = Path(sys.executable).parent / "agent"
    done = subprocess.run([agent, "doctor"], capture_output=True, text=True, env=env, cwd=tmp_path, timeout=60)
    assert "looked in the system's folders" in done.stdout
    assert f"not in {tmp_path}, where somebody else could have put it" in done.stdout
