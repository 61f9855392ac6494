"""From what a name's directives spell to the instants that it can stand for.

What names of one hour, or one day, share is looked up once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, tzinfo
from datetime import time as time_of_day
from functools import lru_cache
from typing import Final

from drcheck.core.names.directives import DATE, MONTHS, WEEKDAYS, DirectiveLength, as_directive, span
from drcheck.core.time import wallclock

Instants = Callable[["re.Match[str]"], tuple[int, int] | None]
"""Turns a match into the earliest and the latest instant that it can stand for; None: no calendar has it."""

_ABBREVIATED: Final = 3
_NOON: Final = 12


def reader(letters: frozenset[str], groups: Mapping[str, int], zone: tzinfo) -> Instants | None:
    """Return what reads the instants of a template's matches; None: it tells none.

    ``letters`` are the template's directives, ``groups`` the pattern's groups by letter, ``zone`` that of its times.
    """
    if not letters:
        return None
    dated = "".join(letter for letter in groups if letter in letters & (DATE | {*"HIp"}))
    if "s" in letters:
        return _epoch(dated, groups, span(letters - {"s"}))
    spelled = tuple(groups[letter] for letter in dated)
    dates = "".join(letter for letter in dated if letter in DATE)
    hour, minute, second, offset = (groups[letter] if letter in letters else 0 for letter in "HMSz")
    times = (*(groups[letter] for letter in dates), hour, minute) if hour and minute else ()

    @lru_cache(maxsize=1 << 13)
    def even(*spelled: str) -> int | None:
        """Return the instant at which a day begins around which clocks do not change; None: they do, or none does."""
        days = _days(tuple(zip(dates, spelled, strict=True)))
        if days is None or days[0] != days[1]:
            return None
        label = wallclock.midnight(days[0])
        ahead = wallclock.even_offset(label, zone)
        return None if ahead is None else label - ahead

    def instants(found: re.Match[str]) -> tuple[int, int] | None:
        if times:
            *date, hours, minutes = found.group(*times)
            if (midnight := even(*date)) is not None:
                exactly = midnight + wallclock.HOUR * int(hours) + 60 * int(minutes)
                exactly += (int(found[second]) if second else 0) - (_offset(found[offset]) if offset else 0)
                return exactly, exactly
        shown = _shown(dated, found.group(*spelled), zone)
        if shown is None:
            return None
        ahead = _offset(found[offset]) if offset else 0
        if not minute:
            return shown.lo - ahead, shown.hi - ahead
        past = 60 * int(found[minute])
        if second:
            past += int(found[second])
        if shown.plain:
            exactly = shown.lo + past - ahead
            return exactly, exactly
        read = wallclock.readings(shown.label + past, zone)
        return (read[0], read[-1]) if read else wallclock.around_skipped(shown.label + past, zone)

    return instants


def _epoch(dated: str, groups: Mapping[str, int], unit: DirectiveLength | None) -> Instants:
    """Read seconds since the epoch; a date beside them is of an unknown zone and must agree to within a day."""
    spelled = tuple(groups[letter] for letter in dated)

    def instants(found: re.Match[str]) -> tuple[int, int] | None:
        instant = int(found[groups["s"]])
        if unit is not None:
            days = _days(tuple(zip(dated, found.group(*spelled), strict=True)))
            if days is None:
                return None
            first, last = wallclock.midnight(days[0]), wallclock.midnight(days[1])
            if not first - wallclock.DAY <= instant < last + 2 * wallclock.DAY:
                return None
        return instant, instant

    return instants


@lru_cache(maxsize=1 << 13)
def _shown(letters: str, values: tuple[str, ...], zone: tzinfo) -> wallclock.ClockReading | None:
    """Return when clocks show the hour, day, week or month that ``values`` spell; None: no calendar has it."""
    told = dict(zip(letters, values, strict=True))
    days = _days(tuple((letter, value) for letter, value in told.items() if letter in DATE))
    if days is None:
        return None
    if "H" in told or "I" in told:
        label = wallclock.midnight(days[0]) + wallclock.HOUR * _hour(told)
        return wallclock.hour(label, zone) or _skipped(label, zone)
    if days[0] == days[1]:
        return wallclock.day(wallclock.midnight(days[0]), zone)
    first, last = map(wallclock.midnight, days)
    shown = (wallclock.day(label, zone) for label in range(first, last + 1, wallclock.DAY))
    known = [day for day in shown if day is not None]
    return wallclock.ClockReading(known[0].label, known[0].lo, known[-1].hi, plain=False) if known else None


def _skipped(label: int, zone: tzinfo) -> wallclock.ClockReading | None:
    """Return when it may have been meant to be an hour all of which the clocks skip; None: nobody can tell."""
    first, last = (wallclock.around_skipped(each, zone) for each in (label, label + wallclock.HOUR - 1))
    return None if first is None or last is None else wallclock.ClockReading(label, first[0], last[1], plain=False)


def _hour(told: Mapping[str, str]) -> int:
    if "H" in told:
        return int(told["H"])
    return int(told["I"]) % _NOON + (_NOON if told["p"].upper() == "PM" else 0)


@lru_cache(maxsize=1 << 13)
def _days(spelled: tuple[tuple[str, str], ...]) -> tuple[date, date] | None:
    """Return the first and the last day of the date that is spelled; None: there is none, or its pieces disagree."""
    try:
        first, last = _spelled(dict(spelled))
    except (ValueError, OverflowError):
        return None
    moment = datetime.combine(first, time_of_day())
    for letter, value in spelled:
        if letter in DATE and as_directive(letter, 0, moment).casefold() != value.casefold():
            return None
    return first, last


def _spelled(told: Mapping[str, str]) -> tuple[date, date]:
    """Return the days of a date, before its pieces are compared; raises ValueError where there is none."""
    year = int(told["Y"]) if "Y" in told else 2000 + int(told["y"]) if "y" in told else None
    month = next((letter for letter in "mbB" if letter in told), "")
    if year is not None and "j" in told:
        day = date(year, 1, 1) + timedelta(days=int(told["j"]) - 1)
        return day, day
    if year is not None and month:
        number = int(told["m"]) if month == "m" else _index(MONTHS, told[month]) + 1
        if "d" in told:
            day = date(year, number, int(told["d"]))
            return day, day
        first = date(year, number, 1)
        return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    weekday = next((letter for letter in "uaA" if letter in told), "")
    if weekday:
        number = int(told["u"]) if weekday == "u" else _index(WEEKDAYS, told[weekday]) + 1
        day = date.fromisocalendar(int(told["G"]), int(told["V"]), number)
        return day, day
    monday = date.fromisocalendar(int(told["G"]), int(told["V"]), 1)
    return monday, monday + timedelta(days=6)


def _index(names: tuple[str, ...], name: str) -> int:
    """Return which of ``names`` begins with the first letters of ``name``, whatever their case."""
    beginnings = [each[:_ABBREVIATED].casefold() for each in names]
    return beginnings.index(name[:_ABBREVIATED].casefold())


def _offset(text: str) -> int:
    if text == "Z":
        return 0
    digits = text[1:].replace(":", "")
    seconds = 3600 * int(digits[:2]) + 60 * int(digits[2:])
    return -seconds if text[0] == "-" else seconds
