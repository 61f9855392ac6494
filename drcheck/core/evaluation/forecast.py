"""When recovery times will pass their objective, by the tests so far and by how the backups grow; or nothing.

The trend is the median of the slopes between all pairs (Theil 1950), which a quarter of odd tests cannot turn, and its
range that of Sen (1968, https://doi.org/10.1080/01621459.1968.10480934): in it the true slope lies four times in five.
Only what surely grows is foretold, by at least :data:`FEWEST` tests, and no further ahead than they reach back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import ceil, floor, sqrt
from statistics import median
from typing import Final, NamedTuple

from drcheck.core import words

FEWEST: Final = 4
"""Tests without which nothing is foretold: three grow one after the other by chance in one case of six."""
_MOST: Final = 64
"""How many of the newest tests, or of the points evenly chosen, tell: what pairs cost grows with the square."""
_FOUR_IN_FIVE: Final = 1.2816
"""Standard deviations of a normal distribution on both sides of its middle that hold four fifths of it."""
_AHEAD: Final = 4
"""How many times as far ahead as the sizes of points reach back their growth is taken to go on."""


class TimedTest(NamedTuple):
    """A test that passed, and of which it is known how long it took."""

    at: int
    took: int
    """Seconds."""
    size: int | None = None
    """Bytes of the recovery point; None: not known."""


class Forecast(NamedTuple):
    """When recovery times pass their objective."""

    at: int
    """Most likely; the instant judged where that is overdue."""
    earliest: int
    latest: int
    """Between the two it lies four times in five."""
    tests: int
    by_size: bool
    """Whether it goes by how the backups grow, and how the time hangs on that; else by the times alone."""

    def words(self, objective: int) -> str:
        """Say on which day that is, between which days, and by what: no trend tells the hour."""
        by = "by how the backups grow and their restores with them" if self.by_size else "as it grows"
        at, earliest, latest = (words.instant(one).partition("T")[0] for one in (self.at, self.earliest, self.latest))
        between = "" if earliest == latest else f" ({earliest} to {latest})"
        return (
            f"recovery time is expected to pass {words.duration(objective)} about {at}{between}, {by} in the last "
            f"{self.tests} tests"
        )


class _Line(NamedTuple):
    slope: float
    start: float

    def where(self, value: float) -> float:
        """Return where it reaches a value; it grows."""
        return (value - self.start) / self.slope


class _Trend(NamedTuple):
    """A line through the middle, and those of the lowest and the greatest slope that are likely."""

    low: _Line
    middle: _Line
    high: _Line


def forecast(
    trials: Sequence[TimedTest], sizes: Sequence[tuple[int, int]], objective: int, as_of: int
) -> Forecast | None:
    """Return when recoveries will take longer than ``objective``; None: nothing surely grows, or not for long yet.

    ``sizes`` are those of the recovery points that would be restored, each with the instant of its data. Neither need
    be in order.
    """
    trials = sorted(trials, key=lambda one: (one.at, one.took, one.size or 0))[-_MOST:]
    if len(trials) < FEWEST:
        return None
    reach = trials[-1].at - trials[0].at
    instants, by_size = _by_size(trials, sizes, objective, as_of), True
    if instants is not None:
        known = [at for at, _ in sizes]
        reach = min(reach, _AHEAD * (max(known) - min(known)))
    else:
        trend = _growing([(one.at - as_of, one.took) for one in trials])
        instants, by_size = None if trend is None else [line.where(objective) for line in trend], False
    if instants is None:
        return None
    latest, at, earliest = (as_of + max(0, ceil(one)) for one in instants)
    if at > as_of + reach:
        return None
    # Lines of unlike slopes need not cross in their order.
    return Forecast(at, min(earliest, at), max(latest, at), len(trials), by_size)


def _by_size(
    trials: Sequence[TimedTest], sizes: Sequence[tuple[int, int]], objective: int, as_of: int
) -> list[float] | None:
    """Return when the restore of the points of that time takes too long: by the least growth, the middle, the most."""
    times = _growing([(one.size, one.took) for one in trials if one.size is not None])
    growth = _growing([(at - as_of, size) for at, size in _evenly(sorted(sizes))])
    if times is None or growth is None:
        return None
    return [sizes.where(line.where(objective)) for line, sizes in zip(times, growth, strict=True)]


def _evenly(rows: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    step = max(1, ceil(len(rows) / _MOST))
    return (rows[-1 - index] for index in range(0, len(rows), step))


def _growing(rows: Sequence[tuple[float, float]]) -> _Trend | None:
    """Return the trend of (where, value); None: there are too few to tell, or it does not surely grow."""
    slopes = sorted((y - x) / (b - a) for (a, x), (b, y) in combinations(rows, 2) if a != b)
    if len({where for where, _ in rows}) < FEWEST:
        return None
    count, pairs = len(rows), len(slopes)
    spread = _FOUR_IN_FIVE * sqrt(count * (count - 1) * (2 * count + 5) / 18)
    low = slopes[max(0, floor((pairs - spread) / 2) - 1)]
    high = slopes[min(pairs - 1, ceil((pairs + spread) / 2))]
    if low <= 0:
        return None
    return _Trend(*(_Line(slope, median(y - slope * x for x, y in rows)) for slope in (low, median(slopes), high)))
