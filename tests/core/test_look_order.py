"""The most looks that follow each other by their own clocks, against trying all of them."""

from __future__ import annotations

from array import array
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from drcheck.core.history.look_order import in_order
from drcheck.core.history.looks import Looks, Reach
from drcheck.core.model.evidence import LONG_AGO, Look


def looks(*begins):
    return [Look("dumps", begin, begin) for begin in begins]


def test_looks_in_order_are_all_believed():
    assert list(in_order(looks(1, 2, 2, 5)).begins) == [1, 2, 2, 5]
    assert list(in_order([])) == []


@given(st.lists(st.integers(0, 9), min_size=1, max_size=8))
def test_as_few_as_possible_are_left_out_and_never_the_newest(begins):
    *before, last = begins
    most = max(
        size
        for size in range(len(before) + 1)
        for some in combinations(before, size)
        if [*some, last] == sorted([*some, last])
    )
    found = [look.begin for look in in_order(looks(*begins))]
    assert found == sorted(found)
    assert (len(found), found[-1]) == (most + 1, last)
    remaining = iter(begins)
    assert all(begin in remaining for begin in found), "in the order in which they were made"


@given(
    st.lists(st.integers(0, 9), max_size=8),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 40)), max_size=12),
    st.booleans(),
)
def test_what_still_stands_was_shown_by_the_newest_look_that_asked_as_far_back(asked_from, backups, in_order):
    made = [(10 * number, asked) for number, asked in enumerate(asked_from)]
    data, seen = zip(*(sorted(backups) if in_order else backups), strict=True) if backups else ((), ())
    expected = [
        max(last_seen, max((begin for begin, asked in made if asked <= instant), default=LONG_AGO))
        for instant, last_seen in zip(data, seen, strict=True)
    ]
    followed = Reach()
    for begin, asked in made:
        followed.follow(begin, asked)
    assert followed == Reach.of(Looks(Look("dumps", begin, begin, asked) for begin, asked in made))
    assert followed.last_shown(array("q", data), array("q", seen)).tolist() == expected
