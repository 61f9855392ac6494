"""Calendar rules: slots of local time, cron ticks, business days.

A slot begins at the first instant of its local label, in whole seconds since the epoch: days have 23 to 25 hours, a
repeated hour is two slots, a date that the zone skips has none, weeks start on Monday (ISO 8601).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache, partial
from itertools import pairwise, takewhile
from typing import NamedTuple

from cronsim import CronSim

from drcheck.core.model.commitments import Notice
from drcheck.core.model.policy import BusinessCalendar
from drcheck.core.model.slots import Per

HOUR = 3600
DAY = 86400
_REACHES = (DAY, 8 * DAY, 32 * DAY, 367 * DAY, 2923 * DAY)
"""How far ticks are looked for: 29 February can be eight years away, as from 1896 and from 2096."""


class Slot(NamedTuple):
    """A stretch of local time, half-open."""

    start: int
    end: int
    label: str


@lru_cache(maxsize=256)
def slots(per: Per, zone: tzinfo, start: int, end: int) -> tuple[Slot, ...]:
    """Return all slots that overlap [start, end), oldest first."""
    found = _hours(zone, start, end) if per is Per.HOUR else _dates(per, zone, start, end)
    return tuple(slot for slot in found if slot.end > start and slot.start < end)


@lru_cache(maxsize=256)
def ticks(schedule: str, zone: tzinfo, start: int, end: int) -> tuple[int, ...]:
    """Return the instants in [start, end) at which Debian's cron would start ``schedule``, oldest first.

    See cron(8), Debian: a job in the skipped hour runs right after it, one at a fixed time in the repeated hour
    runs once, wildcards follow the clock.
    """
    # Started inside a repeated hour, cronsim can return a tick before its start, or one twice: begin days earlier.
    begin = datetime.fromtimestamp(start, UTC).astimezone(zone) - timedelta(days=3)
    found: set[int] = set()
    for moment in CronSim(schedule, begin):
        instant = int(moment.timestamp())
        if instant >= end:
            break
        if instant >= start:
            found.add(instant)
    return tuple(sorted(found))


def last_tick(schedule: str, zone: tzinfo, before: int) -> int:
    """Return the newest tick of ``schedule`` at or before ``before``; an instant eight years back if there is none."""
    for reach in _REACHES:
        if found := ticks(schedule, zone, before - reach, before + 1):
            return found[-1]
    return before - _REACHES[-1]


def next_tick(schedule: str, zone: tzinfo, after: int) -> int:
    """Return the first tick of ``schedule`` at or after ``after``; an instant eight years on if there is none."""
    for reach in _REACHES:
        if found := ticks(schedule, zone, after, after + reach):
            return found[0]
    return after + _REACHES[-1]


@lru_cache(maxsize=64)
def longest_gap(schedule: str) -> int:
    """Return the longest time between two neighbouring ticks of ``schedule``, in seconds that clocks on a wall show."""
    minute, hour, day, month, weekday = schedule.split()
    first = datetime(2000, 1, 1, tzinfo=UTC)
    times = [moment.timestamp() for moment in _until(first + timedelta(days=1), f"{minute} {hour} * * *", first)]
    apart = 1
    if (day, month, weekday) != ("*", "*", "*"):
        # Dates and days of the week come together again after 28 years; without dates, after one week.
        weekly = day == month == "*" and not {"#", "L"} & set(weekday.upper())
        cycle = timedelta(weeks=1) if weekly else timedelta(days=28 * 1461 // 4)
        dates = [moment.toordinal() for moment in _until(first + cycle, f"0 12 {day} {month} {weekday}", first)]
        dates += [date + cycle.days for date in dates[:1]]  # where the cycle begins anew
        apart = max((after - one for one, after in pairwise(dates)), default=28 * 366)
    overnight = DAY * apart - int(times[-1] - times[0])
    return max(overnight, *(int(after - one) for one, after in pairwise(times)), 0)


def _until(end: datetime, schedule: str, start: datetime) -> Iterator[datetime]:
    # It yields what comes after its start, never the start itself.
    return takewhile(lambda moment: moment < end, CronSim(schedule, start - timedelta(seconds=1)))


def local_date(instant: int, zone: tzinfo) -> date:
    """Return the date that the zone's calendars show at ``instant``."""
    return _local(instant, zone).date()


def day_starts(day: date, zone: tzinfo) -> int:
    """Return the first instant at which the zone shows ``day``, or a later one where it skips that date."""
    naive = datetime(day.year, day.month, day.day)  # noqa: DTZ001  the zone is put on twice, once for each fold
    # Where midnight does not exist the two readings enclose the change; elsewhere the earlier one is the answer.
    candidates = sorted(int(naive.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1))
    low, high = candidates[0] - DAY, candidates[1]
    if local_date(candidates[0], zone) >= day and local_date(candidates[0] - 1, zone) < day:
        return candidates[0]
    return _first(lambda instant: local_date(instant, zone) >= day, low, high)


