"""How a plan stands: open, used, rejected, expired. What moved in the world meanwhile is asked when it is applied."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum

from agent.apply import ledger
from agent.apply.ledger import Entry, Event
from agent.change.plan import Plan
from tools.failure import Failure
from tools.git import Seal


class Banner(StrEnum):
    """What is to be said above a plan."""

    OPEN = "open"
    USED = "used"
    REJECTED = "rejected"
    EXPIRED = "expired"
    FROZEN = "frozen"
    ELSEWHERE = "elsewhere"
    """A GitOps tool keeps the release: what is applied here it undoes."""


def banner(name: str, plan: Plan, now: datetime | None = None) -> Banner:
    """Return how a plan stands by the ledger and the clock."""
    if plan.elsewhere is not None:
        return Banner.ELSEWHERE
    found = ledger.entries()
    lines = [] if isinstance(found, Failure) else found
    events = {entry.event for entry in lines if entry.plan == name}
    if events & {Event.INTENT, Event.OUTCOME}:
        return Banner.USED
    if Event.REJECTED in events:
        return Banner.REJECTED
    if plan.has_expired(now or datetime.now(UTC)):
        return Banner.EXPIRED
    return Banner.FROZEN if ledger.frozen(lines) else Banner.OPEN


def unknown(names: Sequence[str], found: Sequence[Entry]) -> list[str]:
    """Return, in a sentence each, the plans of which no line tells: it was written before the plan was kept.

    A ledger whose end was cut off together with its head is whole by itself; the plans beside it are not.
    """
    sealed = {entry.plan for entry in found if entry.event is Event.SEALED}
    return [f"no line tells of plan {name[:12]}, so lines are missing" for name in names if name not in sealed]


def untold(found: Sequence[Entry], commits: Iterable[Seal]) -> list[str]:
    """Return, in a sentence each, the commits that name a line which is not there: the ledger was written anew."""
    lines = {ledger.seal(entry) for entry in found}
    return [
        f"commit {item.commit[:12]} names a line of plan {item.plan[:12]} that is not there, so it was written anew"
        for item in commits
        if item.line and item.line not in lines
    ]
