"""How quantities are written in policies: durations, sizes, percentages, notices, dates and instants.

Every function takes the text and returns the value, or raises :class:`DrcheckError` with what is wrong and, as
hint, how it is written.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import Final

from drcheck.core.model.commitments import Money, Notice
from drcheck.core.time.calendar import day_starts
from drcheck.core.words import quoted
from drcheck.errors import DrcheckError

_SECONDS: Final = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_DURATION: Final = re.compile(
    r"(?=[0-9])(?:([0-9]{1,9})w)?(?:([0-9]{1,9})d)?(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,10})s)?"
)
_LONGEST: Final = 100 * 366 * 86400
"""A century: what is longer is a slip of the pen, and would leave the calendar."""
_BYTES: Final = {
    "B": 1,
    **{f"{prefix}B": 1000**power for power, prefix in enumerate(("k", "M", "G", "T", "P"), 1)},
    **{f"{prefix}iB": 1024**power for power, prefix in enumerate(("K", "M", "G", "T", "P"), 1)},
}
_SIZE: Final = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,9})?) ?([A-Za-z]+)")
_LARGEST: Final = 1 << 62
_PERCENTAGE: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,12})?) ?%")
_MONEY: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,4})?) ([A-Z]{3})")
_BUSINESS_DAYS: Final = re.compile(r"([0-9]{1,4}) business days?")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_HOURS: Final = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")
_MONTH_DAY: Final = re.compile(r"([0-9]{2})-([0-9]{2})")
SOME_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""A day to begin at where any would do."""
_DAYS_OF_MONTH: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def duration(text: str, *, least: int = 1) -> int:
    """Return seconds: ``90s``, ``15m``, ``8h``, ``1d12h``, ``90d``, ``2w``; ``least`` is 0 where none will do."""
    how = "Write it like 90s, 15m, 8h, 1d12h, 90d or 2w."
    match = _DURATION.fullmatch(text)
    if not match:
        if re.fullmatch(r"[0-9]+", text):
            raise DrcheckError(
                f"{quoted(text)} has no unit", f"Write {text}m for minutes, {text}h for hours or {text}d for days."
            )
        if re.fullmatch(r"[0-9]+ ?(y|M|mo|months?|years?)", text):
            raise DrcheckError(
                f"{quoted(text)} is no fixed time", "Months and years differ in length: write days, as 90d."
            )
        raise DrcheckError(f"{quoted(text)} is not a duration", how)
    seconds = sum(int(amount) * unit for amount, unit in zip(match.groups(), _SECONDS.values(), strict=True) if amount)
    if not least <= seconds <= _LONGEST:
        raise DrcheckError(f"{quoted(text)} is {'no time at all' if not seconds else 'over a century'}", how)
    return seconds


def tolerance(text: str) -> int:
    """Return seconds of a duration that may be none, ``0m``: how late is in time still, how far apart is alike."""
    return duration(text, least=0)


def target(text: str) -> Fraction:
    """Return the share that a percentage names and that can be missed: ``99.9%``."""
    if not (share := percentage(text)):
        raise DrcheckError(f"{quoted(text)} promises nothing", "Write the target, like 99.9%.")
    return share


def size(text: str) -> int:
    """Return bytes: ``500 kB`` (powers of 1000), ``10 MiB`` (powers of 1024)."""
    how = "Write it like 500 kB, 10 MiB or 1.5 GiB."
    match = _SIZE.fullmatch(text)
    if not match:
        if re.fullmatch(r"[0-9]+", text):
            raise DrcheckError(
                f"{quoted(text)} has no unit", f"Write {text} B for bytes, {text} kB, {text} MiB and so on."
            )
        raise DrcheckError(f"{quoted(text)} is not a size", how)
    unit = _BYTES.get(match[2])
    if unit is None:
        raise DrcheckError(f"{match[2]} is no unit of size", f"The units are {', '.join(_BYTES)}.")
    amount = Fraction(match[1]) * unit
    if amount.denominator != 1 or not 0 < amount <= _LARGEST:
        raise DrcheckError(f"{quoted(text)} is not a whole number of bytes above 0", how)
    return int(amount)


