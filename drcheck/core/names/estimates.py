"""What a series of backups shows of its habits: how often they come, how large they are, how far back they reach.

It is a beginning for a policy, and no judgement: what was promised stands in no listing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

from drcheck.core.names.series import Series, SeriesPoint
from drcheck.core.names.template import Template

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400
_NEWEST: Final = 60
"""Backups that habits are taken from: older ones may have been thinned out."""
_USUAL: Final = (
    *(minutes * _MINUTE for minutes in (1, 2, 5, 10, 15, 20, 30)),
    *(hours * _HOUR for hours in (1, 2, 3, 4, 6, 8, 12)),
    *(days * _DAY for days in (1, 2, 3, 7, 14, 30)),
)
"""Seconds between backups that people plan."""
_SLOTS: Final = {_HOUR: "hour", _DAY: "day", 7 * _DAY: "week", 30 * _DAY: "month"}
_SLOT_LENGTHS: Final = {"hour": _HOUR, "day": _DAY, "week": 7 * _DAY, "month": 31 * _DAY}
_OUTLIER: Final = 10
"""A backup so many times smaller than the median is taken for a broken one, and for no measure."""


class Estimate(NamedTuple):
    """What was seen of one series."""

    backups: int
    oldest: int
    newest: int
    every: int | None
    """Seconds between two backups, as people plan them; of data sets the longest. None: there are too few."""
    longest: int | None
    """The longest time between two."""
    unbroken_from: int
    """Since when no time between two backups was much longer than usual."""
    smallest: int
    """Bytes of the smallest of the newest backups that looks whole."""
    largest: int
    shrinks: int
    """The largest share, in per cent, by which one was smaller than another of its data set and kind."""
    tiny: int
    """How many of the newest were empty, or so small that they may be broken."""
    unit: int
    """How finely names tell the instant, in seconds."""

    @property
    def per(self) -> str:
        """The calendar slot that each holds a backup; empty: they come more often or less, or it is not known."""
        return _SLOTS.get(self.every or 0, "")

    @property
    def rpo(self) -> int:
        """How old the newest data gets at most, by the usual time between backups; of a single one, as if daily."""
        every = self.every or _DAY
        spare = max(5 * _MINUTE, every // 12 if every <= _DAY else _DAY // 4)
        at_most = every + spare + (self.unit if self.unit >= _DAY else 0)
        step = _HOUR if at_most > 2 * _HOUR else _MINUTE
        return -(-at_most // step) * step

    @property
    def kept_per(self) -> str:
        """The slot of which one backup each is kept."""
        return self.per if self.per in {"week", "month"} else "day" if (self.every or _DAY) <= _DAY else "month"

    @property
    def kept(self) -> int | None:
        """For how many seconds backups have been kept, in whole days; None: for too short to promise anything."""
        days = (self.newest - self.unbroken_from) // _DAY * _DAY
        return days if self.every and days >= 2 * _SLOT_LENGTHS[self.kept_per] else None

    @property
    def min_size(self) -> int:
        """Half of the smallest, rounded down to 1, 2 or 5 and zeros."""
        half = max(1, self.smallest // 2)
        power = int(f"1{'0' * (len(str(half)) - 1)}")
        return max(step * power for step in (1, 2, 5) if step * power <= half)

    @property
    def max_shrink(self) -> int:
        """Per cent by which a backup may be smaller than those before it, given how sizes vary."""
        return 50 if self.shrinks <= 40 else min(90, (self.shrinks + 19) // 10 * 10)  # noqa: PLR2004  with some room


def estimate(series: Series) -> Estimate:
    """Return what is seen of a series, whose every data set has at least one backup."""
    every: list[int] = []
    longest: list[int] = []
    unbroken: list[int] = []
    for points in series.points.values():
        instants = sorted({point.data_lo for point in points})
        gaps = [after - before for before, after in pairwise(instants)]
        unbroken.append(instants[-1])
        if not gaps:
            continue
        usual = _usual(int(median(gaps[-_NEWEST:])))
        every.append(usual)
        longest.append(max(gaps))
        broken = [after for before, after in pairwise(instants) if after - before > 2 * usual]
        unbroken[-1] = broken[-1] if broken else instants[0]
    newest = [point for points in series.points.values() for point in points[-_NEWEST:]]
    alike: dict[tuple[str, str], list[int]] = defaultdict(list)
    for of, points in series.points.items():
        for point in points[-_NEWEST:]:
            alike[of, point.kind].append(point.size)
    whole = [_whole(sizes) for sizes in alike.values()]
    return Estimate(
        backups=sum(map(len, series.points.values())),
        oldest=min(points[0].data_lo for points in series.points.values()),
        newest=max(points[-1].data_lo for points in series.points.values()),
        every=max(every, default=None),
        longest=max(longest, default=None),
        unbroken_from=max(unbroken),
        smallest=min((min(sizes) for sizes in whole if sizes), default=0),
        largest=max((max(sizes) for sizes in whole if sizes), default=0),
        shrinks=max((100 - 100 * min(sizes) // max(sizes) for sizes in whole if sizes), default=0),
        tiny=len(newest) - sum(map(len, whole)),
        unit=_unit(newest),
    )


def has_zone(series: Series) -> bool:
    """Return whether its names tell the zone of their instants."""
    return Template.parse(series.template).has_zone


def _usual(gap: int) -> int:
    """Return the usual time between backups that is nearest; else the gap in whole minutes, hours or days."""
    nearest = min(_USUAL, key=lambda each: abs(each - gap))
    if abs(nearest - gap) <= nearest // 10:
        return nearest
    step = next(step for step in (_DAY, _HOUR, _MINUTE, 1) if gap >= step)
    return -(-gap // step) * step


def _whole(sizes: Sequence[int]) -> list[int]:
    """Return the sizes that are no broken backup's."""
    middle = median(sizes)
    return [size for size in sizes if size and _OUTLIER * size >= middle]


def _unit(points: Sequence[SeriesPoint]) -> int:
    """Return how many seconds a name leaves open, of the one that leaves most."""
    return max(point.data_hi - point.data_lo for point in points) + 1
