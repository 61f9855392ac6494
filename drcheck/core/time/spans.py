"""Sets of time, as sorted and disjoint half-open spans of whole seconds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Span(NamedTuple):
    """From ``start`` up to, not including, ``end``."""

    start: int
    end: int

    def includes(self, second: int) -> bool:
        """Return whether it holds a second."""
        return self.start <= second < self.end

    def overlaps(self, other: tuple[int, int]) -> bool:
        """Return whether it has a second in common with another one that is not empty."""
        start, end = other
        return self.start < end and start < self.end


Spans = tuple[Span, ...]


def union(spans: Iterable[Span]) -> Spans:
    """Return the same set of time with its spans sorted, merged where they touch, and empty ones dropped."""
    merged: list[Span] = []
    for span in sorted(span for span in spans if span.start < span.end):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)


def intersection(one: Sequence[Span], other: Sequence[Span]) -> Spans:
    """Return the time that lies in both."""
    common: list[Span] = []
    i = j = 0
    while i < len(one) and j < len(other):
        start, end = max(one[i].start, other[j].start), min(one[i].end, other[j].end)
        if start < end:
            common.append(Span(start, end))
        if one[i].end < other[j].end:
            i += 1
        else:
            j += 1
    return tuple(common)


def covers(spans: Sequence[Span], start: int, end: int) -> bool:
    """Return whether one of ``spans`` holds all of [start, end); an empty stretch is always covered."""
    if start >= end:
        return True
    index = bisect_right(spans, start, key=lambda span: span.start) - 1
    return index >= 0 and spans[index].end >= end


def includes(spans: Sequence[Span], second: int) -> bool:
    """Return whether one of ``spans`` holds a second."""
    return covers(spans, second, second + 1)


def difference(one: Sequence[Span], other: Sequence[Span]) -> Spans:
    """Return the time of ``one`` that does not lie in ``other``."""
    if not one:
        return ()
    bounds = [one[0].start, *(bound for span in other for bound in span), one[-1].end]
    return intersection(one, [Span(*gap) for gap in zip(bounds[::2], bounds[1::2], strict=True)])


def length(spans: Iterable[Span]) -> int:
    """Return how many seconds disjoint ``spans`` hold."""
    return sum(span.end - span.start for span in spans)


def length_within(spans: Sequence[Span], within: Span) -> int:
    """Return how many seconds of sorted, disjoint ``spans`` lie in another one; only those that touch it are read."""
    index = max(bisect_right(spans, within.start, key=lambda span: span.start) - 1, 0)
    found = 0
    while index < len(spans) and spans[index].start < within.end:
        found += max(0, min(spans[index].end, within.end) - max(spans[index].start, within.start))
        index += 1
    return found


def earliest(spans: Iterable[Span], seconds: int) -> Spans:
    """Return the first ``seconds`` of sorted, disjoint spans."""
    found: list[Span] = []
    for span in spans:
        if seconds <= 0:
            break
        found.append(Span(span.start, min(span.end, span.start + seconds)))
        seconds -= found[-1].end - span.start
    return tuple(found)