def percentage(text: str) -> Fraction:
    """Return the share, exactly: ``99.9%`` is 999/1000."""
    match = _PERCENTAGE.fullmatch(text)
    if not match:
        raise DrcheckError(f"{quoted(text)} is not a percentage", "Write it like 99.9% or 50%.")
    share = Fraction(match[1]) / 100
    if share > 1:
        raise DrcheckError(f"{quoted(text)} is more than everything", "A percentage goes from 0% to 100%.")
    return share


def money(text: str) -> Money:
    """Return an amount, exactly: ``1000 USD``, ``249.90 EUR``; the currency is a code of ISO 4217."""
    match = _MONEY.fullmatch(text)
    if not match:
        raise DrcheckError(
            f"{quoted(text)} is not an amount of money",
            "Write it like 1000 USD or 249.90 EUR: at most 4 decimals, and the currency's code of ISO 4217.",
        )
    amount = Decimal(match[1])
    if not amount:
        raise DrcheckError(f"{quoted(text)} is no money at all", "Write what is paid, or leave it out.")
    return Money(amount, match[2])


def notice(text: str) -> Notice:
    """Return a notice period: a duration, or ``20 business days``."""
    if match := _BUSINESS_DAYS.fullmatch(text):
        if int(match[1]):
            return Notice(business_days=int(match[1]))
    elif _DURATION.fullmatch(text) or re.fullmatch(r"[0-9]+", text):
        return Notice(seconds=duration(text))
    raise DrcheckError(f"{quoted(text)} is not a notice period", "Write it like 48h, 14d or 20 business days.")


def day(text: str) -> date:
    """Return a calendar date: ``2026-01-01``."""
    if not _DATE.fullmatch(text):
        raise DrcheckError(f"{quoted(text)} is not a date", "Write it like 2026-01-31.")
    _in_our_time(text)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DrcheckError(f"{text} is not in the calendar", "Write a date that exists, like 2026-01-31.") from None


def instant(text: str, zone: tzinfo) -> int:
    """Return the instant of an RFC 3339 time with offset, or of a date: its first instant in ``zone``.

    Fractions of a second are cut off.
    """
    if _DATE.fullmatch(text):
        return day_starts(day(text), zone)
    if not _INSTANT.fullmatch(text):
        raise DrcheckError(
            f"{quoted(text)} is neither a date nor an instant with offset",
            "Write 2026-01-31, 2026-01-31T22:30:00Z or 2026-01-31T22:30:00+01:00.",
        )
    _in_our_time(text)
    try:
        return int(datetime.fromisoformat(text).replace(microsecond=0).timestamp())
    except ValueError:
        raise DrcheckError(f"{text} is not in the calendar", "Write an instant that exists.") from None


def until(text: str, zone: tzinfo) -> int:
    """Return the end of a last day in ``zone``, or the instant that is named."""
    return day_starts(day(text) + timedelta(days=1), zone) if _DATE.fullmatch(text) else instant(text, zone)


def _in_our_time(text: str) -> None:
    """Refuse years that no agreement is of: a slip of the pen, and arithmetic that leaves the calendar."""
    if not "1970" <= text[:4] < "3000":
        raise DrcheckError(f"{text} lies outside the years 1970 to 2999", "Check the year.")


def hours(text: str, *, over_midnight: bool = False) -> tuple[int, int]:
    """Return opening and closing time in seconds after local midnight: ``07:00-17:00``, or ``22:00-07:00``."""
    if match := _HOURS.fullmatch(text):
        open_hour, open_minute, close_hour, close_minute = map(int, match.groups())
        opens, closes = open_hour * 3600 + open_minute * 60, close_hour * 3600 + close_minute * 60
        in_order = opens != closes and opens <= 86400 if over_midnight else opens < closes  # noqa: PLR2004  a day
        if max(open_minute, close_minute) < 60 and in_order and closes <= 86400:  # noqa: PLR2004  minutes of an hour
            return opens, closes
    raise DrcheckError(f"{quoted(text)} is not a span of hours", 'Write it like "07:00-17:00", at most "00:00-24:00".')


def month_day(text: str) -> tuple[int, int]:
    """Return the (month, day) of a yearly date: ``12-24``."""
    if match := _MONTH_DAY.fullmatch(text):
        month, on = int(match[1]), int(match[2])
        if 1 <= month <= len(_DAYS_OF_MONTH) and 1 <= on <= _DAYS_OF_MONTH[month - 1]:
            return month, on
    raise DrcheckError(f"{quoted(text)} is not a day of the year", 'Write month and day, like "12-24".')
