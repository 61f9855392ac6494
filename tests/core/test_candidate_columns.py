"""Candidates as columns stand for the objects that they were made of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drcheck.core.model.candidate_columns import CandidateColumns
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Candidate, Pieces

INSTANTS = st.integers(LONG_AGO, FOREVER)
CANDIDATES = st.builds(
    Candidate,
    name=st.text(max_size=3),
    of=st.sampled_from(["db", "files"]),
    kind=st.sampled_from(["", "full"]),
    data_lo=INSTANTS,
    data_hi=INSTANTS,
    available_lo=INSTANTS,
    available_hi=INSTANTS,
    size=st.integers(0, 9),
    checksum=st.sampled_from(["", "a"]),
    complete=st.booleans(),
    pieces=st.sampled_from([None, Pieces(b"abcd")]),
)


@given(st.lists(CANDIDATES, max_size=5))
def test_columns_are_the_candidates_that_they_were_made_of(candidates):
    columns = CandidateColumns.made_of(candidates)
    assert list(columns) == candidates == columns
    assert [columns[row] for row in range(len(columns))] == candidates
    assert columns[1:] == candidates[1:]
    assert columns != [*candidates, CANDIDATES]
    assert CandidateColumns.made_of(columns) is columns


@given(st.lists(CANDIDATES, max_size=5), st.data())
def test_some_rows_of_columns_are_those_candidates_in_that_order(candidates, data):
    rows = data.draw(st.lists(st.sampled_from(range(len(candidates))) if candidates else st.nothing()))
    assert CandidateColumns.made_of(candidates).only(rows) == [candidates[row] for row in rows]


@given(st.lists(CANDIDATES, max_size=5, unique_by=lambda one: one.name))
def test_the_newest_data_comes_first_and_of_equal_data_the_last_name(candidates):
    columns = CandidateColumns.made_of(candidates)
    newest = sorted(candidates, key=lambda one: (one.data_hi, one.name), reverse=True)
    assert [columns[row] for row in columns.newest_first()] == newest
