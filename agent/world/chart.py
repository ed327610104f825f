"""The chart a command speaks of, and its values files as Helm would read them for a profile."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.blueprint.values import Values, merged, parse
from agent.errors import UsageError
from agent.resources import bundled, folder
from tools.documents import Unreadable, plain
from tools.files import read, refuse

DEFAULT = "todo-app"
"""The chart that ships along."""

OWN = "bluehelm"
"""The chart of the identities we work as. Beside another it is never the one that is meant unless it is named."""

LOOKUP = re.compile(r"\{\{-?[^}]*\blookup\s")
LARGEST = 4 << 20


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart on this machine. `shown` is its folder for a person: `charts/todo-app` for the one that ships along."""

    path: Path
    shown: str
    given: tuple[Path, ...]
    """Values files that were named instead of the chart's own."""

    @property
    def name(self) -> str:
        """Return the name its Chart.yaml gives it, which helm calls it by; its folder's where that cannot be read."""
        try:
            said = plain(read(self.path / "Chart.yaml", LARGEST))
        except (OSError, Unreadable):
            said = None
        named = said.get("name") if isinstance(said, Mapping) else None
        return str(named or self.path.resolve().name)

    def files(self, profile: str) -> list[tuple[str, Path]]:
        """Return (name to show, path) of the values files in force: values.yaml, and values-PROFILE.yaml over it."""
        own = [self.path / "values.yaml", self.path / f"values-{profile}.yaml"]
        chosen = [(f"{self.shown}/{path.name}", path) for path in own if path.is_file()]
        return chosen + [(str(path), path) for path in self.given]

    def values(self, profile: str) -> Values:
        """Return the values in force, with what cannot be read in them."""
        return merged(parse(shown, _content(path)) for shown, path in self.files(profile))

    def templates(self) -> Mapping[str, str]:
        """Return template file (`templates/backend.yaml`) -> its text, without what is no text or too large."""
        found = sorted((self.path / "templates").rglob("*"))
        texts = ((str(path.relative_to(self.path)), _template(path)) for path in found)
        return {name: text for name, text in texts if text is not None}

    def lookups(self) -> list[str]:
        """Return the templates that ask the cluster while they are rendered."""
        return [name for name, text in self.templates().items() if LOOKUP.search(text)]


def open_chart(named: str | None, values: Sequence[str] = ()) -> Chart:
    """Return the chart that was named, the only one in ./charts, or the one that ships along, with values over it.

    Raises:
        UsageError: no chart there, several to choose from, or a values file that is not there.

    """
    given = tuple(map(Path, values))
    for path in given:
        try:
            refuse(path)
        except FileNotFoundError as error:
            raise UsageError(f"{path}: no such values file") from error
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from error
    path, shown = _folder(named or "")
    if not (path / "Chart.yaml").is_file():
        raise UsageError(f"{path}: no chart: it has no Chart.yaml")
    return Chart(path, shown, given)


def _folder(named: str) -> tuple[Path, str]:
    if named:
        return Path(named), named.rstrip("/")
    found = folder("charts")
    every = sorted(path.parent for path in found.path.glob("*/Chart.yaml"))
    charts = [path for path in every if path.name != OWN] or every
    if found.whose == "shipped" or not charts:
        return bundled("charts") / DEFAULT, f"charts/{DEFAULT}"
    if len(charts) > 1:
        raise UsageError(f"several charts in {found.path}: {_names(charts)}; say which with --chart")
    return charts[0], str(charts[0])


def _names(charts: Sequence[Path]) -> str:
    return ", ".join(path.name for path in charts)


def _content(path: Path) -> bytes:
    try:
        return read(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def _template(path: Path) -> str | None:
    """Return a template's text; None for what is no file or too large, which helm refuses by itself."""
    try:
        return read(path, LARGEST).decode("utf-8", errors="replace")
    except OSError:
        return None
