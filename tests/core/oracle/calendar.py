"""A naive calendar: it walks through time in small steps and looks at what the clocks on the wall show."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

from drcheck.core.model.slots import Per

MINUTE = 60
STEP = 300
"""Of the walk that looks for slots: no zone of today changes its clocks at another time than a multiple of it."""
LONG_STEP = 900
"""Of the same walk for quarters and years: midnight is a multiple of it everywhere."""
DAY = 86400

MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
WEEKDAYS = {name: number for number, name in enumerate(["sun", "mon", "tue", "wed", "thu", "fri", "sat"])}


class Stretch(NamedTuple):
    """From ``start`` up to, not including, ``end``."""

    start: int
    end: int


def wall(instant: int, zone: tzinfo) -> datetime:
    """Return what the clocks on the wall show, without a zone."""
    return datetime.fromtimestamp(instant, UTC).astimezone(zone).replace(tzinfo=None, fold=0)


def label(per: Per, shown: datetime) -> datetime:
    """Return the beginning of the hour, day, week, month, quarter or year that a wall clock shows, as it shows it."""
    if per is Per.HOUR:
        return shown.replace(minute=0)
    midnight = shown.replace(hour=0, minute=0)
    if per is Per.WEEK:
        return midnight - timedelta(days=midnight.weekday())
    if per is Per.DAY:
        return midnight
    first = midnight.replace(day=1)
    if per is Per.MONTH:
        return first
    return first.replace(month=1 if per is Per.YEAR else {0: 1, 1: 4, 2: 7, 3: 10}[(first.month - 1) // 3])


PADDING = {
    Per.HOUR: 4 * 3600,
    Per.DAY: 3 * DAY,
    Per.WEEK: 9 * DAY,
    Per.MONTH: 33 * DAY,
    Per.QUARTER: 94 * DAY,
    Per.YEAR: 368 * DAY,
}


@lru_cache(maxsize=512)
def slots(per: Per, zone: tzinfo, start: int, end: int) -> tuple[Stretch, ...]:
    """Return the slots that overlap [start, end): one begins whenever the clocks first show a new label.

    An hour that the clocks show again, having been set back, is a slot of its own.
    """
    step = LONG_STEP if per in (Per.QUARTER, Per.YEAR) else STEP
    first = (start - PADDING[per]) // step * step
    begins: list[int] = []
    newest: datetime | None = None
    before: datetime | None = None
    for instant in range(first, end + PADDING[per], step):
        shown = wall(instant, zone)
        set_back = before is not None and shown < before
        if newest is None or label(per, shown) > newest or (per is Per.HOUR and set_back):
            begins.append(instant)
            newest = label(per, shown)
        before = shown
    # The first one was entered half-way.
    found = [Stretch(begin, after) for begin, after in itertools.pairwise(begins)]
    return tuple(slot for slot in found if slot.end > start and slot.start < end)


def _field(text: str, low: int, high: int, names: dict[str, int]) -> set[int]:
    values: set[int] = set()
    for item in text.lower().split(","):
        span, _, step = item.partition("/")
        first, dash, last = span.partition("-")
        if first == "*":
            begin, end = low, high
        else:
            begin = names.get(first) if first in names else int(first)
            end = (names.get(last) if last in names else int(last)) if dash else (high if step else begin)
        values |= set(range(begin, end + 1, int(step or 1)))
    return values


class Fields(NamedTuple):
    """The five fields of a schedule, and whether days of the month and of the week bind together."""

    minutes: set[int]
    hours: set[int]
    days: set[int]
    months: set[int]
    weekdays: set[int]
    both_days: bool


@lru_cache(maxsize=64)
def _fields(schedule: str) -> Fields:
    minute, hour, day, month, weekday = schedule.split()
    return Fields(
        _field(minute, 0, 59, {}),
        _field(hour, 0, 23, {}),
        _field(day, 1, 31, {}),
        _field(month, 1, 12, MONTHS),
        {value % 7 for value in _field(weekday, 0, 7, WEEKDAYS)},
        # crontab(5): where both are restricted, either is enough; a field that begins with a star is not restricted.
        day.startswith("*") or weekday.startswith("*"),
    )


def _matches(schedule: str, shown: datetime) -> bool:
    fields = _fields(schedule)
    if shown.minute not in fields.minutes or shown.hour not in fields.hours or shown.month not in fields.months:
        return False
    by_day = shown.day in fields.days
    by_weekday = shown.isoweekday() % 7 in fields.weekdays
    return (by_day and by_weekday) if fields.both_days else (by_day or by_weekday)


@lru_cache(maxsize=512)
def ticks(schedule: str, zone: tzinfo, start: int, end: int) -> tuple[int, ...]:
    """Return when Debian's cron would start ``schedule`` in [start, end), after cron(8).

    Jobs whose minute or hour begins with a star follow the clock. The others are run once: those of a skipped hour
    right after it, and not again while the clocks show an hour for the second time.
    """
    follows_the_clock = any(text.startswith("*") for text in schedule.split()[:2])
    first = (start - 2 * DAY) // MINUTE * MINUTE
    found: list[int] = []
    newest = wall(first - MINUTE, zone)
    for instant in range(first, end, MINUTE):
        shown = wall(instant, zone)
        if follows_the_clock:
            run = _matches(schedule, shown)
        else:
            skipped = int((shown - newest).total_seconds()) // MINUTE
            run = any(_matches(schedule, shown - timedelta(minutes=back)) for back in range(skipped))
            newest = max(newest, shown)
        if run and start <= instant:
            found.append(instant)
    return tuple(found)


def whole_days_between(one: date, other: date) -> list[date]:
    """Return the dates that lie strictly between two dates."""
    days = []
    day = one + timedelta(days=1)
    while day < other:
        days.append(day)
        day += timedelta(days=1)
    return days
