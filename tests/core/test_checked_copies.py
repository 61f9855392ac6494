"""Which contents of one name a check may have read, by when it began and ended."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from points import Point, at, part

from drcheck.core.rules.checked_copies import NamedCopies
from drcheck.core.rules.checked_copies import contents_checked as read_by

POINTS = part("dumps", [Point(0, 2, gone=10), Point(24, 30, gone=40), Point(48, 54, gone=60)]).points
COPIES = NamedCopies(range(3), whole=True)


@pytest.mark.parametrize(
    ("begun", "ended", "rows"),
    [
        (5, 6, [0]),
        (5, 31, [1, 0]),
        (20, 23, [0]),
        (20, 24, [1]),
        (70, 71, [2]),
    ],
    ids=[
        "there is one",
        "it was written anew meanwhile",
        "nothing stood and the next was not begun",
        "the data of the next was of that very instant",
        "all are gone",
    ],
)  # fmt: skip
def test_a_check_read_what_stood_then_else_what_was_about_to_come_else_the_last_that_went(
    begun: int, ended: int, rows: Sequence[int]
):
    assert [*read_by(POINTS, COPIES, at(begun), at(ended))] == rows


def test_a_check_before_anything_came_read_none_that_is_known():
    assert [*read_by(POINTS, COPIES, at(-2), at(-1))] == []
