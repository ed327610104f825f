"""Every rule asked, what readings settle set apart, the worst first."""

from collections.abc import Callable, Iterator
from itertools import islice

from agent.blueprint.lint import (
    availability,
    checks,
    contradictions,
    images,
    orphans,
    parity,
    references,
    scalars,
    scaling,
    scenarios,
    units,
    unread,
    wording,
)
from agent.blueprint.lint.finding import Lint, Severity
from agent.blueprint.lint.readings import sentences, settled
from agent.blueprint.lint.subject import Subject

RULES: tuple[Callable[[Subject], Iterator[Lint]], ...] = (
    *unread.RULES,
    *contradictions.RULES,
    *scaling.RULES,
    *availability.RULES,
    *scenarios.RULES,
    *images.RULES,
    *units.RULES,
    *scalars.RULES,
    *orphans.RULES,
    *parity.RULES,
    *checks.RULES,
    *wording.RULES,
    *references.RULES,
)

MOST = 200
"""Findings of one rule: a table of thousands of bad rows is one mistake, and is known after these."""

_ORDER = {severity: number for number, severity in enumerate(Severity)}


def lint(subject: Subject) -> tuple[Lint, ...]:
    """Return everything the rules find, errors first, then by place."""
    known = sentences(subject)
    found = [settled(item, known) for rule in RULES for item in islice(rule(subject), MOST)]
    return tuple(sorted(found, key=lambda item: (_ORDER[item.severity], item.sources[0], item.code, item.text)))
