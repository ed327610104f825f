"""When a cron schedule is due: five fields as the CronJob controller reads them."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta

FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
"""Minute, hour, day of the month, month, day of the week (7 is Sunday too)."""

MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}

NAMES = {name: str(index) for index, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
DAYS = {name: str(index) for index, name in enumerate("sun mon tue wed thu fri sat".split())}

LEAP = 2024
"""A year with a 29th of February."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The minutes, hours and days a schedule is due."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    """The day of the month is left open."""
    any_weekday: bool

    @property
    def ever(self) -> bool:
        """Return whether it is due at all: the 31st of February is not."""
        exists = any(min(self.days) <= monthrange(LEAP, month)[1] for month in self.months)
        return exists or not self.any_weekday

    def last(self, before: datetime, *, days: int = 400) -> datetime | None:
        """Return the last time it was due before a moment, looking back that many days; None when it was not."""
        for back in range(days):
            day = before - timedelta(days=back)
            if not self._on(day):
                continue
            for hour in sorted(self.hours, reverse=True):
                for minute in sorted(self.minutes, reverse=True):
                    due = day.replace(hour=hour, minute=minute, second=0, microsecond=0)
                    if due < before:
                        return due
        return None

    def _on(self, day: datetime) -> bool:
        if day.month not in self.months:
            return False
        by_date, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        if self.any_day or self.any_weekday:
            return by_date and by_weekday
        return by_date or by_weekday  # both given: either will do


def parse(text: str) -> Schedule | None:
    """Return a schedule, None for one that cannot be read here (`@every 1h`, a zone inside it)."""
    fields = MACROS.get(text.strip().lower(), text).split()
    if len(fields) != len(FIELDS):
        return None
    try:
        minute, hour, day, month, weekday = (_field(*pair) for pair in zip(fields, range(5), strict=True))
    except ValueError:
        return None
    week = frozenset(value % 7 for value in weekday)
    return Schedule(minute, hour, day, month, week, fields[2] in ("*", "?"), fields[4] in ("*", "?"))


def _field(text: str, place: int) -> frozenset[int]:
    low, high = FIELDS[place]
    found: set[int] = set()
    for part in text.lower().split(","):
        span, _, step = part.partition("/")
        first, last = _span(span, place)
        last = high if step and "-" not in span and span not in ("*", "?") else last
        if not low <= first <= last <= high or (step and int(step) < 1):
            raise ValueError(text)
        found |= set(range(first, last + 1, int(step or 1)))
    return frozenset(found)


def _span(span: str, place: int) -> tuple[int, int]:
    if span in ("*", "?"):
        return FIELDS[place] if place != 4 else (0, 6)
    names = NAMES if place == 3 else DAYS if place == 4 else {}
    first, _, last = span.partition("-")
    start = int(names.get(first, first))
    return start, int(names.get(last, last)) if last else start
