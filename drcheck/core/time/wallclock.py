"""Which instants a wall clock's label can stand for: ``2026-10-25 02:30`` in Stockholm is two of them.

A label is a whole number of seconds: the date and time that the clock shows, counted as if it were UTC. Instants are
seconds since the epoch. Where many labels are read, those of one hour share one look-up of the zone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

HOUR: Final = 3600
DAY: Final = 86400
_MOST_SKIPPED: Final = 3 * HOUR
"""Seconds: no clocks go forward by more in summer; zones that changed their date skipped a day."""
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  labels carry no zone
_FIRST_DAY: Final = date(1970, 1, 1).toordinal()


class ClockReading(NamedTuple):
    """From the first to the last second at which a clock shows one hour or day."""

    label: int
    lo: int
    hi: int
    plain: bool
    """Whether the clock runs through it once and evenly, so that ``lo`` plus the minutes is the instant."""


def midnight(day: date) -> int:
    """Return the label of the first second of ``day``."""
    return (day.toordinal() - _FIRST_DAY) * DAY


def readings(label: int, zone: tzinfo) -> tuple[int, ...]:
    """Return the instants at which the clocks of ``zone`` show ``label``: none, one or two, in order."""
    if zone is UTC:
        return (label,)
    found = set()
    for fold in (0, 1):
        moment = (_EPOCH + timedelta(seconds=label)).replace(tzinfo=zone, fold=fold)
        offset = moment.utcoffset() or timedelta()
        instant = label - int(offset.total_seconds())
        # A label that the clocks skip gets an offset all the same, but not the one in force at that instant.
        if datetime.fromtimestamp(instant, zone).utcoffset() == offset:
            found.add(instant)
    return tuple(sorted(found))


def around_skipped(label: int, zone: tzinfo) -> tuple[int, int] | None:
    """Return the instants of a ``label`` that the clocks skip by the offset from UTC after that, and by the one before.

    What bears such a label was named by when it was meant to start, or by a clock that did not go with the others: its
    instant lies between the two. None: the clocks show it, or skip so much that nobody can tell.
    """
    if readings(label, zone):
        return None
    moment = (_EPOCH + timedelta(seconds=label)).replace(tzinfo=zone)
    offsets = [moment.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1)]
    first, last = sorted(label - int(offset.total_seconds()) for offset in offsets)
    return (first, last) if last - first <= _MOST_SKIPPED else None


@lru_cache(maxsize=1 << 12)
def even_offset(label: int, zone: tzinfo) -> int | None:
    """Return the offset from UTC in force all around the day that begins at ``label``; None: it changes.

    No zone has ever changed twice within three hours, so that is how often it is asked.
    """
    if zone is UTC:
        return 0
    around = range(label - DAY, label + 2 * DAY + 1, 3 * HOUR)
    offsets = {datetime.fromtimestamp(instant, zone).utcoffset() for instant in around}
    return int((offsets.pop() or timedelta()).total_seconds()) if len(offsets) == 1 else None


@lru_cache(maxsize=1 << 12)
def hour(label: int, zone: tzinfo) -> ClockReading | None:
    """Return when the clocks show the hour that begins at ``label``; None: they skip all of it."""
    offset = even_offset(label - label % DAY, zone)
    if offset is not None:
        return ClockReading(label, label - offset, label - offset + HOUR - 1, plain=True)
    first, last = readings(label, zone), readings(label + HOUR - 1, zone)
    if len(first) == len(last) == 1 and last[0] - first[0] == HOUR - 1:
        return ClockReading(label, first[0], last[0], plain=True)
    instants = [instant for second in range(label, label + HOUR, 60) for instant in readings(second, zone)]
    return ClockReading(label, min(instants), max(instants) + 59, plain=False) if instants else None


@lru_cache(maxsize=1 << 12)
def day(label: int, zone: tzinfo) -> ClockReading | None:
    """Return when the clocks show the day that begins at ``label``; None: the zone skips that date."""
    hours = [shown for start in range(label, label + DAY, HOUR) if (shown := hour(start, zone)) is not None]
    return (
        ClockReading(label, min(one.lo for one in hours), max(one.hi for one in hours), plain=False) if hours else None
    )
