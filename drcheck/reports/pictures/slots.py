"""The calendar of slots: in which backups came in time, late or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

from drcheck.core.model.exhibit import SlotKept, Slots
from drcheck.core.model.status import SEVERITY
from drcheck.reports.pictures.svg import WIDTH, Picture

_LEFT: Final = 90
_HOURS, _DAYS = 24, 31
_ROW: Final = 16
_MOST_ROWS: Final = 100
_CROSSED: Final = 6
"""From this width on a missed slot has a cross in it."""
_SHORT: Final = 7200
"""Slots that begin no further apart, in seconds, are hours of a day."""
_ORDER: Final = ("missed", "unknown", "late", "kept", "not due")


class _Cell(NamedTuple):
    row: str
    at: float
    """How far along its row it begins, from 0 to 1."""
    width: float
    word: str
    label: str


def counts(exhibit: Slots) -> str:
    """Return how many slots came to what, in words."""
    number = Counter(slot.came_to.value for slot in exhibit.slots)
    return ", ".join(f"{number[word]} {word}" for word in _ORDER if number[word]) or "no slot was owed"


def slots(exhibit: Slots, zone: tzinfo, title: str) -> str:
    """Return the calendar as SVG: a row is a day of hours, a month of days, or a year of what is longer."""
    cells = _cells(exhibit.slots, zone)
    rows = list(dict.fromkeys(cell.row for cell in cells))
    picture = Picture(max(1, len(rows)) * _ROW + 4, title, counts(exhibit))
    for cell in cells:
        x = _LEFT + cell.at * (WIDTH - _LEFT)
        y = rows.index(cell.row) * _ROW + 2
        _draw(picture, cell, x, y, max(cell.width * (WIDTH - _LEFT) - 2, 2))
    for number, row in enumerate(rows):
        picture.text(0, number * _ROW + 13, row)
    return picture.markup()


def _draw(picture: Picture, cell: _Cell, x: float, y: float, width: float) -> None:
    """Draw a cell so that it is told from others without colour: by how much of it is filled, and by a mark."""
    high, tip = _ROW - 3, f"{cell.label}: {cell.word}"
    match cell.word:
        case "kept":
            picture.rect(x, y, width, high, "met", tip)
        case "late":
            picture.frame(x, y, width, high, "late", tip)
            picture.rect(x, y + high / 2, width, high / 2, "late", tip)
        case "missed":
            picture.rect(x, y, width, high, "breached", tip)
            if width >= _CROSSED:
                picture.line(x + 2, y + 2, x + width - 2, y + high - 2, "paper")
                picture.line(x + 2, y + high - 2, x + width - 2, y + 2, "paper")
        case "unknown":
            picture.frame(x, y, width, high, "unknown", tip)
            picture.rect(x + width / 2 - 1.5, y + high / 2 - 1.5, 3, 3, "unknown", tip)
        case _:
            picture.frame(x, y, width, high, "faint", tip)


def _cells(several: Sequence[SlotKept], zone: tzinfo) -> list[_Cell]:
    apart = median(two.start - one.start for one, two in pairwise(several)) if several[1:] else 86400
    begins = [datetime.fromtimestamp(slot.start, UTC).astimezone(zone) for slot in several]
    dates = {begin.date() for begin in begins}
    if apart <= _SHORT and len(dates) <= _MOST_ROWS:
        of_hour: dict[tuple[str, float], list[SlotKept]] = {}  # of two in the hour that a clock repeats, the worse
        for slot, begin in zip(several, begins, strict=True):
            of_hour.setdefault((begin.date().isoformat(), (begin.hour + begin.minute / 60) / _HOURS), []).append(slot)
        return [
            _Cell(row, at, apart / 3600 / _HOURS, worst.came_to.value, worst.label)
            for (row, at), its in of_hour.items()
            for worst in [max(its, key=_badness)]
        ]
    if apart <= 86400 * 2:
        return _days(several, begins)
    by_year = Counter[int]()
    cells = []
    most = max(Counter(begin.year for begin in begins).values(), default=1)
    for slot, begin in zip(several, begins, strict=True):
        cells.append(_Cell(str(begin.year), by_year[begin.year] / most, 1 / most, slot.came_to.value, slot.label))
        by_year[begin.year] += 1
    return cells


def _badness(slot: SlotKept) -> tuple[int, bool]:
    return (SEVERITY[slot.status] if slot.status else -1, slot.late)


def _days(several: Sequence[SlotKept], begins: Sequence[datetime]) -> list[_Cell]:
    """Return a cell a day, in rows of months; of several slots of a day the worst."""
    of_day: dict[str, list[SlotKept]] = {}
    for slot, begin in zip(several, begins, strict=True):
        # What begins shortly before midnight, as a schedule's slot does that allows for clocks, is of the day after.
        of_day.setdefault((begin + timedelta(minutes=30)).date().isoformat(), []).append(slot)
    cells = []
    for day, its in of_day.items():
        worst = max(its, key=_badness)
        label = worst.label if len(its) == 1 else f"{day}, {len(its)} slots"
        cells.append(_Cell(day[:7], (int(day[8:]) - 1) / _DAYS, 1 / _DAYS, worst.came_to.value, label))
    return cells
