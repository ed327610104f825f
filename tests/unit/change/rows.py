"""A gate over a blueprint of a few rows and the values files they speak of, for tests that need no cluster."""

from collections.abc import Mapping, Sequence
from typing import Any

from agent.audit.inputs import ChartFiles, GitFacts, Inputs
from agent.blueprint.control import Profile
from agent.blueprint.lint.finding import Lint
from agent.blueprint.load import parse as read
from agent.blueprint.values import merged, parse
from agent.change.gate import Gate
from tests.fakes.objects import snapshot

FILE = "blueprints/service.md"
HEAD = "# Service\n\n## Web\n\n| ID | Parameter | Value | Helm Path | Field | Rationale |\n|--|--|--|--|--|--|\n"
LINE = 7
"""Where the first row stands."""


def row(name: str, value: str, path: str, parameter: str = "Memory Limit") -> str:
    """Return one row of the table."""
    return f"| {name} | {parameter} | {value} | {path} | | why |\n"


def gate(
    rows: Sequence[str],
    files: Mapping[str, bytes],
    profile: Profile = Profile.DEV,
    lints: Sequence[Lint] = (),
    **more: Any,
) -> Gate:
    """Return the gate of a release whose blueprint has these rows and whose values files say this."""
    blueprints = read({FILE: (HEAD + "".join(rows)).encode()})
    assert not blueprints.unread, blueprints.unread
    values = merged(parse(name, content) for name, content in files.items())
    usual: dict[str, Any] = {"git": GitFacts({FILE: True}, {FILE: True})}
    chart = ChartFiles("web", "chart", frozenset())
    return Gate(
        Inputs(blueprints, profile, values, tuple(files), chart, snapshot([]), "shop", **{**usual, **more}), lints
    )
