"""The wheel: what a user gets from `pipx install bluehelm`, in an environment and a folder of its own."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = ("prompts", "charts", "blueprints")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the console scripts in a fresh environment."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", str(wheel)], check=True, capture_output=True)
    return folder / "bin"


@pytest.mark.packaging
def test_the_wheel_has_every_data_file_and_no_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {
        f"agent/_bundled/{path.relative_to(ROOT)}"
        for kind in DATA
        for path in (ROOT / kind).rglob("*")
        if path.is_file()
    }
    assert expected <= names
    assert "agent/captures/demo.tgz" in names
    assert not any(name.startswith("tests/") for name in names)


@pytest.mark.packaging
def test_agent_and_tools_belong_to_this_distribution_only(installed: Path, tmp_path: Path) -> None:
    """Fails the day a dependency ships a package of either name: uninstalling it would delete ours."""
    ask = "from importlib.metadata import packages_distributions as p; o = p(); print(o['agent'], o['tools'])"
    done = _run([installed / "python", "-c", ask], tmp_path)
    assert done.stdout.replace("'bluehelm', 'bluehelm'", "'bluehelm'") == "['bluehelm'] ['bluehelm']\n"


@pytest.mark.packaging
@pytest.mark.parametrize("script", ["agent", "bluehelm"])
def test_both_scripts_run_from_an_empty_folder(installed: Path, tmp_path: Path, script: str) -> None:
    done = _run([installed / script, "--version"], tmp_path)
    assert (done.returncode, done.stdout) == (0, "bluehelm 0.1.0\n")


@pytest.mark.packaging
def test_the_demo_diagnoses_the_shipped_capture_without_the_checkout(installed: Path, tmp_path: Path) -> None:
    done = _run([installed / "agent", "diagnose", "--bundle", "demo"], tmp_path)
    assert done.returncode == 1, done.stderr
    assert "SVC-BE-MEM-LIMIT" in done.stdout
    assert "todo-prod" not in done.stdout, "the healthy release beside the broken ones has no finding"


@pytest.mark.packaging
def test_a_users_own_blueprints_win_over_the_shipped_ones(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "blueprints").mkdir()
    own = "# Own\n\n| ID | Parameter | Value |\n|---|---|---|\n| OWN-PORT | Port | 1234 |\n"
    (tmp_path / "blueprints" / "own.md").write_text(own)
    done = _run([installed / "agent", "blueprint", "list"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "OWN-PORT" in done.stdout
    assert "SVC-BE-PORT" not in done.stdout


def _run(argv: list[str | Path], folder: Path) -> "subprocess.CompletedProcess[str]":
    env = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    assert "PYTHONPATH" not in env
    return subprocess.run(argv, cwd=folder, env=os.environ | env, capture_output=True, text=True)