def is_business_day(day: date, calendar: BusinessCalendar) -> bool:
    """Return whether ``day`` is a working day of ``calendar``."""
    if day.weekday() not in calendar.weekdays or (day.month, day.day) in calendar.also:
        return False
    return not (calendar.country and day in _public_holidays(calendar.country, day.year))


def business_days_between(calendar: BusinessCalendar, zone: tzinfo, announced_at: int, event_at: int) -> int:
    """Return how many whole business days lie between the announcement's date and the event's, both excluded."""
    first, last = local_date(announced_at, zone), local_date(event_at, zone)
    days = (first + timedelta(days=n) for n in range(1, (last - first).days))
    return sum(is_business_day(day, calendar) for day in days)


def notice_kept(notice: Notice, calendar: BusinessCalendar, zone: tzinfo, announced_at: int, event_at: int) -> bool:
    """Return whether an event was announced at least ``notice`` before it."""
    if announced_at > event_at:
        return False
    if notice.business_days:
        return business_days_between(calendar, zone, announced_at, event_at) >= notice.business_days
    return event_at - announced_at >= notice.seconds


def days_later(instant: int, days: int, zone: tzinfo) -> int:
    """Return when the clocks on the wall show the same time ``days`` calendar days later.

    From the first instant of a date it is the first instant of that later date.
    """
    day = local_date(instant, zone)
    if instant == day_starts(day, zone):
        return day_starts(day + timedelta(days=days), zone)
    return int((_local(instant, zone) + timedelta(days=days)).timestamp())


def business_days_later(day: date, days: int, calendar: BusinessCalendar, zone: tzinfo) -> int:
    """Return the end of the ``days``-th business day after ``day``; an instant a century on if there are none."""
    last = day + timedelta(days=36525)
    while days > 0 and day < last:
        day += timedelta(days=1)
        days -= is_business_day(day, calendar)
    return day_starts(day + timedelta(days=1), zone)


def touches_business_hours(calendar: BusinessCalendar, zone: tzinfo, start: int, end: int) -> bool:
    """Return whether any part of [start, end) lies within business hours; an instant is its own second."""
    day, last = local_date(start, zone), local_date(max(start, end - 1), zone)
    while day <= last:
        if is_business_day(day, calendar):
            for opens, closes in _business_hours(day, calendar, zone):
                if opens < closes and start < closes and max(end, start + 1) > opens:
                    return True
        day += timedelta(days=1)
    return False


def _business_hours(day: date, calendar: BusinessCalendar, zone: tzinfo) -> Iterator[tuple[int, int]]:
    """Yield from when until when the clocks of a date show business hours: twice where they are set in between.

    What a repeated hour shows counts both times; a date that the zone skips has none.
    """
    since, end = day_starts(day, zone), day_starts(day + timedelta(days=1), zone)
    label = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    while since < end:
        offset = _offset(since, zone)
        changes = _offset(end - 1, zone) != offset
        until = _first(partial(_shifted, zone, offset), since, end - 1) if changes else end
        yield max(since, label + calendar.opens - offset), min(until, label + calendar.closes - offset)
        since = until


def _local(instant: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(instant, zone)


def _offset(instant: int, zone: tzinfo) -> int:
    return _offset_of(_local(instant, zone))


def _offset_of(moment: datetime) -> int:
    offset = moment.utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _shifted(zone: tzinfo, offset: int, instant: int) -> bool:
    return _offset(instant, zone) != offset


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """Return the first instant in (low, high] at which ``holds``, which turns true once and stays so."""
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle
    return high


def _hours(zone: tzinfo, start: int, end: int) -> list[Slot]:
    """Walk from full hour to full hour, stopping at each change of the zone's offset."""
    begins: list[tuple[int, datetime]] = []
    instant = start - 3 * HOUR
    moment = _local(instant, zone)
    label: tuple[date, int, int] | None = None
    while instant < end + 2 * HOUR:
        offset = _offset_of(moment)
        shown = (moment.date(), moment.hour, moment.fold)
        if shown != label:
            begins.append((instant, moment))
            label = shown
        until = instant + HOUR - (instant + offset) % HOUR
        following = _local(until, zone)
        if _offset_of(following) != offset:
            until = _first(partial(_shifted, zone, offset), instant, until)
            following = _local(until, zone)
        instant, moment = until, following
    # The first one may have been entered half-way.
    return [Slot(begin, after, Per.HOUR.shape.label(at)) for (begin, at), (after, _) in pairwise(begins[1:])]


def _dates(per: Per, zone: tzinfo, start: int, end: int) -> list[Slot]:
    day = per.first_date(local_date(start, zone) - timedelta(days=1))
    last = local_date(end, zone) + timedelta(days=1)
    found: list[Slot] = []
    begin = day_starts(day, zone)
    while day <= last:
        following = per.next_date(day)
        after = day_starts(following, zone)
        if after > begin:  # else the zone skips all of it
            found.append(Slot(begin, after, per.shape.label(day)))
        day, begin = following, after
    return found


@lru_cache(maxsize=64)
def _public_holidays(country: str, year: int) -> frozenset[date]:
    # Imported here: the package is large, and few policies name a country.
    import holidays

    return frozenset(holidays.country_holidays(country, years=year))
