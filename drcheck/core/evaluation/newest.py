"""The newest data that was there, at each instant."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import repeat
from operator import itemgetter
from typing import overload

from msgspec import Struct, field

from drcheck.core import integer_columns
from drcheck.core.abstract_struct import AbstractStructMeta
from drcheck.core.evaluation.inputs import Subject
from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.core.model.points import Points, Row
from drcheck.core.time.spans import Span, intersection

Arrival = tuple[int, int, int, Row]
"""When something came, its data's instant with its sign changed, when it went, and what it is."""


class Newest(Struct, frozen=True):
    """The newest data that was there, as a step function of time."""

    times: array[int]
    rows: Sequence[Row | None]
    """What was newest from the same entry of ``times`` on; None: nothing was there."""
    data: array[int]
    """The instant of its data; ``LONG_AGO``: nothing was there."""

    def at(self, t: int) -> Row | None:
        """Return the recovery point with the newest data right after ``t``."""
        index = bisect_right(self.times, t) - 1
        return self.rows[index] if index >= 0 else None

    def before(self, t: int) -> Row | None:
        """Return the recovery point with the newest data right before ``t``."""
        return self.at(t - 1)

    def steps(self, start: int, end: int) -> tuple[array[int], array[int]]:
        """Return from when each step of [start, end) holds, and the instant of its data."""
        first, last = max(bisect_right(self.times, start) - 1, 0), bisect_right(self.times, end - 1)
        return self.times[first:last], self.data[first:last]


def newest(subject: Subject, *, favourable: bool, until_gone: bool) -> Newest:
    """Follow the newest data of counted points, each from when it was available (until it was gone), while it counts.

    Every uncertain instant is taken at its favourable or unfavourable end, and what is in doubt as counting or not.
    """
    seen = [part.points for part in subject.parts if part.points]
    if len(seen) == 1 and (found := _one_by_one(seen[0], favourable=favourable, until_gone=until_gone)):
        return found
    arrivals: list[Arrival] = []
    for part in subject.parts:
        points = part.points
        data, available, gone = _instants(points, favourable=favourable)
        if points.held_until and not favourable:
            gone = array("q", gone)
            for row, until in points.held_until.items():
                gone[row] = max(gone[row], until)
        odd = points.why_not.keys() | points.doubts.keys()
        ends = gone if until_gone else repeat(FOREVER)
        arrivals += (
            (came, -instant, went, (points, row))
            for row, (came, instant, went) in enumerate(zip(available, data, ends, strict=False))
            if came < went and row not in odd
        )
        for row in points.doubts.keys() - points.why_not.keys():
            span = Span(available[row], gone[row] if until_gone else FOREVER)
            if span.start < span.end:
                counts = intersection((span,), points.counts(row, surely=not favourable))
                arrivals += ((start, -data[row], end, (points, row)) for start, end in counts)
    # Where several came at once with the same data, and went at once, the one that comes first stands for them.
    arrivals.sort(key=itemgetter(0, 1, 2))
    return _climb(arrivals) or sweep(arrivals)


def _one_by_one(points: Points, *, favourable: bool, until_gone: bool) -> Newest | None:
    """Return the points of one source where each came when the one before it still stood, as mostly; None: not so.

    In the order of their data, without one that is in doubt.
    """
    if points.why_not or points.doubts or (points.held_until and not favourable):
        return None
    data, came, gone = _instants(points, favourable=favourable)
    if not (integer_columns.rises(data) and integer_columns.rises(came)):
        return None
    end = gone[-1] if until_gone else FOREVER
    # Each stood until the next one came: so only of the last it must still be known that it stood at all.
    if until_gone and not (
        came[-1] < end == integer_columns.bounds(gone)[1] and integer_columns.none_less(gone, came[1:])
    ):
        return None
    if end == FOREVER:
        return Newest(came, _Rows(points, range(len(came))), data)
    rows = _Rows(points, (*range(len(came)), None))
    return Newest(came + array("q", [end]), rows, data + array("q", [LONG_AGO]))


class _Rows(Struct, Sequence[Row | None], frozen=True, metaclass=AbstractStructMeta):
    """Rows of one source, made when they are asked for."""

    points: Points
    rows: Sequence[int | None]

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Row | None: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row | None]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row | None] | None:
        if isinstance(index, slice):
            return _Rows(self.points, self.rows[index])
        row = self.rows[index]
        return None if row is None else (self.points, row)


def _instants(points: Points, *, favourable: bool) -> tuple[array[int], array[int], array[int]]:
    """Return the instants of data, of arrival and of going, each at its favourable or its unfavourable end."""
    if favourable:
        return points.data_hi, points.available_lo, points.gone_hi
    return points.data_lo, points.available_hi, points.gone_lo


def _climb(arrivals: Sequence[Arrival]) -> Newest | None:
    """Follow the newest data where nothing goes before newer data has come, as mostly; None: something does."""
    found = _Steps()
    best, ends = FOREVER, FOREVER
    for came, age_rank, went, point in arrivals:
        if age_rank < best:
            if ends < came:
                return None
            found.times.append(came)
            found.rows.append(point)
            found.data.append(-age_rank)
            best, ends = age_rank, went
    if ends < FOREVER:
        if any(arrival[2] > ends for arrival in arrivals):
            return None
        found.step(ends, None, LONG_AGO)
    return found.done()


def sweep(arrivals: Sequence[Arrival]) -> Newest:
    """Follow the newest data through arrivals, which are in order, and departures."""
    changes = sorted(
        {arrival[0] for arrival in arrivals} | {arrival[2] for arrival in arrivals if arrival[2] < FOREVER}
    )
    found = _Steps()
    heap: list[tuple[int, int, int, Row]] = []
    following = 0
    for t in changes:
        while following < len(arrivals) and arrivals[following][0] <= t:
            _, age_rank, ends, point = arrivals[following]
            heappush(heap, (age_rank, -ends, following, point))
            following += 1
        while heap and -heap[0][1] <= t:
            heappop(heap)
        if heap:
            found.step(t, heap[0][3], -heap[0][0])
        else:
            found.step(t, None, LONG_AGO)
    return found.done()


class _Steps(Struct):
    """Steps, as they are found."""

    times: array[int] = field(default_factory=lambda: array("q"))
    rows: list[Row | None] = field(default_factory=list)
    data: array[int] = field(default_factory=lambda: array("q"))

    def step(self, t: int, row: Row | None, data: int) -> None:
        """Say what is newest from ``t`` on; steps come in order of time."""
        if self.rows and self.rows[-1] == row:
            return
        if self.times and self.times[-1] == t:
            self.rows[-1], self.data[-1] = row, data
        else:
            self.times.append(t)
            self.rows.append(row)
            self.data.append(data)

    def done(self) -> Newest:
        return Newest(self.times, self.rows, self.data)
