"""The slots of a calendar that policies count by: an hour, a day, and what is made of days or months.

All that is known of a kind of slot stands in its line of :class:`Per`; a line that lacks something does not load. When
such a slot begins in a zone is told by :mod:`drcheck.core.time.calendar`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from enum import Flag, StrEnum, auto
from typing import Final, Self

from msgspec import Struct

_HOUR: Final = 3600
_DAY: Final = 86400


class Use(Flag):
    """What a policy may count by a slot."""

    BACKUPS = auto()
    """Backups that are made, copied or kept: one in each slot."""
    PERIOD = auto()
    """Availability: the period that a target is for."""
    MAINTENANCE = auto()
    """Windows of maintenance that are excused: the first in each slot."""


class Shape(Struct, frozen=True, kw_only=True):
    """What is known of one kind of slot."""

    name: str
    """What policies call it."""
    adverb: str
    """How often something is that each slot has once: the name of a tier of backups."""
    uses: Use
    days: int = 0
    """How many days it has, counted so that weeks start on Monday (ISO 8601); 0: it is no number of days."""
    months: int = 0
    """How many months it has, counted from January; 0: it is no number of months."""
    lengths: tuple[int, ...]
    """Its lengths in seconds, where no clock is set, as far as they are worth telling apart; the longest last."""
    sample: int
    """How many seconds of the calendar show what there is to see near the edges of such slots."""
    label: Callable[[date], str]
    """Returns what people call the slot that begins with a date, or with a date and time."""


class Per(StrEnum):
    """A calendar slot, the shortest first."""

    shape: Shape

    def __new__(cls, shape: Shape) -> Self:
        """Make a member of its line."""
        made = str.__new__(cls, shape.name)
        made._value_ = shape.name
        made.shape = shape
        return made

    HOUR = Shape(
        name="hour", adverb="hourly", uses=Use.BACKUPS,
        lengths=(_HOUR,), sample=3 * _DAY, label=lambda begins: f"{begins:%Y-%m-%d %H:00}",
    )  # fmt: skip
    DAY = Shape(
        name="day", adverb="daily", uses=Use.BACKUPS | Use.PERIOD | Use.MAINTENANCE,
        days=1, lengths=(_DAY,), sample=16 * _DAY, label=date.isoformat,
    )  # fmt: skip
    WEEK = Shape(
        name="week", adverb="weekly", uses=Use.BACKUPS | Use.MAINTENANCE,
        days=7, lengths=(7 * _DAY,), sample=40 * _DAY,
        label=lambda day: f"week {day.isocalendar().week} of {day.isocalendar().year}",
    )  # fmt: skip
    MONTH = Shape(
        name="month", adverb="monthly", uses=Use.BACKUPS | Use.PERIOD | Use.MAINTENANCE,
        months=1, lengths=(28 * _DAY, 30 * _DAY, 31 * _DAY), sample=95 * _DAY,
        label=lambda day: f"{day:%Y-%m}",
    )  # fmt: skip
    QUARTER = Shape(
        name="quarter", adverb="quarterly", uses=Use.PERIOD,
        months=3, lengths=(90 * _DAY, 92 * _DAY), sample=280 * _DAY,
        label=lambda day: f"{day.year}-Q{(day.month + 2) // 3}",
    )  # fmt: skip
    YEAR = Shape(
        name="year", adverb="yearly", uses=Use.PERIOD,
        months=12, lengths=(365 * _DAY, 366 * _DAY), sample=1100 * _DAY,
        label=lambda day: str(day.year),
    )  # fmt: skip

    @property
    def length(self) -> int:
        """The most seconds that it has on the calendar, where no clock is set."""
        return self.shape.lengths[-1]

    @property
    def longest(self) -> int:
        """The most seconds that it can have: clocks that are set back make a day of 25 hours, but no such hour."""
        return self.length + (_HOUR if self.shape.days or self.shape.months else 0)

    def first_date(self, day: date) -> date:
        """Return the first date of the slot that holds ``day``; of an hour, the date itself."""
        if months := self.shape.months:
            return day.replace(month=(day.month - 1) // months * months + 1, day=1)
        return day - timedelta(days=(day.toordinal() - 1) % (self.shape.days or 1))

    def next_date(self, first: date) -> date:
        """Return the first date of the slot after the one that begins with ``first``; of an hour, the next date."""
        if self.shape.months:
            months = first.month - 1 + self.shape.months
            return date(first.year + months // 12, months % 12 + 1, 1)
        return first + timedelta(days=self.shape.days or 1)


_NAMED: Final = {per.shape.name: per for per in Per}


def slot(name: str) -> Per:
    """Return the slot that policies call ``name``; raises ``KeyError`` where there is none."""
    return _NAMED[name]


def counted_by(use: Use) -> tuple[Per, ...]:
    """Return the slots by which a policy may count that, the shortest first."""
    return tuple(per for per in Per if use in per.shape.uses)
