"""The newest data that stood, held against looking at every point at every instant."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest
from points import HOUR, START, Point, at, part, subject

from drcheck.core.evaluation.newest import newest

Source = Sequence[Point]
CAME, GONE = (0, 1, 2, 3), (None, 0, 2, 3, 4)


def points(data: Sequence[int], came: Sequence[int], gone: Sequence[int | None]) -> Source:
    return [Point(*one) for one in zip(data, came, gone, strict=True)]


def assert_newest(*sources: Source) -> None:
    its = subject(*(part(f"s{number}", those) for number, those in enumerate(sources)))
    for until_gone in (True, False):
        found = newest(its, favourable=True, until_gone=until_gone)
        for t in range(-1, 6):
            there = [
                one.data
                for those in sources
                for one in those
                if one.arrived <= t and (one.gone is None or not until_gone or t < one.gone)
            ]
            row = found.at(at(t))
            told = None if row is None else (row[0].data_lo[row[1]] - START) // HOUR
            assert told == max(there, default=None), (sources, t, until_gone)


@pytest.mark.parametrize("data", [(0, 1), (1, 1)])
def test_of_two_points_at_one_source_or_two_the_newest_that_stands_is_told(data):
    for came, gone in product(product(CAME, repeat=2), product(GONE, repeat=2)):
        assert_newest(points(data, came, gone))
        first, second = points(data, came, gone)
        assert_newest([first], [second])


@pytest.mark.parametrize("data", [(0, 1, 2), (0, 0, 1), (0, 1, 1)])
def test_of_three_points_the_newest_that_stands_is_told(data):
    for came, gone in product(product((0, 1, 2), repeat=3), product((None, 1, 2, 4), repeat=3)):
        assert_newest(points(data, came, gone))
