"""What an autoscaler would do at a load: at once, step by step, and where it would come to rest."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import NamedTuple

from agent.scaling.algorithm import Change, Rules, limited, wanted
from agent.scaling.metric import PERCENT, Metric

SYNC = 15
"""Seconds from one turn of the controller to the next, by its default (--horizontal-pod-autoscaler-sync-period)."""

LONGEST = 3600
"""Seconds that are looked ahead."""


class Step(NamedTuple):
    """So many replicas, so many seconds after the load began."""

    seconds: int
    replicas: int


@dataclass(frozen=True, slots=True)
class Load:
    """A load to be tried: `cpu` at 85 percent of what the pods request now."""

    name: str
    percent: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an autoscaler would do at a load that stays the same in all, however many pods share it."""

    load: Load
    metric: Metric
    wanted: int
    """What the metric asks for, before any limit."""
    tolerated: bool
    """Whether it is so near its target that nothing is done."""
    steps: tuple[Step, ...]
    """How the replicas change; empty where they stay."""
    pace: str
    """What keeps the first step from going all the way: the controller's reason, "" for nothing."""
    limit: str
    """What keeps it from more, or from less, where it comes to rest; "" for nothing."""
    others: tuple[Metric, ...]
    """Metrics that are taken as they are now."""

    @property
    def settles(self) -> int | None:
        """Return the replicas it comes to rest at, None where it stays with what there is."""
        return self.steps[-1].replicas if self.steps else None


def forecast(
    load: Load, metrics: Sequence[Metric], replicas: int, rule: Rules, changes: Sequence[Change]
) -> Forecast | None:
    """Return what would follow from a load, None where the autoscaler does not look at it as a share of the request."""
    metric = next((item for item in metrics if item.name == load.name and item.kind == PERCENT), None)
    if metric is None or not replicas:
        return None
    others = tuple(item for item in metrics if item is not metric and item.ratio is not None)
    tried = replace(metric, current=Decimal(load.percent))
    turn = _Turn((tried, *others), replicas, rule)
    asked = turn.asks(replicas)
    steps = _steps(turn, changes)
    settled = steps[-1].replicas if steps else replicas
    _, pace = limited(replicas, asked, rule, changes)
    _, limit = limited(settled, turn.asks(settled), rule)
    return Forecast(load, metric, asked, _is_near(tried, rule), tuple(steps), pace, limit, others)


def _is_near(metric: Metric, rule: Rules) -> bool:
    ratio = metric.ratio or Fraction(0)
    return 1 - rule.down.tolerance <= ratio <= 1 + rule.up.tolerance


@dataclass(frozen=True, slots=True)
class _Turn:
    """Metrics as they are at `began` replicas: less for each, the more replicas share them."""

    metrics: tuple[Metric, ...]
    began: int
    rule: Rules

    def asks(self, replicas: int) -> int:
        """Return the most that any metric asks for."""
        return max(wanted(replicas, self._ratio(item, replicas), self.rule) for item in self.metrics)

    def _ratio(self, metric: Metric, replicas: int) -> Fraction:
        """Return how many times its target a metric is; shares of the request are cut to whole percents."""
        now = Fraction(metric.current or 0) * self.began / replicas
        return Fraction(floor(now) if metric.kind == PERCENT else now) / Fraction(metric.target)


def _steps(turn: _Turn, changes: Sequence[Change]) -> list[Step]:
    """Return the changes of an hour of turns; what is lower waits for its window, what is higher for its own."""
    replicas, steps, told = turn.began, list[Step](), list[tuple[int, int]]()
    for now in range(0, LONGEST, SYNC):
        asked = turn.asks(replicas)
        told.append((now, asked))
        calm = _stabilised(replicas, told, now, turn)
        lately = [Change(change.ago + now, change.replicas) for change in changes]
        lately += [Change(now - step.seconds, step.replicas - before) for before, step in _pairs(turn.began, steps)]
        following, _ = limited(replicas, calm, turn.rule, lately)
        if following != replicas:
            steps.append(Step(now, following))
            replicas = following
    return steps


def _pairs(began: int, steps: Sequence[Step]) -> list[tuple[int, Step]]:
    return list(zip([began, *(step.replicas for step in steps)], steps, strict=False))


def _stabilised(replicas: int, told: Sequence[tuple[int, int]], now: int, turn: _Turn) -> int:
    """Return the recommendation within the limits of the windows; before the load all asked for what there was."""
    floor_, roof = (_lately(told, now, turn, rule.window) for rule in (turn.rule.up, turn.rule.down))
    return min(max(replicas, min(floor_)), max(roof))


def _lately(told: Sequence[tuple[int, int]], now: int, turn: _Turn, window: int) -> list[int]:
    earlier = [turn.began] if now < window else []
    return [*earlier, *(asked for at, asked in told if now - at < window), told[-1][1]]


def loads(text: str) -> list[Load] | None:
    """Return the loads that `85%`, `cpu=85%` or `cpu=85,memory=90` means, None for what means none."""
    found: list[Load] = []
    for part in text.split(","):
        name, _, amount = (piece.strip() for piece in part.rpartition("="))
        number = amount.strip().removesuffix("%").strip()
        if not (number.isascii() and number.isdigit() and 0 < int(number) <= 100_000) or name not in (
            "",
            "cpu",
            "memory",
        ):
            return None
        found.append(Load(name or "cpu", int(number)))
    return found


def at(metric: Metric, load: Load) -> str:
    """`cpu at 85 % of the request`."""
    return f"{metric.said} at {metric.amount(Decimal(load.percent))}{metric.unit}"
