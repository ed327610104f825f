"""What changed over the last minutes: points in time, out of Prometheus or of an autoscaler's own events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.scaling.engine import Autoscaler

SPAN = timedelta(minutes=15)
STEP = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Curve:
    """One amount over time, the oldest point first."""

    name: str
    """`replicas`, `cpu`."""
    unit: str
    """`%`, "" for plain numbers."""
    source: str
    """`prometheus` or `events`."""
    points: tuple[tuple[datetime, float], ...]


def of_events(scaler: Autoscaler, now: datetime) -> Curve | None:
    """Return the replicas of the last minutes as events tell them, None where they tell of no change."""
    known = [item for item in scaler.rescales if item.before is not None]
    if not known or now - known[-1].at > SPAN:
        return None
    moments = [now - SPAN + STEP * place for place in range(int(SPAN / STEP) + 1)]
    return Curve(
        "replicas", "", "events", tuple((at, float(_size(at, known[0].before or 0, scaler))) for at in moments)
    )


def _size(at: datetime, first: int, scaler: Autoscaler) -> int:
    past: Sequence[int] = [item.size for item in scaler.rescales if item.at <= at]
    return past[-1] if past else first
