"""Columns of integers as bytes of a snapshot, which become arrays again without a loop over their values.

Each value is 8 bytes, and all lowest bytes come first, then all that follow those, up to the highest: what changes
little from one row to the next lies together, and compresses.
"""

from __future__ import annotations

import sys
from array import array
from typing import Final

_WIDTH: Final = 8
_SWAP: Final = sys.byteorder == "big"


def written(column: array[int]) -> bytes:
    """Return a column of 8 bytes a value as it is written."""
    if _SWAP:
        column = column[:]
        column.byteswap()
    data = column.tobytes()
    return b"".join(data[rank::_WIDTH] for rank in range(_WIDTH))


def read(data: bytes, typecode: str = "q") -> array[int]:
    """Return the column that :func:`written` was given."""
    rows = len(data) // _WIDTH
    values = bytearray(len(data))
    for rank in range(_WIDTH):
        values[rank::_WIDTH] = data[rank * rows : (rank + 1) * rows]
    column = array(typecode, bytes(values))
    if _SWAP:
        column.byteswap()
    return column
