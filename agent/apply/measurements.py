"""What drills have measured, as the ledger tells it: the last of each row, beside what the row promises."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from agent.apply import ledger
from agent.apply.ledger import Entry, Event
from agent.kube.fields import moment
from tools.failure import Failure


class Measurement(NamedTuple):
    """One row as a drill found it last."""

    at: datetime | None
    promised: int
    """Seconds, 0 where the row promises none."""
    took: float | None
    """Seconds, None where it was not seen or has no time."""
    met: bool
    said: str

    def __str__(self) -> str:
        """`12 s, promised 30 s: kept (2026-11-27)`."""
        took = "no time" if self.took is None else f"{self.took:.0f} s"
        promise = f", promised {self.promised} s" if self.promised else ""
        return f"{took}{promise}: {'kept' if self.met else 'broken'}{f' ({self.at:%Y-%m-%d})' if self.at else ''}"


def measurements() -> Mapping[str, Measurement]:
    """Return control -> what was measured last; empty where nothing was, or where the ledger cannot be read."""
    found = ledger.entries()
    if isinstance(found, Failure):
        return {}
    told: dict[str, Measurement] = {}
    for entry in found:
        if entry.event is Event.OUTCOME:
            told |= {str(row.get("control")): _measurement(entry, row) for row in entry.detail.get("measured") or ()}
    return told


def _measurement(entry: Entry, row: Mapping[str, Any]) -> Measurement:
    took = row.get("took")
    known = float(took) if isinstance(took, int | float) else None
    return Measurement(
        moment(entry.time), int(row.get("promised") or 0), known, bool(row.get("met")), str(row.get("said") or "")
    )
