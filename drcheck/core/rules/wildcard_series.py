"""Where a wildcard reads the backups of two things as one, the one that goes on hides that the other one stopped.

``{*}`` may stand for what changes by itself (a version, a host after a fail-over): then one series of names follows the
other. Two that came side by side, equally often, may be backups of two data sets, or of two hosts of one. As long as
both come nobody need know; once one stops, whether the other one holds its data decides, and no name tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from drcheck.core import words
from drcheck.core.model.points import Doubt, Points
from drcheck.core.rules.interface import RuleInput

LEAST: Final = 5
"""Backups of one name, but for its numbers, that make a series; and that two must have had side by side."""
_NEWEST: Final = 10
"""Those by which it is known how often a series comes."""
_MOST: Final = 50
"""Series that are compared with each other, those with the newest data."""
_NUMBER: Final = re.compile(r"[0-9]+")


class _Series(NamedTuple):
    """Backups whose names differ in numbers alone, and that come regularly."""

    rows: Sequence[int]
    data: Sequence[int]
    """The instants of the newest of them."""
    every: int
    """The longest time between two of those."""

    @property
    def over_at(self) -> int:
        """When it has surely stopped, if nothing of it has come by then."""
        return self.data[-1] + 2 * self.every

    def is_outlived_by(self, other: _Series) -> bool:
        """Return whether another one came as often, and went on after this one had stopped."""
        as_often = 2 * max(self.every, other.every) <= 3 * min(self.every, other.every)
        return as_often and other.data[-1] > self.over_at


def apply(points: Points, shown: RuleInput) -> Points:
    """Doubt what came after a series had stopped beside which it, or another one of its kind, had come."""
    if not any("{*" in template for template in shown.source.templates):
        return points
    found = sorted(_series(points), key=lambda one: one.data[-1], reverse=True)[:_MOST]
    over = [one for one in found if any(_side_by_side(points, one, other) for other in found if other is not one)]
    if not over:
        return points
    stopped = min(over, key=lambda one: one.over_at)
    its = frozenset(stopped.rows)
    last = stopped.rows[-1]
    why = (
        f"backups named as {points.name[last]} came every {words.duration(stopped.every)} beside others until "
        f"{words.instant(points.data_lo[last])}, and no more: if these are of other data, there is none of {points.of} "
        f"since; the text itself, or {{of}}, in place of {{*}} in the names of {shown.source.name} would tell"
    )
    return points.doubting(
        {
            row: (Doubt(why),)
            for row, data in enumerate(points.data_lo)
            if data > stopped.over_at and row not in its and points.kind[row] == points.kind[last]
        }
    )


def _side_by_side(points: Points, one: _Series, other: _Series) -> bool:
    """Return whether ``other`` came beside ``one``, and went on after that had stopped."""
    if points.kind[one.rows[-1]] != points.kind[other.rows[-1]] or not one.is_outlived_by(other):
        return False
    first, last = one.data[0] - one.every, one.data[-1] + one.every
    return sum(first <= points.data_lo[row] <= last for row in other.rows) >= LEAST


def _series(points: Points) -> Iterable[_Series]:
    """Yield the series of what may count, in order of data."""
    by_name: dict[tuple[str, str], list[int]] = {}
    for row in points.counted():
        by_name.setdefault((points.kind[row], _NUMBER.sub("0", points.name[row])), []).append(row)
    for rows in by_name.values():
        data = [points.data_lo[row] for row in rows[-_NEWEST:]]
        gaps = [after - before for before, after in pairwise(data)]
        if len(rows) >= LEAST and 0 < 2 * max(gaps) <= 3 * min(gaps):
            yield _Series(rows, data, max(gaps))
