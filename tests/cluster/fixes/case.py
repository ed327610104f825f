"""A case: a chart in one template, its values, its blueprint, and what must come of `fix`. Read strictly."""

from functools import cached_property
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field

from agent.blueprint.load import parse
from agent.blueprint.values import parse as leaves_of
from tests.scenarios.expectation import Condition, Strict

FOLDER = Path(__file__).parent / "cases"


class Case(Strict):
    """One file of cases/."""

    name: str
    about: str
    until: Annotated[list[Condition], Field(min_length=1)]
    """When these hold the fault shows; they hold again once the mend is undone."""
    fix: str = ""
    """What `fix` is asked of; "" where nothing fails and `plan` is asked."""
    rows: Annotated[list[str], Field(min_length=1)]
    """The controls that justify the mend; without their rows it must be refused."""
    beside: list[str] = Field(default_factory=list)
    """The controls that go with them, because helm waits for what they mend; no other one may."""
    mends: list[str] = Field(default_factory=list)
    """The objects that change, `KIND/NAME`; no other one may."""
    mended: list[Condition] = Field(default_factory=list)
    harmless: bool = False
    """Whether nothing is wrong but for the row: without it there is nothing to mend, which is no refusal."""
    still: str = ""
    """What is said of a workload that the row mends and that fails all the same."""
    refused: str = ""
    """What a refusal says where even the row cannot mend it, because Kubernetes does not let the field change."""
    blueprint: str
    values: str
    templates: str

    @property
    def without(self) -> str:
        """Return the blueprint without the rows that justify the mend."""
        lines = self.blueprint.splitlines(keepends=True)
        return "".join(line for line in lines if not any(line.startswith(f"| {row} |") for row in self.rows))

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Return the values paths of the rows that justify the mend."""
        found = parse({"blueprint.md": self.blueprint.encode()})
        return tuple(path for row in found.controls if row.id in self.rows for path in row.paths)

    @cached_property
    def stated(self) -> tuple[str, ...]:
        """Return those of the paths that the values file has."""
        leaves = leaves_of(self.name, self.values.encode()).leaves
        return tuple(path for path in self.paths if path in leaves)


def cases(*names: str) -> list[Case]:
    """Return the cases of these names, all of them for none."""
    files = sorted(FOLDER.glob("*.yaml"))
    known = {path.stem: path for path in files}
    return [Case(name=name, **yaml.safe_load(known[name].read_text())) for name in names or known]
