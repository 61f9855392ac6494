"""Columns of integers are gone over the same way by loops and by numpy; numpy comes in once it pays."""

from __future__ import annotations

import subprocess
import sys
from array import array
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drcheck.core import integer_columns
from drcheck.core.model.evidence import FOREVER, LONG_AGO

VALUES = st.one_of(
    st.integers(-3, 3), st.integers(LONG_AGO // 2, FOREVER // 2), st.sampled_from([LONG_AGO // 2, FOREVER // 2])
)


@st.composite
def alike_long(draw: st.DrawFn) -> tuple[array[int], array[int]]:
    """Return two columns of one length, often in order, of few or many rows."""
    rows = draw(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=9)) * draw(st.sampled_from([1, 9, 80]))
    columns = (array("q", column) for column in zip(*rows, strict=True))
    one, other = (array("q", sorted(column)) if draw(st.booleans()) else column for column in columns)
    return one, other


def _rows_of(column: array[int], other: array[int]) -> array[int]:
    return array("q", [value % len(column) for value in other])


FUNCTIONS: dict[str, Callable[[array[int], array[int]], Any]] = {
    "rises": lambda one, _: integer_columns.rises(one),
    "never_falls": lambda one, _: integer_columns.never_falls(one),
    "none_less": integer_columns.none_less,
    "none_less than one that is shorter": lambda one, other: integer_columns.none_less(one, other[1:]),
    "bounds": lambda one, _: integer_columns.bounds(one),
    "rows_above": integer_columns.rows_above,
    "rows_above one value": lambda one, other: integer_columns.rows_above(one, other[0]),
    "rows below one value": lambda one, other: integer_columns.rows_above(one[0], other),
    "greater": integer_columns.greater,
    "less": integer_columns.less,
    "following": lambda one, other: integer_columns.following(one, other[0], FOREVER),
    "picked": lambda one, other: integer_columns.picked(one, _rows_of(one, other)),
    "places before": lambda one, other: integer_columns.places(array("q", sorted(one)), other),
    "places after": lambda one, other: integer_columns.places(array("q", sorted(one)), other, after=True),
    "places in nothing": lambda _, other: integer_columns.places(array("q"), other),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@given(columns=alike_long())
def test_loops_and_numpy_give_the_same(name: str, columns: tuple[array[int], array[int]]) -> None:
    found = []
    with pytest.MonkeyPatch.context() as patch:
        for few in (1 << 62, 0):
            patch.setattr(integer_columns, "FEW", few)
            patch.setattr(integer_columns, "PAYS", 0)
            found.append(FUNCTIONS[name](*columns))
    assert found[0] == found[1]
    assert type(found[0]) is type(found[1])


@given(columns=alike_long())
def test_a_column_is_alike_where_all_of_it_is_one_value(columns: tuple[array[int], array[int]]) -> None:
    one, other = columns
    assert integer_columns.alike(one, other[0]) is all(value == other[0] for value in one)


def test_numpy_is_imported_once_the_loops_have_gone_over_what_pays_for_it() -> None:
    program = (
        "import sys; from array import array; from drcheck.core import integer_columns as of; column = array('q', range(1000))\n"
        "of.rises(column); print('numpy' in sys.modules); of.PAYS = 5000\n"
        "for _ in range(9): of.rises(column)\n"
        "print('numpy' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "True"]
