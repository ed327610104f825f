"""The score: a hundred, less what each area costs, and by what."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.health.concern import COSTS, Area, Concern

WHOLE = 100


@dataclass(frozen=True, slots=True)
class Deduction:
    """What one area takes off."""

    area: Area
    points: int
    concerns: tuple[Concern, ...]
    """Those that cost something, the dearest first."""

    @property
    def capped(self) -> bool:
        """Return whether they would cost more, were there no limit for the area."""
        return self.points < sum(item.cost for item in self.concerns)


@dataclass(frozen=True, slots=True)
class Score:
    """How well a cluster is, from 0 to 100, and why."""

    points: int
    deductions: tuple[Deduction, ...]


def score(concerns: Iterable[Concern]) -> Score:
    """Return the score of a cluster with these concerns."""
    told = list(concerns)
    found = [deduction for area in Area if (deduction := _deduction(area, told)).points]
    return Score(max(WHOLE - sum(item.points for item in found), 0), tuple(found))


def _deduction(area: Area, concerns: Sequence[Concern]) -> Deduction:
    own = sorted((item for item in concerns if item.area is area and item.cost), key=lambda item: -item.cost)
    return Deduction(area, min(sum(item.cost for item in own), COSTS[area].most), tuple(own))
