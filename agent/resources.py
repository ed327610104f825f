"""What ships with the package (blueprints, charts, prompts, the demo capture), and the user's own, which win."""

from dataclasses import dataclass
from pathlib import Path

from agent.config import data_dir
from agent.errors import UsageError
from tools.failure import Failure, FailureKind
from tools.files import start

DEMO = "demo"
"""The name `--bundle` knows the shipped capture by."""

LARGEST = 1 << 20
"""A blueprint larger than this many bytes is not one."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of data files and whose it is: `given`, `here`, `yours` or `shipped`."""

    path: Path
    whose: str


def bundled(kind: str) -> Path:
    """Return the shipped folder of that kind: inside the wheel, or the checkout's own when run from one."""
    packaged = Path(__file__).parent / "_bundled" / kind
    return packaged if packaged.is_dir() else Path(__file__).parents[1] / kind


def folder(kind: str, given: str = "") -> Folder:
    """Return the folder in force: the one given, ./KIND, the user's own, the shipped one.

    Raises:
        UsageError: the folder that was given is not there.

    """
    if given:
        if not Path(given).is_dir():
            raise UsageError(f"{given}: no such folder")
        return Folder(Path(given), "given")
    candidates = (Folder(Path(kind), "here"), Folder(data_dir() / kind, "yours"), Folder(bundled(kind), "shipped"))
    return next(found for found in candidates if found.whose == "shipped" or any(found.path.glob("*")))


def blueprint_files(given: str = "") -> tuple[Folder, dict[str, bytes | Failure]]:
    """Return the blueprint folder in force and its markdown files by the name to show a person.

    A file over `LARGEST` bytes comes with its first bytes only, one more than the limit, so that the parser can say so;
    one that cannot be read is a Failure, and the others go on.
    """
    return folder("blueprints", given), {name: _read(path) for name, path in blueprint_paths(given).items()}


def blueprint_paths(given: str = "") -> dict[str, Path]:
    """Return the markdown files of the blueprint folder in force by the name to show a person."""
    found = folder("blueprints", given)
    shown = Path("blueprints") if found.whose == "shipped" else found.path
    return {str(shown / path.name): path for path in sorted(found.path.glob("*.md"))}


def bundle_path(name: str) -> Path:
    """Return the file a `--bundle` argument names; `demo` is the shipped capture."""
    return Path(__file__).parent / "captures" / "demo.tgz" if name == DEMO else Path(name)


def _read(path: Path) -> bytes | Failure:
    try:
        return start(path, LARGEST + 1)
    except OSError as error:
        return Failure(FailureKind.CONFIG, str(path), error.strerror or "cannot be read")
