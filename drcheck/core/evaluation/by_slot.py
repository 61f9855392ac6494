"""The recovery points of each calendar slot, found when they are asked for: of most slots a few figures are enough."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from operator import or_
from typing import NamedTuple

from drcheck.core import integer_columns
from drcheck.core.evaluation.exposure import presence
from drcheck.core.history.part import Part
from drcheck.core.model.evidence import FOREVER
from drcheck.core.model.points import Points, Row
from drcheck.core.time.calendar import Slot
from drcheck.core.time.spans import Span, Spans


class _Run(NamedTuple):
    """Rows of one source that follow each other, from ``first`` up to, not including, ``last``."""

    points: Points
    first: int
    last: int


class Stood(NamedTuple):
    """When a slot held a point that stood."""

    surely: Spans
    maybe: Spans
    surely_from: int
    """From when it surely holds or held a point, even if that is broken now; ``FOREVER``: never."""
    maybe_from: int


class Ruler:
    """Slots, which are disjoint and in order, and their bounds: the same for all services that are judged by them."""

    __slots__ = ("ends", "slots", "starts", "touch")

    def __init__(self, slots: Sequence[Slot]) -> None:
        """Note the bounds of ``slots``."""
        self.slots = slots
        self.starts = array("q", [slot.start for slot in slots])
        self.ends = array("q", [slot.end for slot in slots])
        self.touch = self.starts[1:] == self.ends[:-1]
        """Whether each begins where the one before it ends."""


class BySlot:
    """The counted points of which the data lies, or may lie, in each of some slots, oldest first.

    A slot is plain where all that may lie in it surely does, and always counts: then the first to come and the last to
    go tell as much as all of its points together.
    """

    def __init__(self, parts: Iterable[Part], ruler: Ruler) -> None:
        """Sort what ``parts`` hold into the slots of ``ruler``."""
        self.slots = ruler.slots
        self._of_parts = [_Ranks(part.points, ruler) for part in parts if len(part.points)]

    def rows(self, index: int) -> list[Row]:
        """Return the points that lie, or may lie, in a slot."""
        return [row for ranks in self._of_parts for row in ranks.rows(index)]

    def begun_in(self, index: int) -> list[Row]:
        """Return those of which the data may lie in no earlier slot."""
        return [row for ranks in self._of_parts for row in ranks.begun_in(index)]

    def all_gone_by(self, index: int, t: int) -> bool:
        """Return whether some were begun in a slot, and all of them may have gone before ``t``."""
        if runs := self._plain(index):
            return max(_of(runs, "gone_hi")) < FOREVER and max(_of(runs, "gone_lo")) < t
        rows = self.begun_in(index)
        return bool(rows) and all(points.gone_hi[row] < FOREVER and points.gone_lo[row] < t for points, row in rows)

    def surely_within(self, index: int) -> list[Row]:
        """Return those that surely lie in it, whatever the instant of their data."""
        start, end, _ = self.slots[index]
        return [(points, row) for points, row in self.rows(index) if points.lies_within(row, start, end)]

    def stood(self, index: int) -> Stood:
        """Return when a slot held a point that stood."""
        if runs := self._plain(index):
            came_lo, came_hi = _of(runs, "available_lo"), _of(runs, "available_hi")
            gone_lo, gone_hi = _of(runs, "gone_lo"), _of(runs, "gone_hi")
            surely_from, maybe_from = min(came_hi), min(came_lo)
            if max(came_hi) < min(gone_lo) and max(came_lo) < min(gone_hi):  # all of them stood together
                surely, maybe = Span(surely_from, max(gone_lo)), Span(maybe_from, max(gone_hi))
                return Stood((surely,), (maybe,), surely_from, maybe_from)
        rows, inside = self.rows(index), self.surely_within(index)
        return Stood(
            presence(inside, surely=True, until_gone=True),
            presence(rows, surely=False, until_gone=True),
            min((points.made_from(row) for points, row in inside), default=FOREVER),
            min((points.available_lo[row] for points, row in rows), default=FOREVER),
        )

    def plainly_held(self, by: array[int], until: array[int] | None = None) -> bytearray:
        """Return for each slot whether it is plain, and one of its points surely had come ``by`` its instant.

        With ``until``, that point must surely have stood until then; else it may be gone since.
        """
        held = bytearray(len(self.slots))
        for ranks in self._of_parts:
            came, gone = ranks.points.available_hi, ranks.points.gone_lo
            its = bytearray(b"\1" * len(held))
            for index in ranks.not_by_first(by, until):
                rows = range(ranks.firsts[index], ranks.lasts[index])
                its[index] = any(
                    came[row] <= by[index] and (until is None or gone[row] >= until[index]) for row in rows
                )
            if ranks.odd:
                its = bytearray(is_held and not ranks.is_odd(index) for index, is_held in enumerate(its))
            held = bytearray(map(or_, held, its)) if any(held) else its
        return held

    def _plain(self, index: int) -> list[_Run]:
        """Return the runs of rows of a slot that is plain; nothing: it is not, or holds nothing."""
        if any(ranks.is_odd(index) for ranks in self._of_parts):
            return []
        runs = (_Run(ranks.points, ranks.firsts[index], ranks.lasts[index]) for ranks in self._of_parts)
        return [run for run in runs if run.first < run.last]


def _of(runs: Sequence[_Run], column: str) -> array[int]:
    """Return what several runs have in one column."""
    found: array[int] = array("q")
    for points, first, last in runs:
        found += getattr(points, column)[first:last]
    return found


class _Ranks:
    """The rows of one source by slot."""

    def __init__(self, points: Points, ruler: Ruler) -> None:
        data, starts, ends = points.data_lo, ruler.starts, ruler.ends
        self.points = points
        self.firsts = integer_columns.places(data, starts)
        if ruler.touch:
            self.lasts = self.firsts[1:] + integer_columns.places(data, ends[-1:])
        else:
            self.lasts = integer_columns.places(data, ends)
        self._before: dict[int, list[int]] = defaultdict(list)
        """Slot to the rows of older data that may lie in it."""
        self.odd = points.why_not.keys() | points.doubts.keys()
        """Rows that are undated, or do not always count."""
        if data != points.data_hi:
            undated = [row for row in points.counted() if data[row] < points.data_hi[row]]
            self.odd |= set(undated)
            for row in undated:
                first = bisect_right(starts, data[row])
                for index in range(first, bisect_right(starts, points.data_hi[row])):
                    self._before[index].append(row)

    def not_by_first(self, by: array[int], until: array[int] | None) -> Iterable[int]:
        """Return the slots that are empty, or whose first row came after ``by``, or may have gone before ``until``."""
        found = {*integer_columns.rows_above(1, integer_columns.less(self.lasts, self.firsts))}
        behind = array("q", [FOREVER])  # the first row of an empty slot may lie behind the last one
        came = integer_columns.picked(self.points.available_hi + behind, self.firsts)
        found.update(integer_columns.rows_above(came, by))
        if until is not None:
            gone = integer_columns.picked(self.points.gone_lo + behind, self.firsts)
            found.update(integer_columns.rows_above(until, gone))
        return found

    def is_odd(self, index: int) -> bool:
        """Return whether anything of a slot is undated, or does not always count."""
        if not self.odd:
            return False
        return index in self._before or not self.odd.isdisjoint(range(self.firsts[index], self.lasts[index]))

    def rows(self, index: int) -> Iterator[Row]:
        """Yield the counted rows that lie, or may lie, in a slot, in order of their data."""
        points = self.points
        yield from ((points, row) for row in self._before.get(index, ()))
        yield from self.begun_in(index)

    def begun_in(self, index: int) -> Iterator[Row]:
        """Yield those of which the data may lie in no earlier slot."""
        points = self.points
        for row in range(self.firsts[index], self.lasts[index]):
            if row not in points.why_not:
                yield points, row
