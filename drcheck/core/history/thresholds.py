"""Steps of time with a threshold each: a question at a level holds where the threshold is at most that level.

What looks prove hangs on how old the data is that is asked about. Rather than the spans proved for each age, one step
function says for each instant from which age on it is proved. Any question is then answered from its steps, in the
logarithm of their number for one instant, and in one pass for all of them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from heapq import heappop, heappush
from typing import NamedTuple, Self

from msgspec import Struct

from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.core.time.spans import Span, Spans, union


class ThresholdStep(NamedTuple):
    """From ``start`` up to, not including, ``end`` the threshold is ``threshold``; ``FOREVER``: no level reaches it."""

    start: int
    end: int
    threshold: int


class Thresholds(Struct, frozen=True, dict=True):
    """A threshold for each instant, as steps that follow each other without holes."""

    starts: array[int]
    """Each step ends where the following one begins; the last one never ends, and no level reaches it."""
    values: array[int]

    @cached_property
    def _highest(self) -> array[int]:
        return _maxima(self.values)

    @cached_property
    def _lowest(self) -> array[int]:
        return _maxima(array("q", (-value for value in self.values)))

    @cached_property
    def _spans(self) -> dict[int, Spans]:
        """Level to what it reaches, once that has been asked."""
        return {}

    @classmethod
    def lowest(cls, spans: Iterable[tuple[int, int, int]]) -> Self:
        """Return the lowest of the thresholds of all ``spans`` (start, end, threshold) that an instant lies in."""
        waiting = sorted(span for span in spans if span[0] < span[1])
        starts, values = array("q", [LONG_AGO]), array("q", [FOREVER])
        active: list[tuple[int, int]] = []
        following = 0
        for t in sorted({bound for start, end, _ in waiting for bound in (start, end)}):
            while following < len(waiting) and waiting[following][0] <= t:
                _, end, threshold = waiting[following]
                heappush(active, (threshold, end))
                following += 1
            while active and active[0][1] <= t:
                heappop(active)
            value = active[0][0] if active else FOREVER
            if t == starts[-1]:
                values[-1] = value
            elif value != values[-1]:
                starts.append(t)
                values.append(value)
        return cls(starts, values)

    def until(self, t: int, level: int) -> int:
        """Return until when, from ``t`` on, every instant is reached by ``level``; ``t``: not even that is."""
        index = _first_above(self._highest, self._step(t), level)
        return max(t, self.starts[index])

    def spans(self, level: int) -> Spans:
        """Return all the time that ``level`` reaches."""
        if level not in self._spans:
            self._spans[level] = self._reached(level)
        return self._spans[level]

    def _reached(self, level: int) -> Spans:
        found: list[Span] = []
        at = 0
        while (begin := _first_above(self._lowest, at, -level - 1)) < len(self.starts):
            at = _first_above(self._highest, begin, level)
            found.append(Span(self.starts[begin], self.starts[at]))
        return tuple(found)

    def steps(self) -> Iterator[ThresholdStep]:
        """Yield the steps in order of time."""
        return map(ThresholdStep, self.starts, [*self.starts[1:], FOREVER], self.values)

    def reached_later(self, age: int) -> Spans:
        """Return every ``t`` that the level ``t - age`` reaches."""
        return union(Span(max(start, threshold + age), end) for start, end, threshold in self.steps())

    def reached_since(self, age: int) -> Spans:
        """Return every ``t`` for which the level ``t - age`` reaches all of [t - age, t]."""
        found: list[Span] = []
        since = LONG_AGO
        for start, end, threshold in self.steps():
            # This step stops whoever sets out from `since` or later, before its end, at a level below its threshold.
            stopped = min(threshold, end)
            found.append(Span(since + age, min(stopped + age, start)))
            since = max(since, stopped)
        return union(found)

    def _step(self, t: int) -> int:
        return max(bisect_right(self.starts, t) - 1, 0)


def _maxima(values: array[int]) -> array[int]:
    """Return a binary tree: its leaves are the values, and node ``i`` has the greater of ``2 i`` and ``2 i + 1``."""
    size = 1 << len(values).bit_length()
    # Behind the last value stands one above every level, at which each search ends.
    tree = array("q", [FOREVER + 1]) * (2 * size)
    tree[size : size + len(values)] = values
    for node in reversed(range(size)):
        tree[node] = max(tree[2 * node], tree[2 * node + 1])
    return tree


def _first_above(tree: array[int], index: int, level: int) -> int:
    """Return the first leaf from ``index`` on that is above ``level``."""
    size = len(tree) // 2
    node = size + index
    while tree[node] <= level:
        while node & 1:  # all below its parent that comes after ``index`` has been seen
            node >>= 1
        node += 1
    while node < size:
        node *= 2
        node += tree[node] <= level
    return node - size
