"""What is unknown only because nobody looked in between."""

from __future__ import annotations

import pytest

from drcheck.core.judging.between_looks import marked
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Opening, Piece

MET, BREACHED, UNKNOWN = Status.MET, Status.BREACHED, Status.UNKNOWN


def spans(looks, *pieces):
    """Return the unknown spans of a finding, each (start, end or None, whether it lies between looks)."""
    finding = Finding("db", tuple(Piece(*piece, "why") for piece in pieces), "why")
    return [
        (one.opened_at, one.closed_at, one.between_looks) for one in marked(finding, looks).openings(Status.UNKNOWN)
    ]


def test_unknown_between_two_looks_that_found_it_met_lies_between_looks():
    assert spans((10, 20), (0, 11, MET), (11, 20, UNKNOWN), (20, 21, MET)) == [(11, 20, True)]


@pytest.mark.parametrize(
    "pieces",
    [
        [(0, 11, BREACHED), (11, 20, UNKNOWN), (20, 21, MET)],
        [(0, 11, MET), (11, 20, UNKNOWN), (20, 21, BREACHED)],
        [(0, 11, MET), (11, 21, UNKNOWN)],
        [(0, 10, MET), (10, 20, UNKNOWN), (20, 21, MET)],
    ],
    ids=["breached before", "breached after", "unknown at the look after", "unknown at the look before"],
)
def test_a_look_that_did_not_find_it_met_settles_nothing_between_looks(pieces):
    assert [between for *_, between in spans((10, 20), *pieces)] == [False]


def test_what_no_look_surrounds_could_not_be_seen():
    pieces = (0, 11, UNKNOWN), (11, 20, MET), (20, 30, UNKNOWN)
    assert [between for *_, between in spans((11, 19), *pieces)] == [False, False]


def test_a_look_in_the_middle_that_found_nothing_known_parts_them():
    pieces = (0, 11, MET), (11, 30, UNKNOWN), (30, 31, MET)
    assert [between for *_, between in spans((10, 20, 30), *pieces)] == [False]


def test_spans_of_the_two_sorts_are_told_apart():
    pieces = (0, 11, MET), (11, 20, UNKNOWN), (20, 21, MET), (21, 40, UNKNOWN)
    assert spans((10, 20), *pieces) == [(11, 20, True), (21, None, False)]


def test_a_breach_is_open_only_to_the_end_of_its_last_piece():
    pieces = (0, 10, BREACHED), (10, 20, MET), (20, 30, BREACHED), (30, 40, BREACHED), (40, 50, MET)
    finding = Finding("db", tuple(Piece(*piece, "why") for piece in pieces), "why")
    assert [one[:2] for one in finding.openings(BREACHED)] == [(0, 10), (20, 40)]
    assert [one[:2] for one in finding.openings(MET)] == [(10, 20), (40, None)]


def test_a_breach_has_no_sort():
    finding = marked(Finding("db", (Piece(0, 9, BREACHED, "old"),), "old"), (1, 5))
    assert finding.openings(BREACHED) == (Opening(0, None, "old"),)
