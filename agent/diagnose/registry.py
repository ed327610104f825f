"""How a rule is declared: a pure function over one object and the graph, named by its failure mode."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agent.diagnose.finding import Finding
from agent.snapshot.graph import Graph
from agent.snapshot.record import Object

Test = Callable[[Object, Graph], Iterator[Finding]]
"""Looks at one object and yields what is wrong with it; almost always nothing."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One failure mode's test and the kind of object it is asked about.

    `on="Pod"` rules are asked about suspect pods only (agent/snapshot/suspects.py), so a healthy pod costs nothing.
    `on="Release"` rules are asked about Helm releases: an object whose `release` is the recorded one.
    """

    mode: int
    code: str
    on: str
    test: Test


def rule(mode: int, code: str, *, on: str) -> Callable[[Test], Rule]:
    """Declare the decorated function as the rule for one failure mode. The module's `RULES` tuple lists it."""
    return lambda test: Rule(mode, code, on, test)
