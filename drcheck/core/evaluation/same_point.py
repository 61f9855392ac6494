"""Which points of different sources are copies of one recovery point, and how many recovery points there were.

In order of data, a point of another source joins the first group of which it is a copy of every member; points of one
source and the same instant are one. At each instant only what had arrived by then is grouped, so that what comes late
changes no answer about before.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, groupby, pairwise, product
from typing import NamedTuple

from msgspec import Struct

from drcheck.core.history.likeness import checksums_differ
from drcheck.core.model.evidence import UNTOLD, Fact
from drcheck.core.model.points import Row
from drcheck.core.time.spans import Span, covers, intersection

_SMALLEST_COPY = 2
"""A point with less than this part (one half) of another's bytes is not a copy of it."""

MOST_TRIED = 1 << 12
"""Combinations of uncertain arrivals, times the points near each other; with more the number is bounded, not tried."""

MOST_GROUPED = 200_000
"""Points near each other, times the instants at which they are grouped: more would take seconds, not tell more."""


class Number(NamedTuple):
    """How many recovery points there were: surely at least, and possibly at most."""

    surely: int
    possibly: int


class Numbers(Struct, frozen=True):
    """How many recovery points there were at each instant of a stretch of time."""

    times: Sequence[int]
    numbers: Sequence[Number]
    """Each from the same entry of ``times`` on."""

    @classmethod
    def of(cls, surely: Sequence[Row], possibly: Sequence[Row], matching: int, since: int, until: int) -> Numbers:
        """Count points from ``since`` up to ``until``; copies of one, and what has one instant, count once.

        ``surely`` holds those of ``possibly`` that are points in question whatever the instant of their data;
        ``matching`` is how many seconds the data of two copies may lie apart.
        """
        settled = {(points.source, row) for points, row in surely}
        if since == until and len(possibly) == 1:  # a slot of an hour, asked a thousand times
            ((points, row),) = possibly
            inside = list(possibly) if (points.source, row) in settled else []
            return cls([since], [_number(list(possibly), inside, matching, since, since + 1)])
        more: dict[int, list[int]] = defaultdict(lambda: [0, 0])
        for near in _near_each_other(possibly, matching):
            inside = [item for item in near if (item[0].source, item[1]) in settled]
            before = Number(0, 0)
            times = sorted({since, *(t for row in near for t in _changes(row) if since < t < until)})
            # Thousands that come one by one: what comes between two of the instants is taken to come at either.
            times = times[:: len(times) * len(near) // MOST_GROUPED + 1]
            for t, after in pairwise([*times, max(until, since + 1)]):
                now = _number(near, inside, matching, t, after)
                more[t][0] += now.surely - before.surely
                more[t][1] += now.possibly - before.possibly
                before = now
        times = sorted({since, *more})
        totals = accumulate((more[t] for t in times), lambda one, other: [one[0] + other[0], one[1] + other[1]])
        return cls(times, [Number(*total) for total in totals])

    def at(self, t: int) -> Number:
        """Return the number right after ``t``."""
        return self.numbers[max(bisect_right(self.times, t) - 1, 0)]


def are_copies(one: Row, other: Row, matching: int, *, surely: bool) -> bool:
    """Return whether two points of one data set at different sources are copies of each other.

    Where the instants of their data are uncertain: whether they are ``surely``, or possibly.
    """
    return are_alike(one, other) and lie_within(one, other, matching, surely=surely)


def are_alike(one: Row, other: Row) -> bool:
    """Return whether two points may have the same content, by their checksums and sizes."""
    (a, i), (b, j) = one, other
    return not checksums_differ(a.checksum[i], b.checksum[j]) and not differ_in_size(one, other)


def are_one_file(one: Row, other: Row) -> bool:
    """Return whether two points are known to be names of one file (hard links), which is lost or damaged at once."""
    (a, i), (b, j) = one, other
    (here, there) = a.facts.get((i, Fact.INODE)), b.facts.get((j, Fact.INODE))
    if here is None or there is None:
        return False
    return not {told.how for _, told in here}.isdisjoint(told.how for _, told in there)


def differ_in_size(one: Row, other: Row) -> bool:
    """Return whether one of two points has less than half of the other's bytes, and so is no copy of it.

    Of what nobody tells the size of that is not known.
    """
    (a, i), (b, j) = one, other
    return UNTOLD not in {a.size[i], b.size[j]} and min(a.size[i], b.size[j]) * _SMALLEST_COPY < max(
        a.size[i], b.size[j]
    )


def lie_within(one: Row, other: Row, matching: int, *, surely: bool) -> bool:
    """Return whether the data of two points surely, or possibly, lies at most ``matching`` seconds apart."""
    (a, i), (b, j) = one, other
    if surely:
        return max(a.data_hi[i] - b.data_lo[j], b.data_hi[j] - a.data_lo[i]) <= matching
    return max(a.data_lo[i] - b.data_hi[j], b.data_lo[j] - a.data_hi[i]) <= matching


def have_one_instant(one: Row, other: Row) -> bool:
    """Return whether the names of two points of one source tell the same instant, as far as they tell any.

    Of a name that tells only a day, the span ends where its point arrived.
    """
    (a, i), (b, j) = sorted((one, other), key=lambda item: item[0].data_hi[item[1]])
    if a.data_lo[i] != b.data_lo[j]:
        return False
    return a.data_hi[i] == b.data_hi[j] or a.data_lo[i] < a.data_hi[i] == a.available_hi[i]


def _changes(row: Row) -> Iterator[int]:
    """Yield when it changes whether a point had come and counts, surely or possibly."""
    points, index = row
    yield points.available_lo[index]
    yield points.available_hi[index]
    for one in points.doubts.get(index, ()):
        yield from one.during


def _may_have_come(row: Row, t: int, until: int) -> bool:
    """Return whether a point may have come, and count, at some time of [t, until)."""
    points, index = row
    if index not in points.doubts:
        return points.available_lo[index] < until
    there = points.there(index, surely=False, until_gone=False)
    return bool(intersection(there, (Span(t, until),)))


def _has_come(row: Row, t: int, until: int) -> bool:
    """Return whether a point surely had come, and counted, for all of [t, until)."""
    points, index = row
    if index not in points.doubts:
        return points.available_hi[index] <= t
    return covers(points.there(index, surely=True, until_gone=False), t, until)


def _near_each_other(rows: Iterable[Row], matching: int) -> Iterator[list[Row]]:
    """Part ``rows`` where no point of one part can be a copy of one of another; each part in order of data."""
    near: list[Row] = []
    reach = 0
    for points, row in sorted(rows, key=lambda item: (item[0].data_lo[item[1]], item[0].source, item[1])):
        if near and points.data_lo[row] > reach + matching:
            yield near
            near = []
        reach = max(reach, points.data_hi[row]) if near else points.data_hi[row]
        near.append((points, row))
    if near:
        yield near


def _number(near: Sequence[Row], inside: Sequence[Row], matching: int, t: int, until: int) -> Number:
    """Return how many points there were, of those near each other, at every instant of [t, until)."""
    there = [row for row in near if _may_have_come(row, t, until)]
    surely = [row for row in inside if _has_come(row, t, until)]
    if len(there) <= 1:
        return Number(len(surely), len(there))
    unsure = [index for index, row in enumerate(there) if not _has_come(row, t, until)]
    undated = any(points.data_lo[row] != points.data_hi[row] for points, row in there)
    if undated or (unsure and len(there) << len(unsure) > MOST_TRIED):
        return Number(_fewest(surely, matching), _most(there, surely, matching))
    tried = []
    for arrived in product((False, True), repeat=len(unsure)):
        missing = {index for index, come in zip(unsure, arrived, strict=True) if not come}
        tried.append(_grouped([row for index, row in enumerate(there) if index not in missing], matching))
    return Number(min(tried), max(tried))


def _grouped(rows: Sequence[Row], matching: int) -> int:
    """Return how many groups points make whose instants are certain, given in order of data."""
    number = 0
    reachable: deque[list[list[Row]]] = deque()
    """The groups that what follows may still join, oldest first; each holds what its sources have of it."""
    for (data, _), same in groupby(rows, key=lambda item: (item[0].data_lo[item[1]], item[0].source)):
        point = list(same)
        while reachable and reachable[0][0][0][0].data_lo[reachable[0][0][0][1]] < data - matching:
            reachable.popleft()
        joined = next((group for group in reachable if all(_is_copy(point, member) for member in group)), None)
        if joined is None:
            number += 1
            reachable.append([point])
        else:
            joined.append(point)
    return number


def _is_copy(point: Sequence[Row], member: Sequence[Row]) -> bool:
    """Return whether what two sources have of an instant is alike; the two lie near enough already."""
    if point[0][0].source == member[0][0].source:
        return False
    return any(are_alike(one, other) for one in point for other in member)


def _fewest(rows: Sequence[Row], matching: int) -> int:
    """Return a number of points that there are at least, whatever the instants of their data.

    No two of those that are counted can be copies of each other, or have the same instant at one source.
    """
    by_end = sorted(rows, key=lambda item: item[0].data_hi[item[1]])
    apart: list[Row] = []
    for points, row in by_end:
        beside = _reaching(apart, points.data_lo[row] - matching)
        if not any(_may_be_one(other, (points, row), matching) for other in beside):
            apart.append((points, row))
    of_one_source = Counter(points.source for points, _ in _of_unlike_instants(by_end))
    return max([len(apart), *of_one_source.values()])


def _of_unlike_instants(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield rows no two of which can have one instant at one source, given in order of either end of their data."""
    ends: dict[str, int] = {}
    for points, row in rows:
        if points.source not in ends or points.data_lo[row] > ends[points.source]:
            ends[points.source] = points.data_hi[row]
            yield points, row


def _reaching(rows: Sequence[Row], since: int) -> Iterator[Row]:
    """Yield those of ``rows``, in order of the end of their data, that reach ``since``."""
    for points, row in reversed(rows):
        if points.data_hi[row] < since:
            return
        yield points, row


def _may_be_one(one: Row, other: Row, matching: int) -> bool:
    if one[0].source == other[0].source:
        return lie_within(one, other, 0, surely=False)
    return are_copies(one, other, matching, surely=False)


def _most(there: Sequence[Row], surely: Sequence[Row], matching: int) -> int:
    """Return a number of points that there are at most, whatever the instants of their data and their arrival."""
    instants = 0
    before: dict[str, Row] = {}
    for points, row in there:
        known = before.get(points.source)
        instants += known is None or not have_one_instant(known, (points, row))
        before[points.source] = points, row
    # Of two sure copies one at least is in a group of several: the other would have joined it. Such a group has one
    # point less than it has members, and at most half as many groups as members lie there.
    pairs = 0
    free: deque[Row] = deque()
    for points, row in _of_unlike_instants(surely):
        while free and free[0][0].data_lo[free[0][1]] < points.data_hi[row] - matching:
            free.popleft()
        for other in free:
            if other[0].source != points.source and are_copies(other, (points, row), matching, surely=True):
                free.remove(other)
                pairs += 1
                break
        else:
            free.append((points, row))
    return instants - (pairs + 1) // 2
