"""Which recovery points are one, and how many there are."""

from __future__ import annotations

from array import array

import pytest
from msgspec.structs import replace
from points import HOUR, START, Point, part

from drcheck.core.evaluation.same_point import (
    Number,
    Numbers,
    are_alike,
    are_copies,
    have_one_instant,
    lie_within,
)
from drcheck.core.model.points import Doubt


def row(source: str, lo: int, hi: int | None = None, *, arrived: int = 1000, size: int = 1000, checksum: str = ""):
    """Return a point whose data is of some seconds after START."""
    points = part(source, [Point(0, 0, size=size, checksum=checksum)]).points
    data_hi = array("q", [START + (lo if hi is None else hi)])
    come = array("q", [START + arrived])
    return replace(points, data_lo=array("q", [START + lo]), data_hi=data_hi, available_lo=come, available_hi=come), 0


@pytest.mark.parametrize(
    ("one", "other", "surely", "possibly"),
    [
        # From how many seconds on the two surely, and possibly, lie near enough.
        ((0, 0), (0, 0), 0, 0),
        ((0, 0), (60, 60), 60, 60),
        ((0, 100), (50, 60), 60, 0),
        ((0, 10), (50, 60), 60, 40),
        ((0, 10), (10, 20), 20, 0),
    ],
)
def test_data_lies_within_the_farthest_and_possibly_within_the_nearest_of_its_instants(one, other, surely, possibly):
    for first, second in ((one, other), (other, one)):
        a, b = row("a", *first), row("b", *second)
        assert lie_within(a, b, surely, surely=True)
        assert not lie_within(a, b, surely - 1, surely=True)
        assert lie_within(a, b, possibly, surely=False)
        if possibly:
            assert not lie_within(a, b, possibly - 1, surely=False)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ((0, 0), (0, 0), True),
        ((0, 0), (1, 1), False),
        ((0, 500), (0, 500), True),
        # A name that tells only a day: its span ends where the point arrived.
        ((0, 1000), (0, 5000), True),
        ((0, 500), (0, 5000), False),
        ((0, 0), (0, 5000), False),
        ((0, 1000), (1, 5000), False),
    ],
)
def test_names_tell_one_instant_where_they_begin_alike_and_end_alike_or_at_an_arrival(one, other, same):
    a, b = row("a", *one), row("a", *other, arrived=5000)
    assert have_one_instant(a, b) is same
    assert have_one_instant(b, a) is same


def test_what_is_less_than_half_as_large_or_has_another_checksum_is_no_copy():
    assert are_alike(row("a", 0, size=500), row("b", 0, size=1000))
    assert not are_alike(row("a", 0, size=499), row("b", 0, size=1000))
    assert not are_alike(row("a", 0, size=1000), row("b", 0, size=499))
    assert not are_alike(row("a", 0, checksum="sha256:00"), row("b", 0, checksum="sha256:11"))
    assert are_copies(row("a", 0), row("b", 600), 600, surely=True)
    assert not are_copies(row("a", 0), row("b", 601), 600, surely=False)


def test_points_are_counted_from_the_instant_at_which_each_came():
    points = part("a", [Point(0, 1), Point(2, 3), Point(4, 5, arrived_by=6), Point(7, 8, gone=9)]).points
    rows = [(points, index) for index in range(4)]
    numbers = Numbers.of(rows, rows, 600, START, START + 12 * HOUR)
    told = [numbers.at(START + hour * HOUR) for hour in (0, 1, 2, 3, 5, 6, 8, 11)]
    assert told == [
        Number(0, 0), Number(1, 1), Number(1, 1), Number(2, 2), Number(2, 3), Number(3, 3), Number(4, 4), Number(4, 4),
    ]  # fmt: skip


def test_what_lies_a_second_apart_at_one_source_are_two_beside_one_of_an_uncertain_instant():
    rows = [row("a", 0), row("a", 1), row("b", 100, 150, size=10)]  # of what has no instant nothing is tried
    assert Numbers.of(rows, rows, 600, START, START + 2000).at(START + 1500) == Number(3, 3)


def test_a_point_in_doubt_may_have_come_though_it_is_gone():
    source = part("a", [Point(0, 1, gone=2), Point(3, 4)])
    points = source.points.doubting({0: [Doubt("it may be cut short")]})
    rows = [(points, 0), (points, 1)]
    numbers = Numbers.of(rows, rows, 600, START, START + 12 * HOUR)
    assert numbers.at(START + 5 * HOUR) == Number(1, 2)
