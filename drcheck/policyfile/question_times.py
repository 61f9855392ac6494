"""Instants and periods as people name them on the command line: ``2026-11-01``, ``2026-09``, ``2026-Q3``, ``2026``.

A bare date, month, quarter or year is the policy's own: it begins at midnight in the policy's zone, so that one and the
same word is another window for each policy. Periods are half-open: one ends where the next one begins.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, tzinfo
from typing import Final, NamedTuple

from drcheck.core.time.calendar import day_starts, local_date
from drcheck.core.words import quoted
from drcheck.errors import DrcheckError
from drcheck.policyfile import units

Moment = Callable[[tzinfo], int]
"""An instant, once the zone is known."""

_YEAR: Final = re.compile(r"([0-9]{4})")
_QUARTER: Final = re.compile(r"([0-9]{4})-?Q([1-4])", re.IGNORECASE)
_MONTH: Final = re.compile(r"([0-9]{4})-([0-9]{2})")
_MONTHS_OF_YEAR: Final = 12
_PERIODS: Final = "Write a day, month, quarter or year, like 2026-09-30, 2026-09, 2026-Q3 or 2026."


class Period(NamedTuple):
    """A stretch of time as somebody named it."""

    label: str
    start: Moment
    end: Moment


def moment(text: str) -> Moment:
    """Return an instant with offset, or the beginning of a date, month, quarter or year; raises DrcheckError."""
    if (months := _months(text)) is not None:
        return _starts(months[0])
    units.instant(text, UTC)  # what is wrong with it does not hang on the zone
    return lambda zone: units.instant(text, zone)


def period(text: str) -> Period:
    """Return the period that ``text`` names; raises DrcheckError."""
    if (months := _months(text)) is not None:
        first, count = months
        return Period(text, _starts(first), _starts(first + count))
    try:
        day = units.day(text)
    except DrcheckError as error:
        raise DrcheckError(f"{quoted(text)} is no period", _PERIODS) from error
    following = date.fromordinal(day.toordinal() + 1)
    return Period(text, lambda zone: day_starts(day, zone), lambda zone: day_starts(following, zone))


def newest_over(unit: str, zone: tzinfo, before: int) -> str:
    """Return the name of the newest ``day``, ``month``, ``quarter`` or ``year`` of ``zone`` that is over ``before``."""
    today = local_date(before, zone)
    match unit:
        case "day":
            return date.fromordinal(today.toordinal() - 1).isoformat()
        case "month":
            year, month = divmod(today.year * _MONTHS_OF_YEAR + today.month - 2, _MONTHS_OF_YEAR)
            return f"{year:04}-{month + 1:02}"
        case "quarter":
            year, quarter = divmod(today.year * 4 + (today.month - 1) // 3 - 1, 4)
            return f"{year:04}-Q{quarter + 1}"
        case _:
            return f"{today.year - 1:04}"


def _months(text: str) -> tuple[int, int] | None:
    """Return the first month, counted from year 0, and how many months a name of whole months stands for."""
    first_and_count: tuple[int, int] | None = None
    if match := _YEAR.fullmatch(text):
        first_and_count = int(match[1]) * _MONTHS_OF_YEAR, _MONTHS_OF_YEAR
    elif match := _QUARTER.fullmatch(text):
        first_and_count = int(match[1]) * _MONTHS_OF_YEAR + 3 * (int(match[2]) - 1), 3
    elif (match := _MONTH.fullmatch(text)) and 1 <= int(match[2]) <= _MONTHS_OF_YEAR:
        first_and_count = int(match[1]) * _MONTHS_OF_YEAR + int(match[2]) - 1, 1
    if first_and_count is not None:
        units.day(f"{text[:4]}-01-01")  # refuses years that no agreement is of
    return first_and_count


def _starts(month: int) -> Moment:
    year, index = divmod(month, _MONTHS_OF_YEAR)
    return lambda zone: day_starts(date(year, index + 1, 1), zone)
