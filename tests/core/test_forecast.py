"""When recovery times will pass their objective: nothing out of too few tests, or out of chance, and never too exactly."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from math import ceil
from statistics import median

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drcheck.core.evaluation.forecast import FEWEST, Forecast, TimedTest, forecast

DAY = 86400
NOW = 20_000 * DAY
HOUR = 3600


def every(days: int, *hours: float, sizes: tuple[int, ...] = ()) -> list[TimedTest]:
    """Return tests so many days apart, the last one yesterday, that took so many hours."""
    ends = [NOW - DAY - days * DAY * before for before in reversed(range(len(hours)))]
    known = sizes or (None,) * len(hours)
    return [TimedTest(at, round(took * HOUR), size) for at, took, size in zip(ends, hours, known, strict=True)]


def test_where_it_is_overdue_it_is_foretold_for_now():
    found = forecast(every(30, 1, 2, 3, 4, 5), (), 2 * HOUR, NOW)
    assert found == Forecast(NOW, NOW, NOW, tests=5, by_size=False)


def test_what_grows_by_an_hour_each_month_passes_its_objective_when_it_gets_there():
    found = forecast(every(30, 1, 2, 3, 4, 5), (), 6 * HOUR, NOW)
    assert found == Forecast(*[NOW - DAY + 30 * DAY] * 3, tests=5, by_size=False)


def test_one_odd_test_turns_nothing():
    found = forecast(every(30, 1, 2, 3, 9, 5, 6, 7, 8, 9), (), 11 * HOUR, NOW)
    assert found is not None
    assert found.at == NOW - DAY + 60 * DAY
    assert found.earliest <= found.at <= found.latest


@pytest.mark.parametrize("hours", [(1, 2, 3), (3, 3, 3, 3, 3), (5, 4, 3, 2, 1), (1, 3, 2, 4), (3, 1, 4, 1, 5, 2, 6, 1)])
def test_of_too_few_tests_or_of_what_may_not_grow_nothing_is_foretold(hours):
    assert forecast(every(30, *hours), (), 20 * HOUR, NOW) is None


def test_nothing_is_foretold_further_ahead_than_tests_reach_back():
    assert forecast(every(30, 1, 2, 3, 4), (), 7 * HOUR, NOW) is not None
    assert forecast(every(30, 1, 2, 3, 4), (), 8 * HOUR, NOW) is None


def test_tests_of_one_instant_are_no_trend():
    assert forecast([TimedTest(NOW - DAY, took) for took in (1, 2, 3, 4, 5)], (), 9, NOW) is None


def points(days: int, first: int, growth: int) -> list[tuple[int, int]]:
    """Return the sizes of nightly points of the last ``days`` days, which grow by so many bytes a day."""
    return [(NOW - day * DAY, first + growth * (days - day)) for day in range(days, -1, -1)]


def test_by_how_points_grow_it_is_told_when_their_restore_takes_too_long():
    """Tests were held rarely, and of copies of unlike size: what grows are the points."""
    tests = every(90, 2, 3, 1, 4, sizes=(200, 300, 100, 400))
    found = forecast(tests, points(30, 410, 1), 5 * HOUR, NOW)
    assert found == Forecast(*[NOW + 60 * DAY] * 3, tests=4, by_size=True)
    assert forecast(tests, points(30, 410, 0), 5 * HOUR, NOW) is None
    assert forecast(tests, points(2, 480, 1), 5 * HOUR, NOW) is None  # two days tell nothing of two weeks ahead


def test_the_time_that_a_restore_takes_whatever_its_size_is_no_part_of_the_growth():
    tests = every(90, 2.2, 2.3, 2.1, 2.4, sizes=(200, 300, 100, 400))
    found = forecast(tests, points(30, 410, 1), round(2.5 * HOUR), NOW)
    assert found is not None
    assert found.at == NOW + 60 * DAY


trials = st.lists(
    st.builds(
        TimedTest, st.integers(NOW - 900 * DAY, NOW), st.integers(60, 10 * HOUR), st.none() | st.integers(1, 10**12)
    ),
    max_size=10,
)
sizes = st.lists(st.tuples(st.integers(NOW - 30 * DAY, NOW), st.integers(0, 10**12)), max_size=12)
objectives = st.integers(HOUR, 30 * HOUR)


@given(trials, sizes, objectives)
def test_no_forecast_comes_out_of_too_few_tests(tests, known, objective):
    found = forecast(tests, known, objective, NOW)
    if found is not None:
        assert found.tests == len(tests) >= FEWEST
        assert found.earliest <= found.at <= found.latest


growing = st.tuples(st.integers(4, 12), st.integers(5, 60), st.integers(0, 5000), st.integers(20, 600)).map(
    lambda one: [
        TimedTest(
            NOW - DAY * (1 + one[1] * (one[0] - 1 - row)), 3600 + one[3] * row + (one[2] * 7 * row) % (one[3] // 2 + 1)
        )
        for row in range(one[0])
    ]
)


@given(growing, objectives, st.integers(0, 10 * HOUR))
def test_a_looser_objective_is_never_passed_earlier(tests, objective, more):
    loose, strict = (forecast(tests, (), one, NOW) for one in (objective + more, objective))
    assume(loose is not None)
    assert strict is not None
    assert strict.at <= loose.at


@given(growing, objectives, st.integers(-(10**9), 10**9))
def test_shifting_every_time_changes_nothing_else(tests, objective, by):
    moved = forecast([one._replace(at=one.at + by) for one in tests], (), objective, NOW + by)
    found = forecast(tests, (), objective, NOW)
    assert (moved is None) == (found is None)
    if moved is not None and found is not None:
        assert moved == found._replace(at=found.at + by, earliest=found.earliest + by, latest=found.latest + by)


@given(growing, st.randoms(use_true_random=False), objectives)
def test_the_order_in_which_tests_are_told_changes_nothing(tests, dice, objective):
    shuffled = list(tests)
    dice.shuffle(shuffled)
    assert forecast(shuffled, (), objective, NOW) == forecast(tests, (), objective, NOW)


@given(growing, objectives)
def test_the_middle_is_that_of_all_pairs(tests, objective):
    """The oracle: exact fractions, and each pair by itself."""
    found = forecast(tests, (), objective, NOW)
    assume(found is not None)
    slopes = [Fraction(b.took - a.took, b.at - a.at) for a, b in combinations(tests, 2) if a.at != b.at]
    slope = median(slopes)
    start = median(one.took - slope * one.at for one in tests)
    assert abs(found.at - max(NOW, ceil((objective - start) / slope))) <= 1
