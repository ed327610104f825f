"""What became of a cluster between two looks: what broke, recovered, or is not settled yet. Nothing is said twice.

A crash loop alternates between running and waiting, and memory goes up and down around a target: what is gone for a
moment has not recovered, so a cause is only called over when it has stayed away for a while.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from agent.diagnose.engine import Diagnosis
from agent.diagnose.finding import Citation, Finding
from agent.diagnose.unsettled import Unsettled
from agent.health.alerts import Alert, Alerts
from agent.kube.wording import duration
from agent.severity import Severity
from agent.snapshot.record import Ref

CALM = timedelta(seconds=15)
"""How long a cause has to stay away to be over."""

CALM_ALERT = timedelta(seconds=60)
"""The same of an alert: two rounds of metrics, so that 79, 81, 79 percent are one alert."""


class What(StrEnum):
    """What a line tells of."""

    BROKEN = "broken"
    CHANGED = "changed"
    """The same object is broken for another reason now."""
    RECOVERED = "recovered"
    UNSETTLED = "unsettled"
    SETTLED = "settled"
    ALERT = "alert"
    ALERT_OVER = "alert over"


@dataclass(frozen=True, slots=True)
class Change:
    """One line."""

    what: What
    at: datetime
    subject: Ref
    code: str
    says: str
    severity: Severity
    citations: tuple[Citation, ...] = ()
    until: datetime | None = None
    """Until when it may stay unsettled."""


Key = tuple[str, Ref]


@dataclass(frozen=True, slots=True)
class Held:
    """Something that was told of and is not over."""

    change: Change
    gone: datetime | None = None
    """Since when it is not seen any more, None while it is."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What was told of so far, by its kind."""

    broken: Mapping[Key, Held] = field(default_factory=dict)
    alerts: Mapping[Key, Held] = field(default_factory=dict)
    unsettled: Mapping[Ref, Held] = field(default_factory=dict)


def step(standing: Standing, diagnosis: Diagnosis, alerts: Alerts, at: datetime) -> tuple[Standing, list[Change]]:
    """Return what stands after another look, and what is new about it, in the order a person reads."""
    now = {(item.mode.code, item.subject): _broken(item, at) for item in diagnosis.findings if _counts(item)}
    waiting = {item.subject: _unsettled(item, at) for item in diagnosis.unsettled}
    raised = {(item.code, item.subject): _alert(item, at) for item in alerts.raised}
    broken, said = _held(_without_replaced(standing.broken, now), now, at, CALM, set(waiting))
    told, more = _held(standing.alerts, raised, at, CALM_ALERT, set())
    open_, rest = _settled(standing.unsettled, waiting, at, {subject for _, subject in broken})
    return Standing(broken, told, open_), [*(_named(item, standing) for item in said), *more, *rest]


def _counts(item: Finding) -> bool:
    return item.severity is not Severity.INFO


def _broken(item: Finding, at: datetime) -> Change:
    return Change(What.BROKEN, at, item.subject, item.mode.code, item.cause, item.severity, item.citations)


def _alert(item: Alert, at: datetime) -> Change:
    return Change(What.ALERT, at, item.subject, item.code, item.says, Severity.ERROR, item.citations)


def _unsettled(item: Unsettled, at: datetime) -> Change:
    return Change(What.UNSETTLED, at, item.subject, "unsettled", item.says, Severity.INFO, (), item.until)


def _held(
    before: Mapping[Key, Held], now: Mapping[Key, Change], at: datetime, calm: timedelta, waiting: set[Ref]
) -> tuple[dict[Key, Held], list[Change]]:
    """Return what is held on to, and what began or is over; what waits to settle has not recovered."""
    kept = {key: Held(before[key].change if key in before else change) for key, change in now.items()}
    said = [change for key, change in now.items() if key not in before]
    for key, held in before.items():
        if key in now:
            continue
        gone = held.gone or at
        if at - gone >= calm and key[1] not in waiting:
            said.append(_over(held.change, at))
        else:
            kept[key] = replace(held, gone=gone)
    return kept, said


def _over(change: Change, at: datetime) -> Change:
    lasted = duration((at - change.at).total_seconds())
    what = What.ALERT_OVER if change.what is What.ALERT else What.RECOVERED
    return replace(change, what=what, at=at, says=f"after {lasted}: {change.says}", severity=Severity.INFO)


def _without_replaced(before: Mapping[Key, Held], now: Mapping[Key, Change]) -> dict[Key, Held]:
    """Return what was held, less the causes of an object that another one has taken the place of."""
    fresh = {subject for code, subject in now if (code, subject) not in before}
    return {key: held for key, held in before.items() if key in now or key[1] not in fresh}


def _named(change: Change, before: Standing) -> Change:
    """Return a change that only names another cause of what was broken already as that."""
    known = {subject for _, subject in before.broken}
    return replace(change, what=What.CHANGED) if change.what is What.BROKEN and change.subject in known else change


def _settled(
    before: Mapping[Ref, Held], now: Mapping[Ref, Change], at: datetime, broken: set[Ref]
) -> tuple[dict[Ref, Held], list[Change]]:
    """Return what is not settled, and what began to be or is settled; what broke meanwhile was told of."""
    kept = {name: Held(before[name].change if name in before else change) for name, change in now.items()}
    said = [change for name, change in now.items() if name not in before]
    for name, held in before.items():
        if name not in now and name not in broken:
            lasted = duration((at - held.change.at).total_seconds())
            said.append(replace(held.change, what=What.SETTLED, at=at, says=f"after {lasted}: as asked", until=None))
    return kept, said


def due(diagnosis: Diagnosis, standing: Standing, at: datetime) -> datetime | None:
    """Return when to look again if nothing happens: something may break or be over by then. None for nothing."""
    breaks = [item.until for item in diagnosis.unsettled if item.until]
    overs = [item.gone + CALM for item in standing.broken.values() if item.gone]
    overs += [item.gone + CALM_ALERT for item in standing.alerts.values() if item.gone]
    return min((moment for moment in (*breaks, *overs) if moment > at), default=None)
