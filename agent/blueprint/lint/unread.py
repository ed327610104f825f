"""Rows that could not be read, environments nobody knows, and values files that cannot be trusted."""

import re
from collections.abc import Callable, Iterator

from agent.blueprint.cells import PROFILES, CellType
from agent.blueprint.lint.finding import Lint, Severity, at, ids, quoted
from agent.blueprint.lint.subject import Subject

_NAMED = re.compile(r"\(([A-Za-z][\w-]*)\)")
ENVIRONMENTS = frozenset(
    "staging stage stg test testing qa uat preprod pre-prod production development integration int ci demo sandbox"
    " live eu us canary".split()
)
"""What other people call their environments."""


def unreadable(subject: Subject) -> Iterator[Lint]:
    """A row that its grammar cannot read decides nothing."""
    for item in subject.blueprints.unread:
        profile = item.problem.startswith("unknown profiles")
        yield Lint(
            code="unknown-profile" if profile else "unread",
            severity=Severity.ERROR,
            text=f"{item.problem}: {item.text.strip()[:120]}" if item.text else item.problem,
            sources=(item.source,),
            controls=(item.control_id,) if item.control_id else (),
            suggestion=f"write one of {quoted(PROFILES)}" if profile else "write the row as its table's others are",
        )


def unknown_profile(subject: Subject) -> Iterator[Lint]:
    """A text names an environment that is no profile: it would be taken for part of the value."""
    for control in subject.parameters:
        found = next((name for name in _NAMED.findall(control.raw) if name.casefold() in ENVIRONMENTS), None)
        if found and any(cell.type is CellType.TEXT for cell in control.values.values()):
            yield Lint(
                code="unknown-profile",
                severity=Severity.ERROR,
                text=f"{found} is no profile, so that {control.raw!r} is one text for every profile",
                sources=at(control),
                controls=ids(control),
                suggestion=f"write one of {quoted(PROFILES)}",
                about=((control.id,),),
            )


def unreadable_values(subject: Subject) -> Iterator[Lint]:
    """A values file has a key twice, an odd tag, or is no YAML."""
    problems = {problem: None for values in subject.values.values() for problem in values.problems}
    for source, problem in problems:
        yield Lint("unread-values", Severity.ERROR, problem, (source,), (), "write each key once, as plain YAML")


RULES: tuple[Callable[[Subject], Iterator[Lint]], ...] = (unreadable, unknown_profile, unreadable_values)
