"""What became of a cluster between two looks: what broke, recovered, or is not settled yet. Nothing is said twice.

A crash loop alternates between running and waiting, and memory goes up and down around a target: what is gone for a
moment has not recovered, so a cause is only called over when it has stayed away for a while. Nor has what nobody could
see: a cause is held for as long as anything is unknown now that was known when it was last seen.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from agent.diagnose.diagnosis import Diagnosis
from agent.diagnose.finding import Citation, Finding
from agent.diagnose.unsettled import Unsettled
from agent.health.alerts import Alert, Alerts
from agent.kube.wording import duration
from agent.severity import Severity
from agent.snapshot.record import Ref

CALM = timedelta(seconds=15)
"""How long a cause has to stay away to be over."""

CALM_SETTLED = timedelta(seconds=5)
"""The same of what was not settled: a container that is ready, not ready and ready within seconds is one line."""

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
    gaps: frozenset[str] = frozenset()
    """What was not known when it was last seen."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What was told of so far, by its kind."""

    broken: Mapping[Key, Held] = field(default_factory=dict)
    alerts: Mapping[Key, Held] = field(default_factory=dict)
    unsettled: Mapping[Ref, Held] = field(default_factory=dict)


Stays = Callable[[Key], bool]
"""Whether something cannot be called over now, however long it was not seen."""


def step(standing: Standing, diagnosis: Diagnosis, alerts: Alerts, at: datetime) -> tuple[Standing, list[Change]]:
    """Return what stands after another look, and what is new about it, in the order a person reads."""
    gaps = frozenset(text.partition(": ")[0] for text in diagnosis.unknown)
    broken, said = _causes(standing.broken, diagnosis, gaps, at)
    told, more = _alerts(standing.alerts, alerts, at)
    open_, rest = _waiting(standing.unsettled, diagnosis, {subject for _, subject in broken}, gaps, at)
    return Standing(broken, told, open_), [*said, *more, *rest]


def _causes(
    before: Mapping[Key, Held], diagnosis: Diagnosis, gaps: frozenset[str], at: datetime
) -> tuple[dict[Key, Held], list[Change]]:
    """Return the causes that are held on to, and what began or is over; what waits to settle has not recovered."""
    waiting = {item.subject for item in diagnosis.unsettled}
    now = {(item.mode.code, item.subject): _broken(item, at) for item in diagnosis.findings if _counts(item)}
    kept, began, over = _held(before, now, at, CALM, gaps, lambda key: key[1] in waiting)
    known = {subject for _, subject in before}
    named = [replace(change, what=What.CHANGED) if change.subject in known else change for change in began]
    return kept, [*named, *_recovered(over, kept, at)]


def _alerts(before: Mapping[Key, Held], alerts: Alerts, at: datetime) -> tuple[dict[Key, Held], list[Change]]:
    """Return the alerts that are held on to, and what began or is over; of memory nobody can say it is not over."""
    now = {(item.code, item.subject): _alert(item, at) for item in alerts.raised}
    unjudged = {("memory", name) for name in alerts.unjudged}
    kept, began, over = _held(before, now, at, CALM_ALERT, frozenset(), lambda key: key in unjudged)
    return kept, [*began, *(_over(held, What.ALERT_OVER, held.change.says, at) for held in over)]


def _waiting(
    before: Mapping[Ref, Held], diagnosis: Diagnosis, broken: set[Ref], gaps: frozenset[str], at: datetime
) -> tuple[dict[Ref, Held], list[Change]]:
    """Return what is not settled, and what began to be or is settled; of what is broken only that is told."""
    waiting = {item.subject: _unsettled(item, at) for item in diagnosis.unsettled if item.subject not in broken}
    open_ = {(UNSETTLED, name): held for name, held in before.items() if name not in broken}
    now = {(UNSETTLED, name): change for name, change in waiting.items()}
    kept, began, over = _held(open_, now, at, CALM_SETTLED, gaps, lambda _: False)
    settled = (replace(_over(held, What.SETTLED, "as asked", at), until=None) for held in over)
    return {name: held for (_, name), held in kept.items()}, [*began, *settled]


UNSETTLED = "unsettled"


def _held(
    before: Mapping[Key, Held],
    now: Mapping[Key, Change],
    at: datetime,
    calm: timedelta,
    gaps: frozenset[str],
    stays: Stays,
) -> tuple[dict[Key, Held], list[Change], list[Held]]:
    """Return what is held on to, what began, and what is over."""
    kept = {key: Held(before[key].change if key in before else change, None, gaps) for key, change in now.items()}
    began = [change for key, change in now.items() if key not in before]
    over = []
    for key, held in before.items():
        if key in now:
            continue
        gone = replace(held, gone=held.gone or at)
        if at - (gone.gone or at) >= calm and gaps <= held.gaps and not stays(key):
            over.append(gone)
        else:
            kept[key] = gone
    return kept, began, over


def _recovered(over: Sequence[Held], kept: Mapping[Key, Held], at: datetime) -> Iterator[Change]:
    """Yield a line for each object that has no cause left, and for each cause that another one did not replace."""
    by_subject: dict[Ref, list[Held]] = {}
    for held in over:
        by_subject.setdefault(held.change.subject, []).append(held)
    for subject, group in by_subject.items():
        left = [held for (_, name), held in kept.items() if name == subject]
        ended = [held for held in group if _ends(held, left)] if left else [min(group, key=lambda held: held.change.at)]
        yield from (_over(held, What.RECOVERED, held.change.says, at) for held in ended)


def _ends(held: Held, left: Sequence[Held]) -> bool:
    """Return whether a cause ended by itself; where all that is left may be over as well, the last one speaks."""
    present = [other for other in left if other.gone is None]
    return bool(present) and all(held.gone is not None and other.change.at < held.gone for other in present)


def _over(held: Held, what: What, says: str, at: datetime) -> Change:
    change, ended = held.change, held.gone or held.change.at
    lasted = duration((ended - change.at).total_seconds())
    return replace(change, what=what, at=at, says=f"after {lasted}: {says}", severity=Severity.INFO)


def _counts(item: Finding) -> bool:
    return item.severity is not Severity.INFO


def _broken(item: Finding, at: datetime) -> Change:
    return Change(What.BROKEN, at, item.subject, item.mode.code, item.cause, item.severity, item.citations)


def _alert(item: Alert, at: datetime) -> Change:
    return Change(What.ALERT, at, item.subject, item.code, item.says, Severity.ERROR, item.citations)


def _unsettled(item: Unsettled, at: datetime) -> Change:
    return Change(What.UNSETTLED, at, item.subject, UNSETTLED, item.says, Severity.INFO, (), item.until)


def due(diagnosis: Diagnosis, standing: Standing, at: datetime) -> datetime | None:
    """Return when to look again if nothing happens: something may break or be over by then. None for nothing."""
    breaks = [item.until for item in diagnosis.unsettled if item.until]
    overs = [item.gone + CALM for item in standing.broken.values() if item.gone]
    overs += [item.gone + CALM_ALERT for item in standing.alerts.values() if item.gone]
    overs += [item.gone + CALM_SETTLED for item in standing.unsettled.values() if item.gone]
    return min((moment for moment in (*breaks, *overs) if moment > at), default=None)
