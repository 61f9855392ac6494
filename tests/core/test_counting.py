"""Which candidates count, at the edges of each rule."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import pytest

from drcheck.core.evidence import Candidate, Look, Observation
from drcheck.core.history import History
from drcheck.core.policy import Reader, Source

DAY = 86400
TOLERANCE = 300
SOURCE = Source("dumps", "host", "dumps/", Reader.OBJECTS, ("db",), min_size=10, max_shrink=Fraction(1, 2))


def why_not(*candidates, begin=100 * DAY, source=SOURCE):
    """Return name to reason for the candidates that one look showed and that do not count."""
    history = History()
    history.apply(history.observe(Observation(Look("dumps", begin, begin), candidates)))
    points = history.parts(source, clock_tolerance=TOLERANCE)["db"].points
    return {points.name[row]: reason for row, reason in points.why_not.items()}


def candidate(day, *, size=100, arrived=None, checksum="", kind="", complete=True, data=None):
    data = day * DAY if data is None else data
    arrived = data if arrived is None else arrived
    return Candidate(f"d{day}", "db", kind, data, data, arrived, arrived, size, checksum, complete)


@pytest.mark.parametrize(("size", "counts"), [(0, False), (9, False), (10, True), (11, True)])
def test_a_candidate_is_at_least_of_the_smallest_size(size, counts):
    assert (why_not(candidate(1, size=size)) == {}) is counts


def test_an_empty_candidate_never_counts_even_where_no_size_is_stated():
    assert "too small" in why_not(candidate(1, size=0), source=dataclasses.replace(SOURCE, min_size=1))["d1"]


@pytest.mark.parametrize(("ahead", "counts"), [(TOLERANCE - 1, True), (TOLERANCE, True), (TOLERANCE + 1, False)])
def test_data_may_be_newer_than_its_arrival_only_within_the_tolerance(ahead, counts):
    assert (why_not(candidate(1, arrived=DAY - ahead)) == {}) is counts


@pytest.mark.parametrize(("ahead", "counts"), [(TOLERANCE, True), (TOLERANCE + 1, False)])
def test_a_candidate_dated_in_the_future_does_not_count(ahead, counts):
    begin = 100 * DAY
    one = candidate(1, data=begin + ahead, arrived=begin + ahead)
    assert (why_not(one, begin=begin) == {}) is counts


@pytest.mark.parametrize(("size", "counts"), [(50, True), (49, False)])
def test_a_candidate_that_shrank_by_more_than_allowed_does_not_count(size, counts):
    usual = [candidate(day) for day in range(3)]
    assert (why_not(*usual, candidate(3, size=size)) == {}) is counts


def test_with_fewer_than_three_before_it_nothing_is_said_about_a_size():
    assert why_not(candidate(0), candidate(1), candidate(2, size=10)) == {}


def test_shrunk_candidates_do_not_lower_the_median_that_the_next_is_compared_with():
    usual = [candidate(day) for day in range(3)]
    stubs = [candidate(day, size=20 + day) for day in range(3, 30)]
    assert len(why_not(*usual, *stubs)) == len(stubs)


def test_only_the_ten_before_it_count_for_the_median():
    grown = [candidate(day, size=100) for day in range(5)] + [candidate(day, size=1000 + day) for day in range(5, 16)]
    assert list(why_not(*grown, candidate(16, size=400))) == ["d16"]


def test_sizes_are_compared_within_a_kind():
    full = [candidate(day, kind="full") for day in range(5)]
    assert why_not(*full, candidate(5, size=10, kind="incremental")) == {}


def test_sizes_start_afresh_where_the_policy_says_so():
    usual = [candidate(day) for day in range(5)]
    source = dataclasses.replace(SOURCE, new_size_from=5 * DAY)
    assert why_not(*usual, candidate(5, size=20), candidate(6, size=21), source=source) == {}


def test_size_alone_proves_nothing_across_names():
    assert why_not(candidate(1), candidate(2)) == {}


def test_the_content_that_came_first_is_the_original_whatever_its_name_says():
    first, second = candidate(2, arrived=3 * DAY, checksum="x"), candidate(1, arrived=5 * DAY, checksum="x")
    assert list(why_not(first, second)) == ["d1"]


def test_what_lacks_its_marker_is_told_the_marker():
    source = dataclasses.replace(SOURCE, complete_when="{name}.sha256")
    assert "no d1.sha256 stands beside it" in why_not(candidate(1, complete=False), source=source)["d1"]
