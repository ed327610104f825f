"""What a plan rests on besides the cluster: files, commits and programs, each by its digest."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from agent.audit.inputs import Inputs
from agent.change.plan import Inputs as Rests
from agent.change.plan import Program, digest
from agent.config import Settings
from agent.errors import Denied, Indeterminate
from agent.resources import blueprint_paths
from agent.world.chart import Chart
from tools import git, helm, minikube
from tools.failure import Failure
from tools.files import opened, read
from tools.programs import pinned
from tools.sandbox import Sandbox

MOST_FILES = 2_000
"""Files of a chart at most."""


def rests_on(box: Sandbox, chart: Chart, inputs: Inputs, settings: Settings, edited: Sequence[Path]) -> Rests:
    """Return everything on this machine that a plan was computed from.

    Raises:
        Denied: a file that would be edited is not committed as it is.
        Indeterminate: something of it cannot be read.

    """
    repository = _repository(edited or [chart.path])
    committed = git.committed(box, repository, edited) if edited and repository else {}
    for path, state in committed.items():
        if state is not True:
            raise Denied(f"{path} {_said(state)}: commit it, so that the plan's own commit holds nothing else")
    head = git.head(box, repository) if repository else ""
    if isinstance(head, Failure):
        raise Indeterminate(str(head))
    files = resting_files(chart, inputs.profile, settings.blueprints)
    return Rests(str(repository or ""), head, digests(files), tuple(programs(box)))


def resting_files(chart: Chart, profile: str, blueprints: str) -> list[Path]:
    """Return the blueprints, every file of the chart, and the values files."""
    found = [path for path in chart.path.rglob("*") if path.is_file()]
    if len(found) > MOST_FILES:
        raise Denied(f"{chart.shown} has {len(found)} files, more than {MOST_FILES}")
    return [*blueprint_paths(blueprints).values(), *found, *(path for _, path in chart.files(profile))]


def digests(files: Sequence[Path]) -> dict[str, str]:
    """Return absolute path -> sha256."""
    try:
        return {str(path): digest(read(path)) for path in sorted({path.resolve() for path in files})}
    except OSError as error:
        raise Indeterminate(f"{error.filename}: {error.strerror}") from error


def programs(box: Sandbox, names: Sequence[str] = ("helm", "git")) -> Iterator[Program]:
    """Yield the programs a plan runs, each as it is now; helm and minikube say their version."""
    for name in names:
        said = VERSIONS[name](box) if name in VERSIONS else ""
        if isinstance(said, Failure):
            raise Indeterminate(str(said))
        path = pinned(name, box.folders(name))
        if path is not None:
            yield Program(name, path, said, _sha256(Path(path)))


VERSIONS: Mapping[str, Callable[[Sandbox], str | Failure]] = {"helm": helm.version, "minikube": minikube.version}
"""The programs whose version decides what their flags mean."""


def _sha256(path: Path) -> str:
    made = hashlib.sha256()
    with opened(path) as file:
        while piece := file.read(1 << 20):
            made.update(piece)
    return made.hexdigest()


def _repository(files: Sequence[Path]) -> Path | None:
    """Return the one repository all of the files lie in, None where they lie in none."""
    found = {git.root(path) for path in files}
    if len(found) > 1 or found == {None}:
        where = ", ".join(map(str, files))
        raise Denied(f"{where}: not in one git repository, so what is changed could not be committed")
    return found.pop()


def _said(state: Failure | bool | None) -> str:
    if isinstance(state, Failure):
        return f"is in an unknown state ({state})"
    return "is in no commit" if state is None else "has changes that are not committed"
