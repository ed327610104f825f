"""Real helm and kubectl for tests: the compiled ones, those out of PyPI, or those on PATH, in that order."""

import os
import shutil
from pathlib import Path

import pytest

from tests import binaries as from_pypi
from tests.cluster import binaries as compiled


def find(name: str) -> Path:
    """Return the path of `helm` or `kubectl`.

    Where there is none the test is skipped, or fails under CI, whose job is to have it.
    """
    on_path = shutil.which(name)
    candidates = [compiled.program(name), from_pypi.folder() / name, *([Path(on_path)] if on_path else [])]
    found = next((path for path in candidates if path.exists()), None)
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no {name}: run python -m tests.binaries")
    return found
