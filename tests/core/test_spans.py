"""Sets of time, held against sets of seconds."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drcheck.core.time.spans import (
    Span,
    covers,
    difference,
    earliest,
    includes,
    intersection,
    length,
    length_within,
    union,
)

some = st.lists(st.builds(Span, st.integers(0, 12), st.integers(0, 12)), max_size=5)
sets = some.map(union)


def seconds(spans) -> list[int]:
    """Return the seconds of spans, in their order; one that several hold comes several times."""
    return [second for start, end in spans for second in range(start, end)]


def assert_sorted_apart(spans) -> None:
    assert all(start < end for start, end in spans)
    assert all(one.end < other.start for one, other in pairwise(spans))


@given(some)
def test_a_union_holds_what_any_holds_in_as_few_spans_as_can_be(spans):
    assert seconds(union(spans)) == sorted(set(seconds(spans)))
    assert_sorted_apart(union(spans))


@given(sets, sets)
def test_an_intersection_holds_what_both_hold_and_a_difference_what_the_other_does_not(one, other):
    both, left = intersection(one, other), difference(one, other)
    assert seconds(both) == sorted({*seconds(one)} & {*seconds(other)})
    assert seconds(left) == sorted({*seconds(one)} - {*seconds(other)})
    assert all(start < end for start, end in (*both, *left))


@given(sets, st.integers(0, 12), st.integers(0, 12))
def test_a_stretch_is_covered_where_all_its_seconds_are_held(spans, start, end):
    assert covers(spans, start, end) == ({*range(start, end)} <= {*seconds(spans)})
    assert length(spans) == len(seconds(spans))
    assert length_within(spans, Span(start, end)) == len({*range(start, end)} & {*seconds(spans)})


@given(sets, st.integers(0, 20))
def test_the_earliest_seconds_are_the_first_ones_and_no_empty_span(spans, number):
    assert seconds(earliest(spans, number)) == seconds(spans)[:number]
    assert all(start < end for start, end in earliest(spans, number))


@pytest.mark.parametrize("number", [0, 5])
def test_spans_that_are_used_up_leave_none(number):
    assert earliest((Span(0, 5), Span(7, 9)), number) == ((Span(0, 5),) if number else ())


@given(st.builds(Span, st.integers(0, 12), st.integers(0, 12)), st.builds(Span, st.integers(0, 12), st.integers(0, 12)))
def test_a_span_includes_its_seconds_and_overlaps_what_shares_one(one, other):
    assert [second for second in range(-1, 14) if one.includes(second)] == seconds([one])
    assert [second for second in range(-1, 14) if includes((one,), second)] == seconds([one])
    if one.start < one.end and other.start < other.end:
        assert one.overlaps(other) == bool({*seconds([one])} & {*seconds([other])})
