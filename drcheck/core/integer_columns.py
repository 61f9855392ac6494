"""Whole columns of integers at once: a loop of Python each, or numpy where so much is judged that importing it pays.

Columns are arrays of type ``q``. Both ways give the same; which of them is taken hangs on how much went before.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from itertools import compress, count, islice, repeat
from operator import ge, gt, lt, sub
from types import ModuleType
from typing import Any, Final, TypeAlias

Column: TypeAlias = "array[int]"

FEW: Final = 64
"""Fewer values are gone over sooner by a loop than by numpy."""
PAYS: Final = 2_000_000
"""Values that loops go over in the time that numpy takes to import, 0.1 s."""


class _Numpy:
    """Numpy, once as many values have been gone over without it as pay for its import."""

    def __init__(self) -> None:
        self.without = 0

    def for_values(self, count: int) -> ModuleType | None:
        """Return numpy if it is to go over so many values; None: a loop does it."""
        if count < FEW:
            return None
        if self.without < PAYS:
            self.without += count
            return None
        import numpy as np

        return np


_NUMPY: Final = _Numpy()


def alike(column: Column, value: int) -> bool:
    """Return whether every value is ``value``."""
    return column == array("q", (value,)) * len(column)


def rises(column: Column) -> bool:
    """Return whether each value is greater than the one before."""
    if (np := _NUMPY.for_values(len(column))) is None:
        values = column.tolist()
        return all(map(lt, values, islice(values, 1, None)))
    its = np.asarray(column)
    return not np.count_nonzero(its[:-1] >= its[1:])


def never_falls(column: Column) -> bool:
    """Return whether no value is less than the one before."""
    if (np := _NUMPY.for_values(len(column))) is None:
        values = column.tolist()
        return values == sorted(values)
    its = np.asarray(column)
    return not np.count_nonzero(its[:-1] > its[1:])


def none_less(column: Column, other: Column) -> bool:
    """Return whether each value is at least that of ``other``; a longer one of the two is not read to its end."""
    if (np := _NUMPY.for_values(len(column))) is None:
        return all(map(ge, column.tolist(), other.tolist()))
    count = min(len(column), len(other))
    return not np.count_nonzero(np.asarray(column)[:count] < np.asarray(other)[:count])


def bounds(column: Column) -> tuple[int, int]:
    """Return the least and the greatest value of a column that is not empty."""
    if (np := _NUMPY.for_values(len(column))) is None:
        values = column.tolist()
        return min(values), max(values)
    its = np.asarray(column)
    return int(its.min()), int(its.max())


def rows_above(column: Column | int, other: Column | int) -> list[int]:
    """Return the rows of which the value is greater than that of ``other``; one of the two may be the same in all."""
    one, two = (array("q", (each,)) if isinstance(each, int) else each for each in (column, other))
    if (np := _NUMPY.for_values(max(len(one), len(two)))) is None:
        above = map(gt, *(repeat(each) if isinstance(each, int) else each.tolist() for each in (column, other)))
        return list(compress(count(), above))
    rows: list[int] = (np.asarray(one) > np.asarray(two)).nonzero()[0].tolist()
    return rows


def greater(column: Column, other: Column) -> Column:
    """Return the greater of two values, row by row."""
    if (np := _NUMPY.for_values(len(column))) is None:
        values, others = column.tolist(), other.tolist()
        return column[:] if all(map(ge, values, others)) else array("q", map(max, values, others))
    return _column(np.maximum(np.asarray(column), np.asarray(other)))


def less(column: Column, other: Column) -> Column:
    """Return each value less that of ``other``."""
    if (np := _NUMPY.for_values(len(column))) is None:
        return array("q", list(map(sub, column.tolist(), other.tolist())))
    return _column(np.asarray(column) - np.asarray(other))


def following(column: Column, bound: int, beyond: int) -> Column:
    """Return each value plus one, and ``beyond`` in place of what then is ``bound`` or more."""
    if (np := _NUMPY.for_values(len(column))) is None:
        return array("q", [beyond if value + 1 >= bound else value + 1 for value in column])
    after = np.asarray(column) + 1
    after[after >= bound] = beyond
    return _column(after)


def picked(column: Column, rows: Column) -> Column:
    """Return the values of ``rows``."""
    if (np := _NUMPY.for_values(len(rows))) is None:
        return array("q", list(map(column.tolist().__getitem__, rows.tolist())))
    return _column(np.asarray(column)[np.asarray(rows)])


def places(column: Column, values: Column, *, after: bool = False) -> Column:
    """Return where each of ``values`` would be put into a sorted column: before equal ones, or ``after`` them."""
    if (np := _NUMPY.for_values(len(values))) is None:
        among = column if len(values) < FEW else column.tolist()
        return array("q", list(map(bisect_right if after else bisect_left, repeat(among), values)))
    side = "right" if after else "left"
    return _column(np.asarray(column).searchsorted(np.asarray(values), side))


def _column(found: Any) -> Column:
    return array("q", found.astype("q", copy=False).tobytes())
